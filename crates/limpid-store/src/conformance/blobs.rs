//! Promises of [`BlobStore`](crate::BlobStore).

#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "these are tests"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use limpid_types::Digest;
use tempfile::TempDir;

use super::samples::{digest, digests};
use crate::{BlobStore, ErrorKind};

/// An empty place for blobs for one test.
#[async_trait]
pub trait BlobHarness: Send + Sync + 'static {
    /// Makes an empty place.
    async fn create() -> Self;

    /// Opens the place. Each call gives a store that shares nothing with the others but the place,
    /// as another process would have it.
    async fn open(&self) -> Arc<dyn BlobStore>;

    /// Changes some bytes of a blob behind the back of the store.
    async fn damage(&self, digest: &Digest);
}

/// A folder for the files of a test.
struct Files(TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file, and returns its digest and path.
    fn file(&self, name: &str, content: &[u8]) -> (Digest, PathBuf) {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        (Digest::sha256(content), path)
    }

    /// Returns how many files there are, whatever their names.
    fn count(&self) -> usize {
        fs::read_dir(self.0.path()).unwrap().count()
    }
}

/// Returns bytes that differ from part to part, so that parts in a wrong order are noticed.
fn content(length: u32) -> Vec<u8> {
    (0..length)
        .map(|one| one.wrapping_mul(2_654_435_761).to_le_bytes()[3])
        .collect()
}

/// Files of all sizes come back as they were, also for others and after reopening.
pub async fn a_blob_comes_back_as_it_was_put<H: BlobHarness>() {
    let harness = H::create().await;
    let files = Files::new();
    let store = harness.open().await;
    let other = harness.open().await;
    for length in [0, 1, 1 << 20, (5 << 20) + 12_345] {
        let content = content(length);
        let (digest, file) = files.file("in", &content);
        store.put_blob(&digest, &file).await.unwrap();
        for (reader, name) in [(&store, "own"), (&other, "other")] {
            let destination = files.path(&format!("{name} {length}"));
            assert!(reader.get_blob(&digest, &destination).await.unwrap());
            assert!(
                fs::read(&destination).unwrap() == content,
                "changed: {length} bytes"
            );
        }
    }
    drop((store, other));
    let store = harness.open().await;
    assert_eq!(store.blobs().await.unwrap().len(), 4);
    let destination = files.path("reopened");
    let empty = Digest::sha256(b"");
    assert!(store.get_blob(&empty, &destination).await.unwrap());
    assert_eq!(fs::read(&destination).unwrap(), b"");
}

/// Putting a blob again changes nothing and is no error, also when several do it at once.
pub async fn a_blob_is_put_once_however_often_it_is_asked<H: BlobHarness>() {
    let harness = H::create().await;
    let files = Files::new();
    let content = content(3_000_000);
    let (digest, file) = files.file("in", &content);
    let mut tasks = Vec::new();
    for _ in 0..4 {
        let (store, digest, file) = (harness.open().await, digest.clone(), file.clone());
        tasks.push(tokio::spawn(async move {
            store.put_blob(&digest, &file).await.unwrap();
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let store = harness.open().await;
    store.put_blob(&digest, &file).await.unwrap();
    let expected = BTreeSet::from([digest.clone()]);
    assert_eq!(store.blobs().await.unwrap(), expected);
    let destination = files.path("out");
    assert!(store.get_blob(&digest, &destination).await.unwrap());
    assert!(fs::read(&destination).unwrap() == content);
    store.remove_blobs(&expected).await.unwrap();
    assert!(store.blobs().await.unwrap().is_empty());
    let destination = files.path("removed");
    assert!(!store.get_blob(&digest, &destination).await.unwrap());
}

/// Asking for what is not there is no error and leaves no file, not even an empty one.
pub async fn an_unknown_blob_leaves_no_file<H: BlobHarness>() {
    let harness = H::create().await;
    let files = Files::new();
    let store = harness.open().await;
    let destination = files.path("out");
    let answer = store.get_blob(&digest("unknown"), &destination).await;
    assert!(!answer.unwrap());
    assert_eq!(files.count(), 0);
    assert!(store.blobs().await.unwrap().is_empty());
}

/// A file that cannot be read is not kept.
pub async fn a_missing_file_is_not_put<H: BlobHarness>() {
    let harness = H::create().await;
    let files = Files::new();
    let store = harness.open().await;
    let missing = digest("missing");
    store
        .put_blob(&missing, &files.path("missing"))
        .await
        .unwrap_err();
    assert!(store.blobs().await.unwrap().is_empty());
    let destination = files.path("out");
    assert!(!store.get_blob(&missing, &destination).await.unwrap());
}

/// Blobs are listed and forgotten by their digests, for all that have the place open.
pub async fn blobs_are_listed_and_removed<H: BlobHarness>() {
    let harness = H::create().await;
    let files = Files::new();
    let store = harness.open().await;
    let other = harness.open().await;
    for name in ["a", "b", "c"] {
        let (_, file) = files.file(name, name.as_bytes());
        store.put_blob(&digest(name), &file).await.unwrap();
    }
    assert_eq!(other.blobs().await.unwrap(), digests(&["a", "b", "c"]));
    other.remove_blobs(&digests(&[])).await.unwrap();
    let some = digests(&["a", "c", "unknown"]);
    other.remove_blobs(&some).await.unwrap();
    other.remove_blobs(&some).await.unwrap();
    assert_eq!(store.blobs().await.unwrap(), digests(&["b"]));
    assert!(
        !store
            .get_blob(&digest("a"), &files.path("out a"))
            .await
            .unwrap()
    );
    assert!(
        store
            .get_blob(&digest("b"), &files.path("out b"))
            .await
            .unwrap()
    );
    // What was removed can come back.
    store
        .put_blob(&digest("a"), &files.path("a"))
        .await
        .unwrap();
    assert_eq!(other.blobs().await.unwrap(), digests(&["a", "b"]));
}

/// A blob that changed where it lies is an error when it is got, and leaves no file; it can be
/// removed and put again.
pub async fn a_damaged_blob_is_not_given_out<H: BlobHarness>() {
    let harness = H::create().await;
    let files = Files::new();
    let content = content(2_500_000);
    let (digest, file) = files.file("in", &content);
    let store = harness.open().await;
    store.put_blob(&digest, &file).await.unwrap();
    harness.damage(&digest).await;
    let destination = files.path("out");
    let answer = store.get_blob(&digest, &destination).await;
    assert_eq!(answer.unwrap_err().kind, ErrorKind::Damaged);
    assert_eq!(files.count(), 1, "only what was put is there");
    let damaged = BTreeSet::from([digest.clone()]);
    store.remove_blobs(&damaged).await.unwrap();
    store.put_blob(&digest, &file).await.unwrap();
    assert!(store.get_blob(&digest, &destination).await.unwrap());
    assert!(fs::read(&destination).unwrap() == content);
}
