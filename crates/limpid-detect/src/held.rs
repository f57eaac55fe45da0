use std::fs::File;
use std::io;

use limpid_layer::{Budget, Content, Lease};
use limpid_rpmdb::ReadAt;

/// Content that is kept beyond the entry that it came with: a sqlite database whose write-ahead log
/// may be still to come.
pub(crate) enum Held {
    /// In memory that the budget gave.
    Memory {
        /// The content.
        bytes: Vec<u8>,
        /// What the budget gave.
        _lease: Lease,
    },
    /// In an unlinked temporary file.
    Spooled(File),
}

impl Held {
    /// Keeps content; a refusal says why.
    pub(crate) fn of(content: &Content<'_>, budget: &Budget) -> Result<Self, String> {
        match *content {
            Content::Memory(bytes) => {
                let lease = budget
                    .try_acquire(bytes.len() as u64)
                    .ok_or("the memory budget has no room for it")?;
                Ok(Self::Memory {
                    bytes: bytes.to_vec(),
                    _lease: lease,
                })
            }
            Content::Spooled(file) => file
                .try_clone()
                .map(Self::Spooled)
                .map_err(|error| format!("cannot be kept: {error}")),
        }
    }
}

impl ReadAt for Held {
    fn len(&self) -> u64 {
        match self {
            Self::Memory { bytes, .. } => bytes.len() as u64,
            Self::Spooled(file) => ReadAt::len(file),
        }
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        match self {
            Self::Memory { bytes, .. } => ReadAt::read_at(bytes.as_slice(), offset, buffer),
            Self::Spooled(file) => ReadAt::read_at(file, offset, buffer),
        }
    }
}
