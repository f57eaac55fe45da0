use std::fs::File;
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use crate::budget::{Budget, Lease};

/// A directory for files that the memory budget has no room for.
///
/// The files are unlinked as soon as they are made, so that nothing stays behind, whatever
/// happens. All clones share one allowance of bytes.
#[derive(Clone, Debug)]
pub struct Spool {
    directory: PathBuf,
    allowance: Budget,
}

/// A file in a [`Spool`].
#[derive(Debug)]
pub(crate) struct SpoolFile {
    file: File,
    allowed: Lease,
    length: u64,
}

/// Steps in which a file takes bytes from the allowance.
const STEP: u64 = 1 << 20;

impl Spool {
    /// Uses a directory for at most so many bytes at once.
    pub fn new(directory: impl Into<PathBuf>, bytes: u64) -> Self {
        Self {
            directory: directory.into(),
            allowance: Budget::new(bytes),
        }
    }

    /// Returns the directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    pub(crate) fn create(&self) -> io::Result<SpoolFile> {
        Ok(SpoolFile {
            file: tempfile::tempfile_in(&self.directory)?,
            allowed: self.allowance.empty_lease(),
            length: 0,
        })
    }
}

impl SpoolFile {
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.allow(bytes.len() as u64)?;
        self.file.write_all(bytes)
    }

    /// Adds zeros without writing them.
    pub(crate) fn skip(&mut self, bytes: u64) -> io::Result<()> {
        self.allow(bytes)?;
        self.file.set_len(self.length)?;
        self.file.seek(SeekFrom::Start(self.length)).map(drop)
    }

    /// Rewinds and returns the file.
    pub(crate) fn rewound(&mut self) -> io::Result<&File> {
        self.file.rewind()?;
        Ok(&self.file)
    }

    fn allow(&mut self, more: u64) -> io::Result<()> {
        let length = self.length.checked_add(more).ok_or_else(full)?;
        let short = length.saturating_sub(self.allowed.bytes());
        if short > 0 && !self.allowed.try_grow(short.max(STEP)) && !self.allowed.try_grow(short) {
            return Err(full());
        }
        self.length = length;
        Ok(())
    }
}

fn full() -> io::Error {
    io::Error::new(io::ErrorKind::StorageFull, "the spool is full")
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn a_spooled_file_reads_back_with_its_holes() {
        let directory = tempfile::tempdir().unwrap();
        let mut file = Spool::new(directory.path(), 100).create().unwrap();
        file.write(b"ab").unwrap();
        file.skip(2).unwrap();
        file.write(b"c").unwrap();
        let mut bytes = Vec::new();
        file.rewound().unwrap().read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes, b"ab\0\0c");
    }

    #[test]
    fn the_allowance_is_shared_and_given_back() {
        let directory = tempfile::tempdir().unwrap();
        let spool = Spool::new(directory.path(), 10);
        let mut first = spool.create().unwrap();
        first.write(&[0; 8]).unwrap();
        let mut second = spool.clone().create().unwrap();
        assert_eq!(
            second.write(&[0; 3]).unwrap_err().kind(),
            io::ErrorKind::StorageFull
        );
        drop(first);
        second.write(&[0; 3]).unwrap();
    }

    #[test]
    fn nothing_stays_in_the_directory() {
        let directory = tempfile::tempdir().unwrap();
        let mut file = Spool::new(directory.path(), 10).create().unwrap();
        file.write(b"x").unwrap();
        assert_eq!(directory.path().read_dir().unwrap().count(), 0);
    }
}
