use std::fs::File;
use std::ops::Deref;
use std::path::Path;

use memmap2::Mmap;

use crate::Error;

/// The bytes of a snapshot.
pub(crate) enum Content {
    Mapped(Mmap),
    Owned(Vec<u8>),
}

impl Content {
    /// Maps a file into memory.
    #[expect(unsafe_code, reason = "a file can be mapped in no other way")]
    pub(crate) fn map(path: &Path) -> Result<Self, Error> {
        let file = File::open(path).map_err(Error::io("open", path))?;
        let metadata = file.metadata().map_err(Error::io("inspect", path))?;
        if !metadata.is_file() {
            let cause = std::io::Error::other("not a regular file");
            return Err(Error::io("map", path)(cause));
        }
        // SAFETY: the mapping is sound as long as nobody changes the file. Snapshots are written
        // under another name, never opened for writing again, and only removed or replaced by
        // renaming, which leaves a mapping as it is. The length is fixed here, and all access
        // goes through the slice, so that nothing beyond that length is read.
        let mapped = unsafe { Mmap::map(&file) };
        mapped.map(Self::Mapped).map_err(Error::io("map", path))
    }
}

impl Deref for Content {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Mapped(mapped) => mapped,
            Self::Owned(owned) => owned,
        }
    }
}
