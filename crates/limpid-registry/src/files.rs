use std::path::Path;

use limpid_types::Digest;

use crate::blob::Blob;
use crate::{SourceError, SourceLimits};

/// Named files of one image: an OCI layout directory, or an archive.
pub(crate) trait Files {
    /// Returns where the files are, for messages.
    fn path(&self) -> &Path;

    /// Finds a file by its name inside.
    fn find(&self, name: &str) -> Result<Option<Blob>, SourceError>;

    /// Finds a file that must be there.
    fn require(&self, name: &str) -> Result<Blob, SourceError> {
        self.find(name)?.ok_or_else(|| SourceError::MissingFile {
            image: self.path().to_owned(),
            name: name.to_owned(),
        })
    }

    /// Returns what a file points to that holds the text of a symbolic link instead of being one;
    /// none when it is no such file.
    ///
    /// A version control system that may not make links leaves such files. Following one is safe
    /// for a blob, whose digest decides in the end.
    fn follow_text(&self, _name: &str, _file: &Blob) -> Result<Option<Blob>, SourceError> {
        Ok(None)
    }

    /// Finds a blob of an OCI layout by its digest.
    fn find_blob(&self, digest: &Digest) -> Result<Option<Blob>, SourceError> {
        self.find(&blob_name(digest))
    }

    /// Finds a blob that must be there, in the size that its descriptor states.
    fn require_blob(&self, digest: &Digest, size: u64) -> Result<Blob, SourceError> {
        let name = blob_name(digest);
        let blob = self.require(&name)?;
        if blob.size() == size {
            return Ok(blob);
        }
        if let Some(target) = self.follow_text(&name, &blob)?
            && target.size() == size
        {
            return Ok(target);
        }
        Err(SourceError::SizeMismatch {
            name,
            expected: size,
            found: blob.size(),
        })
    }

    /// Reads a document by its name.
    fn read_named(&self, name: &str, limits: &SourceLimits) -> Result<Vec<u8>, SourceError> {
        self.require(name)?.read_document(name, None, limits)
    }
}

fn blob_name(digest: &Digest) -> String {
    format!("blobs/{}/{}", digest.algorithm().name(), digest.hex())
}
