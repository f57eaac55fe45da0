//! Tar archives of many small documents, packed or not, read from the front in bounded memory.
//!
//! | bytes of a header | field | form |
//! |---|---|---|
//! | 0 to 100 | name | bytes, ended by a zero |
//! | 124 to 136 | size | octal digits, or big-endian binary behind a first byte of `0x80` |
//! | 148 to 156 | checksum | octal: the sum of all bytes of the header, this field being blanks |
//! | 156 | kind | `0` and zero are files; others are links, directories and extensions |
//! | 345 to 500 | prefix of the name | the same, in the dialect with `ustar` at 257 |
//!
//! The format is that of POSIX 1003.1, "ustar Interchange Format". Names longer than a header holds
//! are not put together: the name only tells which members are wanted.

use std::io::{self, BufReader, ErrorKind, Read};

use crate::unpack::unpack;
use crate::{DocumentFault, FeedError, Limits, ReadSeek};

const BLOCK_BYTES: usize = 512;

/// How much of a document that is no archive is quoted.
const QUOTED_BYTES: usize = 40;

/// An archive that is being read.
pub(crate) struct TarReader {
    url: String,
    input: Box<dyn Read>,
    limits: Limits,
    /// Bytes of the unpacked archive that were read.
    offset: u64,
    entries: usize,
    content: Vec<u8>,
}

/// A regular file of an archive.
pub(crate) struct Member<'a> {
    /// The path, as far as the header has it.
    pub(crate) name: String,
    /// What is in it; nothing when it is longer than the limit on records.
    pub(crate) content: Option<&'a [u8]>,
}

/// What a header says.
struct Header {
    name: String,
    size: u64,
    is_file: bool,
}

impl TarReader {
    /// Begins to read a document.
    pub(crate) fn open(
        url: &str,
        input: Box<dyn ReadSeek>,
        limits: &Limits,
    ) -> Result<Self, FeedError> {
        let input =
            unpack(input).map_err(|source| FeedError::document(url, unreadable(0, source)))?;
        Ok(Self {
            url: url.to_owned(),
            input: Box::new(BufReader::with_capacity(64 << 10, input)),
            limits: limits.clone(),
            offset: 0,
            entries: 0,
            content: Vec::new(),
        })
    }

    /// Reads the next file; none when the archive ends as it should.
    pub(crate) fn next_member(&mut self) -> Result<Option<Member<'_>>, FeedError> {
        loop {
            let Some(header) = self.header()? else {
                self.drain()?;
                return Ok(None);
            };
            let fits = header.is_file && header.size <= self.limits.record_bytes as u64;
            self.content.clear();
            let mut left = header.size;
            if fits {
                left -= self.read(header.size, "the rest of a file")?;
            }
            let padding = header.size.next_multiple_of(BLOCK_BYTES as u64) - header.size;
            self.skip(left)?;
            self.skip(padding)?;
            if header.is_file {
                return Ok(Some(Member {
                    name: header.name,
                    content: fits.then_some(&*self.content),
                }));
            }
        }
    }

    /// Reads a header; none at the block of zeros that ends the archive.
    fn header(&mut self) -> Result<Option<Header>, FeedError> {
        let begin = self.offset;
        self.content.clear();
        if let Err(error) = self.read(BLOCK_BYTES as u64, "a header") {
            // What is shorter than a header is often a message in plain text.
            return Err(match error {
                FeedError::Document {
                    fault: DocumentFault::Truncated { .. },
                    ..
                } if begin == 0 => self.fail(DocumentFault::WrongFormat {
                    expected: "a tar archive",
                    begins: quote(&self.content),
                }),
                error => error,
            });
        }
        if self.content.iter().all(|&byte| byte == 0) {
            return Ok(None);
        }
        self.entries += 1;
        if self.entries > self.limits.archive_entries {
            return Err(self.over_limit("entries", self.limits.archive_entries as u64));
        }
        parse_header(&self.content).map(Some).ok_or_else(|| {
            self.fail(if begin == 0 {
                DocumentFault::WrongFormat {
                    expected: "a tar archive",
                    begins: quote(&self.content),
                }
            } else {
                DocumentFault::Unexpected {
                    offset: begin,
                    expected: "a header of tar",
                    found: self.content.first().copied().map_or(' ', char::from),
                }
            })
        })
    }

    /// Appends bytes to the content and returns how many: all of them.
    fn read(&mut self, length: u64, expected: &'static str) -> Result<u64, FeedError> {
        self.count(length)?;
        let outcome = (&mut self.input)
            .take(length)
            .read_to_end(&mut self.content);
        match outcome {
            Ok(count) if count as u64 == length => Ok(length),
            Ok(_) => Err(self.truncated(expected)),
            Err(error) => Err(self.broken(error, expected)),
        }
    }

    fn skip(&mut self, length: u64) -> Result<(), FeedError> {
        self.count(length)?;
        match io::copy(&mut (&mut self.input).take(length), &mut io::sink()) {
            Ok(count) if count == length => Ok(()),
            Ok(_) => Err(self.truncated("the rest of a file")),
            Err(error) => Err(self.broken(error, "the rest of a file")),
        }
    }

    /// Reads what follows the end of the archive, so that its checksums are verified.
    fn drain(&mut self) -> Result<(), FeedError> {
        let left = self.limits.unpacked_bytes.saturating_sub(self.offset);
        match io::copy(&mut (&mut self.input).take(left), &mut io::sink()) {
            Ok(_) => Ok(()),
            Err(error) => Err(self.broken(error, "the end of the archive")),
        }
    }

    /// Counts bytes before they are unpacked.
    fn count(&mut self, length: u64) -> Result<(), FeedError> {
        self.offset = self.offset.saturating_add(length);
        if self.offset > self.limits.unpacked_bytes {
            return Err(self.over_limit("unpacked bytes", self.limits.unpacked_bytes));
        }
        Ok(())
    }

    fn broken(&self, error: io::Error, expected: &'static str) -> FeedError {
        match error.kind() {
            ErrorKind::UnexpectedEof => self.truncated(expected),
            _ => self.fail(unreadable(self.offset, error)),
        }
    }

    fn truncated(&self, expected: &'static str) -> FeedError {
        self.fail(DocumentFault::Truncated {
            offset: self.offset,
            expected,
        })
    }

    fn over_limit(&self, what: &'static str, limit: u64) -> FeedError {
        self.fail(DocumentFault::OverLimit { what, limit })
    }

    /// Makes the error of this document.
    pub(crate) fn fail(&self, fault: DocumentFault) -> FeedError {
        FeedError::document(&self.url, fault)
    }
}

fn quote(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.get(..QUOTED_BYTES).unwrap_or(bytes)).into_owned()
}

fn unreadable(offset: u64, source: io::Error) -> DocumentFault {
    DocumentFault::Unreadable { offset, source }
}

/// Reads a header; none when its checksum or its size is wrong.
fn parse_header(block: &[u8]) -> Option<Header> {
    let sum: u64 = block
        .iter()
        .enumerate()
        .map(|(at, &byte)| u64::from(if (148..156).contains(&at) { b' ' } else { byte }))
        .sum();
    if number(block.get(148..156)?)? != sum {
        return None;
    }
    let kind = *block.get(156)?;
    // Links, devices and directories have no content, whatever their size says.
    let has_content = !(b'1'..=b'6').contains(&kind);
    let mut name = text(block.get(..100)?);
    let prefix = text(block.get(345..500)?);
    if block.get(257..262)? == b"ustar" && !prefix.is_empty() {
        name = format!("{prefix}/{name}");
    }
    Some(Header {
        name,
        size: if has_content {
            number(block.get(124..136)?)?
        } else {
            0
        },
        is_file: matches!(kind, b'0' | 0 | b'7'),
    })
}

/// Reads a number of a header.
fn number(field: &[u8]) -> Option<u64> {
    let (&first, rest) = field.split_first()?;
    if first == 0x80 {
        let (high, low) = rest.split_at_checked(rest.len().checked_sub(8)?)?;
        let is_small = high.iter().all(|&byte| byte == 0);
        return is_small.then(|| u64::from_be_bytes(low.try_into().unwrap_or_default()));
    }
    let end = field
        .iter()
        .position(|&byte| byte == 0)
        .unwrap_or(field.len());
    let digits = std::str::from_utf8(field.get(..end)?).ok()?.trim();
    u64::from_str_radix(digits, 8).ok()
}

fn text(field: &[u8]) -> String {
    let end = field
        .iter()
        .position(|&byte| byte == 0)
        .unwrap_or(field.len());
    String::from_utf8_lossy(field.get(..end).unwrap_or_default()).into_owned()
}
