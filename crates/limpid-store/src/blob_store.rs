use std::collections::BTreeSet;
use std::path::Path;

use async_trait::async_trait;
use limpid_types::Digest;

use crate::StoreError;

/// Keeps snapshot files where every node of a cluster can get them, by their digests.
#[async_trait]
pub trait BlobStore: Send + Sync {
    /// Keeps a file under its digest, which the caller has verified. A blob that is there already
    /// is not sent again. What is there only in part (because somebody was killed) is not there.
    async fn put_blob(&self, digest: &Digest, file: &Path) -> Result<(), StoreError>;

    /// Writes a blob to a new file, and verifies its digest. The file is there only when the
    /// answer is true; false means that there is no such blob.
    async fn get_blob(&self, digest: &Digest, destination: &Path) -> Result<bool, StoreError>;

    /// Returns the blobs that are there.
    async fn blobs(&self) -> Result<BTreeSet<Digest>, StoreError>;

    /// Forgets blobs; those that are not there are no error.
    async fn remove_blobs(&self, digests: &BTreeSet<Digest>) -> Result<(), StoreError>;
}
