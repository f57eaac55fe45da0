use std::fs::File;
use std::io::{self, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use limpid_types::{Digest, Hasher};
use tempfile::NamedTempFile;
use thiserror::Error;

/// What the names of incomplete files end in, here and in the directories of snapshots, where
/// whoever cleans up recognises them by it.
pub(crate) const PARTIAL_SUFFIX: &str = ".partial";

/// A file that is being received. It is at its destination only when it is complete and its digest
/// is right; until then it is beside it under another name, and gone when this is dropped.
pub(crate) struct Incoming {
    file: NamedTempFile,
    hasher: Hasher,
    digest: Digest,
    destination: PathBuf,
}

/// Why a received file did not come to its destination.
#[derive(Debug, Error)]
pub(crate) enum IncomingError {
    #[error("cannot write: {}", path.display())]
    Write {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("its content has another digest than its name: {found}")]
    Damaged { found: Digest },
}

impl Incoming {
    /// Begins to receive a file.
    pub(crate) fn new(digest: &Digest, destination: &Path) -> Result<Self, IncomingError> {
        let file = partial_beside(destination).map_err(|source| IncomingError::Write {
            path: destination.to_owned(),
            source,
        })?;
        Ok(Self {
            file,
            hasher: Hasher::new(digest.algorithm()),
            digest: digest.clone(),
            destination: destination.to_owned(),
        })
    }

    /// Takes the next bytes.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<(), IncomingError> {
        self.hasher.update(bytes);
        self.file
            .write_all(bytes)
            .map_err(|source| self.fail(source))
    }

    /// Forgets what was received.
    pub(crate) fn restart(&mut self) -> Result<(), IncomingError> {
        self.hasher = Hasher::new(self.digest.algorithm());
        let file = self.file.as_file_mut();
        let emptied = file.set_len(0).and_then(|()| file.rewind());
        emptied.map_err(|source| self.fail(source))
    }

    /// Verifies the file and puts it durably at its destination.
    pub(crate) fn finish(self) -> Result<(), IncomingError> {
        let found = self.hasher.finish();
        if found != self.digest {
            return Err(IncomingError::Damaged { found });
        }
        place(self.file, &self.destination).map_err(|source| IncomingError::Write {
            path: self.destination,
            source,
        })
    }

    fn fail(&self, source: io::Error) -> IncomingError {
        IncomingError::Write {
            path: self.destination.clone(),
            source,
        }
    }
}

/// Makes a file beside another that vanishes unless it is placed.
pub(crate) fn partial_beside(destination: &Path) -> io::Result<NamedTempFile> {
    tempfile::Builder::new()
        .prefix(".blob-")
        .suffix(PARTIAL_SUFFIX)
        .tempfile_in(folder(destination))
}

/// Puts a complete file at its destination, so that it is there whole even after a loss of power.
pub(crate) fn place(file: NamedTempFile, destination: &Path) -> io::Result<()> {
    file.as_file().sync_all()?;
    file.persist(destination).map_err(|error| error.error)?;
    File::open(folder(destination))?.sync_all()
}

fn folder(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}
