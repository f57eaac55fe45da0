use std::io::{self, Read};

use super::header::{BLOCK, Extension, Header};
use crate::blob::SliceReader;

/// The longest extended header that is read. Real ones hold a path or two.
const EXTENSION_BYTES: u64 = 64 * 1024;

/// Extended headers in front of one member. Real archives have three at most.
const EXTENSIONS: usize = 16;

/// One member of a tar archive.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Member {
    /// The name, cleaned by [`clean`].
    pub(crate) name: String,
    pub(crate) kind: MemberKind,
    /// Where the content begins.
    pub(crate) offset: u64,
    /// Bytes of content in the archive.
    pub(crate) size: u64,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum MemberKind {
    File,
    Directory,
    /// Another name of a member.
    HardLink(String),
    /// A symbolic link, cleaned from the root of the archive.
    SymbolicLink(String),
    Other,
}

/// The reason when a block is no header.
pub(crate) const NO_HEADER: &str = "not a tar header";
/// The reason when the bytes end inside a header.
pub(crate) const CUT_HEADER: &str = "truncated header";

/// Why the members cannot be listed further.
#[derive(Debug)]
pub(crate) enum MembersError {
    Read { offset: u64, source: io::Error },
    Damaged { offset: u64, reason: &'static str },
}

/// Bytes of which some can be passed over.
pub(crate) trait Skip: Read {
    /// Passes over bytes; tells whether there were so many.
    fn skip(&mut self, count: u64) -> io::Result<bool>;
}

impl Skip for SliceReader {
    fn skip(&mut self, count: u64) -> io::Result<bool> {
        Ok(Self::skip(self, count))
    }
}

/// A stream, whose bytes must be read to pass over them.
pub(crate) struct Stream<R>(pub(crate) R);

impl<R: Read> Read for Stream<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl<R: Read> Skip for Stream<R> {
    fn skip(&mut self, count: u64) -> io::Result<bool> {
        let passed = io::copy(&mut self.0.by_ref().take(count), &mut io::sink())?;
        Ok(passed == count)
    }
}

/// Lists the members of a tar archive in order, reading headers only.
///
/// The first block of zeros ends the archive, and so does the end of the bytes between two members.
///
/// The content of a member is passed over when the next one is asked for, so that whoever needs no
/// more than the first names does not pay for the bytes between.
pub(crate) struct Members<R> {
    source: R,
    position: u64,
    /// Where the header of the last member is, and the size of its content.
    last: (u64, u64),
}

impl<R: Skip> Members<R> {
    pub(crate) fn new(source: R) -> Self {
        Self {
            source,
            position: 0,
            last: (0, 0),
        }
    }

    /// Returns the next member, or `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Member>, MembersError> {
        let (at, size) = std::mem::take(&mut self.last);
        self.skip_content(at, size)?;
        let mut extension = Extension::default();
        for _ in 0..EXTENSIONS {
            let at = self.position;
            let Some(block) = self.read_block()? else {
                return Ok(None);
            };
            if block.iter().all(|&byte| byte == 0) {
                return Ok(None);
            }
            let damaged = |reason| MembersError::Damaged { offset: at, reason };
            let header = Header::parse(&block).ok_or_else(|| damaged(NO_HEADER))?;
            let size = header.size().ok_or_else(|| damaged("invalid size"))?;
            match header.kind() {
                b'L' => extension.name = Some(until_zero(self.read_extension(at, size)?)),
                b'K' => extension.link = Some(until_zero(self.read_extension(at, size)?)),
                b'x' => {
                    let records = self.read_extension(at, size)?;
                    if !extension.read_pax(&records) {
                        return Err(damaged("invalid extended header"));
                    }
                }
                // Global records name no single member, and nothing here depends on the others.
                b'g' => self.skip_content(at, size)?,
                _ => return self.member(at, &header, &extension).map(Some),
            }
        }
        Err(MembersError::Damaged {
            offset: self.position,
            reason: "too many extended headers",
        })
    }

    fn member(
        &mut self,
        at: u64,
        header: &Header<'_>,
        extension: &Extension,
    ) -> Result<Member, MembersError> {
        let stated = extension.size.or(header.size()).unwrap_or(0);
        let raw_name = extension.name.clone().unwrap_or_else(|| header.name());
        let link = || extension.link.clone().unwrap_or_else(|| header.link());
        let name = clean(&raw_name);
        let (kind, size) = match header.kind() {
            b'0' | b'7' | 0 if raw_name.ends_with(b"/") => (MemberKind::Directory, stated),
            b'0' | b'7' | 0 if !extension.sparse => (MemberKind::File, stated),
            // These have no content, whatever the size says.
            b'1' => (MemberKind::HardLink(clean(&link())), 0),
            b'2' => (MemberKind::SymbolicLink(resolve(&name, &link())), 0),
            b'5' => (MemberKind::Directory, 0),
            b'3' | b'4' | b'6' => (MemberKind::Other, 0),
            _ => (MemberKind::Other, stated),
        };
        if header.kind() == b'S' && header.sparse_map_continues() {
            self.skip_sparse_map(at)?;
        }
        self.last = (at, size);
        Ok(Member {
            name,
            kind,
            offset: self.position,
            size,
        })
    }

    fn skip_sparse_map(&mut self, at: u64) -> Result<(), MembersError> {
        loop {
            let Some(block) = self.read_block()? else {
                return Err(truncated(at));
            };
            if block[504] == 0 {
                return Ok(());
            }
        }
    }

    fn skip_content(&mut self, at: u64, size: u64) -> Result<(), MembersError> {
        let padded = size
            .checked_next_multiple_of(BLOCK as u64)
            .ok_or_else(|| truncated(at))?;
        let whole = self.skip(size)?;
        // The padding of the last member may be missing: nothing of it is needed.
        if !whole {
            return Err(truncated(at));
        }
        self.skip(padded - size)?;
        self.position = self.position.saturating_add(padded);
        Ok(())
    }

    fn skip(&mut self, count: u64) -> Result<bool, MembersError> {
        self.source
            .skip(count)
            .map_err(|source| MembersError::Read {
                offset: self.position,
                source,
            })
    }

    fn read_extension(&mut self, at: u64, size: u64) -> Result<Vec<u8>, MembersError> {
        if size > EXTENSION_BYTES {
            return Err(MembersError::Damaged {
                offset: at,
                reason: "extended header too long",
            });
        }
        let mut bytes = Vec::new();
        self.source
            .by_ref()
            .take(size)
            .read_to_end(&mut bytes)
            .map_err(|source| MembersError::Read {
                offset: self.position,
                source,
            })?;
        if bytes.len() as u64 != size {
            return Err(truncated(at));
        }
        let padded = size.next_multiple_of(BLOCK as u64);
        self.skip(padded - size)?;
        self.position = self.position.saturating_add(padded);
        Ok(bytes)
    }

    /// Reads the next block, or `None` at the end of the bytes.
    fn read_block(&mut self) -> Result<Option<[u8; BLOCK]>, MembersError> {
        let mut block = [0; BLOCK];
        let mut filled = 0;
        while let Some(rest) = block.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.source.read(rest) {
                Ok(0) if filled == 0 => return Ok(None),
                Ok(0) => {
                    return Err(MembersError::Damaged {
                        offset: self.position,
                        reason: CUT_HEADER,
                    });
                }
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => {
                    return Err(MembersError::Read {
                        offset: self.position,
                        source,
                    });
                }
            }
        }
        self.position = self.position.saturating_add(BLOCK as u64);
        Ok(Some(block))
    }
}

fn truncated(offset: u64) -> MembersError {
    MembersError::Damaged {
        offset,
        reason: "truncated member",
    }
}

fn until_zero(mut bytes: Vec<u8>) -> Vec<u8> {
    if let Some(end) = bytes.iter().position(|&byte| byte == 0) {
        bytes.truncate(end);
    }
    bytes
}

/// Cleans a name: no leading slash, no `.`, `..` resolved without ever leaving the archive.
pub(crate) fn clean(name: &[u8]) -> String {
    let name = String::from_utf8_lossy(name);
    let mut parts: Vec<&str> = Vec::new();
    for part in name.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Resolves the target of a symbolic link against the place of the link.
fn resolve(name: &str, target: &[u8]) -> String {
    let parent = name.rsplit_once('/').map_or("", |(parent, _)| parent);
    if target.starts_with(b"/") {
        return clean(target);
    }
    clean(&[parent.as_bytes(), b"/", target].concat())
}
