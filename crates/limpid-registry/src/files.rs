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
