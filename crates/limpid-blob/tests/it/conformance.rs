//! The promises of the trait.

use std::sync::Arc;

use async_trait::async_trait;
use limpid_blob::{DirectoryBlobs, S3Blobs};
use limpid_store::BlobStore;
use limpid_store::conformance::blobs::BlobHarness;
use limpid_types::Digest;
use tempfile::TempDir;

use crate::service::{Service, settings};

struct Directory(TempDir);

#[async_trait]
impl BlobHarness for Directory {
    async fn create() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    async fn open(&self) -> Arc<dyn BlobStore> {
        Arc::new(DirectoryBlobs::new(self.0.path().join("blobs")))
    }

    async fn damage(&self, digest: &Digest) {
        let name = digest.as_str().replace(':', "-");
        let path = self.0.path().join("blobs").join(name);
        let mut content = std::fs::read(&path).unwrap();
        content[1000] ^= 1;
        std::fs::write(path, content).unwrap();
    }
}

struct Bucket(Service);

#[async_trait]
impl BlobHarness for Bucket {
    async fn create() -> Self {
        Self(Service::start().await)
    }

    async fn open(&self) -> Arc<dyn BlobStore> {
        Arc::new(S3Blobs::new(settings(&self.0)).unwrap())
    }

    async fn damage(&self, digest: &Digest) {
        let name = digest.as_str().replace(':', "-");
        let mut state = self.0.state();
        let content = state.objects.get_mut(&format!("snapshots/{name}")).unwrap();
        content[1000] ^= 1;
    }
}

mod directory {
    use super::*;

    limpid_store::blob_conformance_suite!(Directory);
}

mod s3 {
    use super::*;

    limpid_store::blob_conformance_suite!(Bucket);
}
