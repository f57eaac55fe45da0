use std::io::{self, Read};

use limpid_layer::tar::{BLOCK, Extensions, Header, clean_into};
use limpid_layer::{EntryKind, LayerLimits};

use crate::blob::SliceReader;

/// The longest extended header that is read. Real ones hold a path or two.
const EXTENSION_BYTES: usize = 64 * 1024;

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
    /// Another name of a member.
    HardLink(String),
    /// A symbolic link, cleaned from the root of the archive.
    SymbolicLink(String),
    /// A directory, a sparse file or anything else that is of no use.
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
    limits: LayerLimits,
    position: u64,
    /// Where the header of the last member is, and the size of its content.
    last: (u64, u64),
}

impl<R: Skip> Members<R> {
    pub(crate) fn new(source: R) -> Self {
        Self {
            source,
            limits: LayerLimits {
                // No name is longer than the header that holds it, so none is ever cut.
                path_bytes: EXTENSION_BYTES,
                metadata_bytes: EXTENSION_BYTES,
                ..LayerLimits::default()
            },
            position: 0,
            last: (0, 0),
        }
    }

    /// Returns the next member, or `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Member>, MembersError> {
        let (at, size) = std::mem::take(&mut self.last);
        self.skip_content(at, size)?;
        let mut extensions = Extensions::default();
        for _ in 0..EXTENSIONS {
            let at = self.position;
            let damaged = |reason| MembersError::Damaged { offset: at, reason };
            let Some(header) = self.read_block()?.map(Header::new) else {
                return Ok(None);
            };
            if header.is_zero() {
                return Ok(None);
            }
            if !header.checksum_holds() {
                return Err(damaged(NO_HEADER));
            }
            if !header.is_extension() {
                return self.member(at, &header, &extensions).map(Some);
            }
            let size = header.size().ok_or_else(|| damaged("invalid size"))?;
            let data = self.read_extension(at, size)?;
            extensions
                .add(&header, &data, &self.limits)
                .map_err(|_| damaged("invalid extended header"))?;
        }
        Err(MembersError::Damaged {
            offset: self.position,
            reason: "too many extended headers",
        })
    }

    fn member(
        &mut self,
        at: u64,
        header: &Header,
        extensions: &Extensions,
    ) -> Result<Member, MembersError> {
        let mut name = Vec::new();
        let (kind, size) = extensions
            .describe(header, &mut name)
            .map_err(|reason| MembersError::Damaged { offset: at, reason })?;
        let name = clean(&name);
        let link = extensions.link(header);
        let kind = match kind {
            EntryKind::File if !extensions.is_sparse(header) => MemberKind::File,
            EntryKind::HardLink => MemberKind::HardLink(clean(link)),
            EntryKind::Symlink => MemberKind::SymbolicLink(resolve(&name, link)),
            EntryKind::File | EntryKind::Directory | EntryKind::Other => MemberKind::Other,
        };
        let mut map_continues = header.sparse_continues();
        while map_continues {
            let block = self.read_block()?.ok_or_else(|| truncated(at))?;
            map_continues = block[504] != 0;
        }
        self.last = (at, size);
        Ok(Member {
            name,
            kind,
            offset: self.position,
            size,
        })
    }

    fn skip_content(&mut self, at: u64, size: u64) -> Result<(), MembersError> {
        let padded = size
            .checked_next_multiple_of(BLOCK as u64)
            .ok_or_else(|| truncated(at))?;
        if !self.skip(size)? {
            return Err(truncated(at));
        }
        // The padding of the last member may be missing: nothing of it is needed.
        self.skip(padded - size)?;
        Ok(())
    }

    fn skip(&mut self, count: u64) -> Result<bool, MembersError> {
        let skipped = self.source.skip(count);
        let skipped = skipped.map_err(|source| self.failed(source))?;
        self.position = self.position.saturating_add(count);
        Ok(skipped)
    }

    fn read_extension(&mut self, at: u64, size: u64) -> Result<Vec<u8>, MembersError> {
        if size > self.limits.metadata_bytes as u64 {
            return Err(MembersError::Damaged {
                offset: at,
                reason: "extended header too long",
            });
        }
        let data = self.read(size)?;
        if data.len() as u64 != size {
            return Err(truncated(at));
        }
        self.skip(size.next_multiple_of(BLOCK as u64) - size)?;
        Ok(data)
    }

    /// Reads the next block, or `None` at the end of the bytes.
    fn read_block(&mut self) -> Result<Option<[u8; BLOCK]>, MembersError> {
        let offset = self.position;
        let block = self.read(BLOCK as u64)?;
        if block.is_empty() {
            return Ok(None);
        }
        let reason = CUT_HEADER;
        <[u8; BLOCK]>::try_from(block)
            .map(Some)
            .map_err(|_| MembersError::Damaged { offset, reason })
    }

    /// Reads so many bytes, or fewer at the end.
    fn read(&mut self, count: u64) -> Result<Vec<u8>, MembersError> {
        let mut bytes = Vec::with_capacity(BLOCK);
        let read = self.source.by_ref().take(count).read_to_end(&mut bytes);
        read.map_err(|source| self.failed(source))?;
        self.position = self.position.saturating_add(bytes.len() as u64);
        Ok(bytes)
    }

    fn failed(&self, source: io::Error) -> MembersError {
        MembersError::Read {
            offset: self.position,
            source,
        }
    }
}

fn truncated(offset: u64) -> MembersError {
    MembersError::Damaged {
        offset,
        reason: "truncated member",
    }
}

/// Cleans a name as the names in layers are, except that `..` never leaves the archive.
pub(crate) fn clean(name: &[u8]) -> String {
    let mut path = String::new();
    let _escapes = clean_into(name, &mut path);
    path
}

/// Resolves the target of a symbolic link against the place of the link.
fn resolve(name: &str, target: &[u8]) -> String {
    let parent = name.rsplit_once('/').map_or("", |(parent, _)| parent);
    if target.starts_with(b"/") {
        return clean(target);
    }
    clean(&[parent.as_bytes(), b"/", target].concat())
}
