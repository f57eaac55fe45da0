//! The header of one package, as rpm keeps it in a database.
//!
//! | Bytes | Content (all numbers big-endian) |
//! |---|---|
//! | 4 | number of index entries, `n` |
//! | 4 | size of the data, `d` |
//! | 16 × `n` | index: tag, type, offset in the data, count, 4 bytes each |
//! | `d` | data: numbers, strings ended by NUL, bytes |
//!
//! A package file has eight bytes of magic before that, a database has not. The first entry is
//! usually a *region* that says which part was signed; entries after the region were added when the
//! package was installed. Reading needs no region, only the rule that a later entry replaces an
//! earlier one with the same tag.
//!
//! See the description of the format at
//! <https://rpm-software-management.github.io/rpm/manual/hregions.html>.

mod files;
mod record;

use std::borrow::Cow;

use thiserror::Error;

use crate::byte_order::ByteOrder::Big;

pub(crate) use files::{FileAllowance, FileList};

/// rpm's own limit.
const ENTRIES_LIMIT: u32 = 0xffff;
/// rpm's own limit.
const DATA_LIMIT: u32 = 0x0fff_ffff;
/// Longest text taken for a name, a version, a vendor: many entries may point at one long string,
/// and all of them would be copied.
const TEXT_LIMIT: usize = 1024;

/// The tags that limpid reads, with rpm's numbers.
mod tag {
    pub(super) const SIGPGP: u32 = 259;
    pub(super) const SIGGPG: u32 = 262;
    pub(super) const DSAHEADER: u32 = 267;
    pub(super) const RSAHEADER: u32 = 268;
    pub(super) const OPENPGP: u32 = 278;
    pub(super) const NAME: u32 = 1000;
    pub(super) const VERSION: u32 = 1001;
    pub(super) const RELEASE: u32 = 1002;
    pub(super) const EPOCH: u32 = 1003;
    pub(super) const VENDOR: u32 = 1011;
    pub(super) const PACKAGER: u32 = 1015;
    pub(super) const ARCH: u32 = 1022;
    pub(super) const OLDFILENAMES: u32 = 1027;
    pub(super) const SOURCERPM: u32 = 1044;
    pub(super) const DIRINDEXES: u32 = 1116;
    pub(super) const BASENAMES: u32 = 1117;
    pub(super) const DIRNAMES: u32 = 1118;
    pub(super) const PAYLOADDIGEST: u32 = 5092;
    pub(super) const PAYLOADDIGESTALGO: u32 = 5093;
    pub(super) const MODULARITYLABEL: u32 = 5096;
}

/// rpm's numbers for the types of entries that limpid reads.
mod kind {
    pub(super) const INT32: u32 = 4;
    pub(super) const STRING: u32 = 6;
    pub(super) const BINARY: u32 = 7;
    pub(super) const STRING_ARRAY: u32 = 8;
    /// One string for each locale; the first is the untranslated one.
    pub(super) const I18N_STRING: u32 = 9;
}

/// A parsed header: its index and data, borrowed.
#[derive(Clone, Copy, Debug)]
pub struct Header<'a> {
    index: &'a [[u8; 16]],
    data: &'a [u8],
}

/// Why a header, or one entry of it, could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum HeaderError {
    /// There are fewer bytes than the header says.
    #[error("header is cut off, it has {found} of {expected} bytes")]
    Truncated {
        /// Bytes that there are.
        found: usize,
        /// Bytes that there should be.
        expected: usize,
    },
    /// The index is empty or larger than rpm allows.
    #[error("header has an impossible number of entries: {0}")]
    Entries(u32),
    /// The data is larger than rpm allows.
    #[error("header has impossibly much data: {0} bytes")]
    Data(u32),
    /// An entry that every package has is not there.
    #[error("header has no tag {0}")]
    Missing(u32),
    /// An entry has a type that its tag never has.
    #[error("header tag {tag} has the wrong type: {found}")]
    Type {
        /// The entry's tag.
        tag: u32,
        /// The entry's type.
        found: u32,
    },
    /// An entry points outside of the data.
    #[error("header tag {0} points outside of the header")]
    Bounds(u32),
    /// A text is longer than any that makes sense.
    #[error("header tag {0} holds too long a text")]
    TooLong(u32),
}

/// One entry of the index, with the data from its offset on.
struct Entry<'a> {
    tag: u32,
    kind: u32,
    count: usize,
    data: &'a [u8],
}

impl<'a> Header<'a> {
    /// Parses the header at the start of some bytes; bytes after it do not matter.
    pub fn parse(blob: &'a [u8]) -> Result<Self, HeaderError> {
        let truncated = |expected| HeaderError::Truncated {
            found: blob.len(),
            expected,
        };
        let entries = Big.u32(blob, 0).ok_or(truncated(8))?;
        let data_len = Big.u32(blob, 4).ok_or(truncated(8))?;
        if entries == 0 || entries > ENTRIES_LIMIT {
            return Err(HeaderError::Entries(entries));
        }
        if data_len > DATA_LIMIT {
            return Err(HeaderError::Data(data_len));
        }
        // The limits above keep the sum below 256 MiB.
        let data_start = 8 + 16 * entries as usize;
        let end = data_start + data_len as usize;
        let index = blob.get(8..data_start).ok_or(truncated(end))?;
        let data = blob.get(data_start..end).ok_or(truncated(end))?;
        Ok(Self {
            index: index.as_chunks().0,
            data,
        })
    }

    /// Finds the entry with a tag; the last one counts when there are several.
    fn entry(&self, tag: u32) -> Result<Option<Entry<'a>>, HeaderError> {
        let wanted = tag.to_be_bytes();
        let Some(entry) = self
            .index
            .iter()
            .rev()
            .find(|entry| entry.starts_with(&wanted))
        else {
            return Ok(None);
        };
        let number = |at| Big.u32(entry, at).unwrap_or_default();
        let data = self
            .data
            .get(number(8) as usize..)
            .ok_or(HeaderError::Bounds(tag))?;
        Ok(Some(Entry {
            tag,
            kind: number(4),
            count: number(12) as usize,
            data,
        }))
    }

    fn entry_of_kind(&self, tag: u32, kinds: &[u32]) -> Result<Option<Entry<'a>>, HeaderError> {
        match self.entry(tag)? {
            Some(entry) if !kinds.contains(&entry.kind) => Err(HeaderError::Type {
                tag,
                found: entry.kind,
            }),
            entry => Ok(entry),
        }
    }

    /// Returns a short text.
    fn text(&self, tag: u32) -> Result<Option<Cow<'a, str>>, HeaderError> {
        let kinds = [kind::STRING, kind::STRING_ARRAY, kind::I18N_STRING];
        let Some(entry) = self.entry_of_kind(tag, &kinds)? else {
            return Ok(None);
        };
        let bytes = entry.strings().next().ok_or(HeaderError::Bounds(tag))?;
        if bytes.len() > TEXT_LIMIT {
            return Err(HeaderError::TooLong(tag));
        }
        Ok(Some(String::from_utf8_lossy(bytes)))
    }

    fn required_text(&self, tag: u32) -> Result<Cow<'a, str>, HeaderError> {
        self.text(tag)?.ok_or(HeaderError::Missing(tag))
    }

    /// Returns the strings of an array; there may be fewer than the header says.
    fn strings(&self, tag: u32) -> Result<Option<Strings<'a>>, HeaderError> {
        let entry = self.entry_of_kind(tag, &[kind::STRING_ARRAY])?;
        Ok(entry.map(|entry| entry.strings()))
    }

    /// Returns the big-endian numbers of an array.
    fn numbers(&self, tag: u32) -> Result<Option<&'a [[u8; 4]]>, HeaderError> {
        let Some(entry) = self.entry_of_kind(tag, &[kind::INT32])? else {
            return Ok(None);
        };
        let bytes = entry.bytes(4)?;
        Ok(Some(bytes.as_chunks().0))
    }

    fn number(&self, tag: u32) -> Result<Option<u32>, HeaderError> {
        Ok(self
            .numbers(tag)?
            .and_then(<[_]>::first)
            .map(|bytes| u32::from_be_bytes(*bytes)))
    }

    fn binary(&self, tag: u32) -> Result<Option<&'a [u8]>, HeaderError> {
        let entry = self.entry_of_kind(tag, &[kind::BINARY])?;
        entry.map(|entry| entry.bytes(1)).transpose()
    }
}

impl<'a> Entry<'a> {
    fn bytes(&self, item_size: usize) -> Result<&'a [u8], HeaderError> {
        let size = self.count.saturating_mul(item_size);
        self.data.get(..size).ok_or(HeaderError::Bounds(self.tag))
    }

    fn strings(&self) -> Strings<'a> {
        Strings {
            left: self.count,
            rest: self.data,
        }
    }
}

/// The NUL-ended strings of an entry.
#[derive(Clone, Debug)]
struct Strings<'a> {
    left: usize,
    rest: &'a [u8],
}

impl<'a> Iterator for Strings<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        self.left = self.left.checked_sub(1)?;
        let end = self.rest.iter().position(|byte| *byte == 0)?;
        let (string, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest.get(1..)?;
        Some(string)
    }
}
