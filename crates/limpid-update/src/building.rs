//! Telling the processes of one machine apart that work in the same directory of snapshots.
//!
//! Whoever builds there holds a shared lock on the directory, so that nobody takes a file away that
//! is not finished or not yet spoken of in the store. Locks end with the process, however it ends.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;

/// The right to build in a directory.
pub(crate) struct Building(#[expect(dead_code, reason = "the lock is its use")] File);

/// The certainty that nobody builds in a directory.
pub(crate) struct Quiet(#[expect(dead_code, reason = "the lock is its use")] File);

impl Building {
    /// Waits until nobody cleans up in the directory, which takes moments. Blocks.
    pub(crate) fn begin(directory: &Path) -> io::Result<Self> {
        let file = File::open(directory)?;
        file.lock_shared()?;
        Ok(Self(file))
    }
}

impl Quiet {
    /// Returns none when somebody builds in the directory.
    pub(crate) fn find(directory: &Path) -> io::Result<Option<Self>> {
        let file = File::open(directory)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_quiet_while_somebody_builds() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        let first = Building::begin(path).unwrap();
        let second = Building::begin(path).unwrap();
        assert!(Quiet::find(path).unwrap().is_none());
        drop(first);
        assert!(Quiet::find(path).unwrap().is_none());
        drop(second);
        assert!(Quiet::find(path).unwrap().is_some());
    }
}
