use std::borrow::Cow;

use object::Endianness;

use super::bytes::Bytes;
use super::{elf, mach_o, pe};

/// An executable for one architecture: where the parts of the file go in memory.
pub(super) struct Image<'a> {
    /// The format.
    pub(super) kind: Kind,
    /// The bytes, counted from the start of the image.
    pub(super) bytes: Bytes<'a>,
    /// The byte order.
    pub(super) endian: Endianness,
    /// How many bytes an address has: 4 or 8.
    pub(super) address_bytes: usize,
    /// Parts with names.
    pub(super) sections: Vec<Region>,
    /// Parts that are loaded. PE has only sections, which are both.
    pub(super) segments: Vec<Region>,
    /// Tables of symbols.
    pub(super) symbols: Vec<SymbolTable>,
    /// Whether the code is for the runtime of .NET.
    pub(super) is_managed: bool,
}

/// The format of an executable.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Elf,
    Pe,
    MachO,
}

/// A part of an image.
pub(super) struct Region {
    /// Its name, cut after [`LONGEST_NAME`] bytes; those of segments are empty.
    pub(super) name: String,
    /// Where it goes.
    pub(super) address: u64,
    /// Where it is in the image.
    pub(super) offset: u64,
    /// How many bytes of it the image has.
    pub(super) size: u64,
    /// Whether it is data that the program may change.
    pub(super) is_writable: bool,
}

/// Where symbols and their names are in an image.
pub(super) struct SymbolTable {
    pub(super) offset: u64,
    pub(super) size: u64,
    pub(super) names_offset: u64,
    pub(super) names_size: u64,
}

/// Names of sections that matter are shorter, in bytes.
pub(super) const LONGEST_NAME: usize = 24;

/// Reads the tables of an executable; nothing when no one runs files of its kind.
pub(super) fn read(bytes: Bytes<'_>) -> Result<Option<Image<'_>>, &'static str> {
    match *bytes.read_up_to(0, 2) {
        [0x7f, b'E'] => elf::read(bytes),
        // Texts begin with these two letters, too.
        [b'M', b'Z'] => Ok(pe::read(bytes)),
        _ => mach_o::read(bytes).map(Some),
    }
}

impl<'a> Image<'a> {
    /// Returns the first section of a name.
    pub(super) fn section(&self, name: &str) -> Option<&Region> {
        self.sections.iter().find(|section| section.name == name)
    }

    /// Reads so many bytes at an address; none when they are not all in one loaded part.
    pub(super) fn at_address(&self, address: u64, length: usize) -> Option<Cow<'a, [u8]>> {
        let segments = match self.kind {
            Kind::Pe => &self.sections,
            Kind::Elf | Kind::MachO => &self.segments,
        };
        segments.iter().find_map(|segment| {
            let within = address.checked_sub(segment.address)?;
            let end = within.checked_add(length as u64)?;
            if end > segment.size {
                return None;
            }
            self.bytes.read(segment.offset.checked_add(within)?, length)
        })
    }

    /// Reads a number as wide as an address from the start of bytes.
    pub(super) fn word(&self, bytes: &[u8]) -> Option<u64> {
        word(bytes, self.address_bytes, self.endian)
    }
}

/// Reads a number of 4 or 8 bytes from the start of bytes.
pub(super) fn word(bytes: &[u8], length: usize, endian: Endianness) -> Option<u64> {
    let bytes = bytes.get(..length)?;
    let join = |number: u64, &byte: &u8| number << 8 | u64::from(byte);
    matches!(length, 4 | 8).then(|| match endian {
        Endianness::Big => bytes.iter().fold(0, join),
        Endianness::Little => bytes.iter().rev().fold(0, join),
    })
}

/// Returns the name that ends at the first zero byte, cut after [`LONGEST_NAME`] bytes.
pub(super) fn name(bytes: &[u8]) -> String {
    let bytes = bytes.get(..LONGEST_NAME).unwrap_or(bytes);
    let end = bytes.iter().position(|&byte| byte == 0);
    let bytes = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or(bytes);
    String::from_utf8_lossy(bytes).into_owned()
}
