//! What is special about a directory.

use std::fs;
use std::time::{Duration, SystemTime};

use limpid_blob::DirectoryBlobs;
use limpid_store::BlobStore as _;
use limpid_types::Digest;

#[tokio::test]
async fn other_files_are_no_blobs_and_stay() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("notes.txt");
    fs::write(&path, "x").unwrap();
    let blobs = DirectoryBlobs::new(directory.path());
    assert!(blobs.blobs().await.unwrap().is_empty());
    let unknown = [Digest::sha256(b"unknown")].into();
    blobs.remove_blobs(&unknown).await.unwrap();
    assert!(path.try_exists().unwrap());
}

#[tokio::test]
async fn what_killed_processes_left_is_removed_when_it_is_old() {
    let directory = tempfile::tempdir().unwrap();
    let (old, new) = (
        directory.path().join(".blob-old.partial"),
        directory.path().join(".blob-new.partial"),
    );
    fs::write(&old, "x").unwrap();
    fs::write(&new, "x").unwrap();
    let file = fs::File::options().write(true).open(&old).unwrap();
    let days_ago = SystemTime::now() - Duration::from_hours(48);
    file.set_modified(days_ago).unwrap();
    let blobs = DirectoryBlobs::new(directory.path());
    blobs.remove_blobs(&[].into()).await.unwrap();
    assert!(!old.try_exists().unwrap());
    assert!(new.try_exists().unwrap(), "somebody may be writing it");
}

#[tokio::test]
async fn an_error_names_the_directory() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("blobs");
    fs::write(&path, "not a directory").unwrap();
    let error = DirectoryBlobs::new(&path).blobs().await.unwrap_err();
    assert!(error.to_string().contains("/blobs"), "{error}");
}
