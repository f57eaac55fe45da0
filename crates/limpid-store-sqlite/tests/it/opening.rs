use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use limpid_store::{ErrorKind, GenerationStore as _, IndexStore as _, LayerRecord, StoreError};
use limpid_store_sqlite::SqliteStore;
use limpid_types::Digest;
use rusqlite::Connection;
use tempfile::TempDir;

fn directory() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state.db");
    (directory, path)
}

fn refusal(path: &Path) -> StoreError {
    match SqliteStore::open(path) {
        Ok(_) => panic!("opened: {}", path.display()),
        Err(error) => error,
    }
}

#[test]
fn missing_directories_are_created() {
    let (directory, _) = directory();
    let path = directory.path().join("a/b/state.db");
    let store = SqliteStore::open(&path).unwrap();
    assert_eq!(store.path(), path);
}

#[test]
fn a_file_with_other_content_is_refused_and_left_as_it_is() {
    for content in [&b"x"[..], b"SQLite format 2\0 and more", &[0; 5000]] {
        let (directory, path) = directory();
        fs::write(&path, content).unwrap();
        let error = refusal(&path);
        assert_eq!(error.kind, ErrorKind::NotAStore);
        assert!(error.to_string().contains(path.to_str().unwrap()));
        assert_eq!(fs::read(&path).unwrap(), content);
        let files = fs::read_dir(directory.path()).unwrap().count();
        assert_eq!(files, 1, "nothing is put beside it");
    }
}

#[test]
fn a_database_of_another_program_is_refused_and_left_as_it_is() {
    let (_directory, path) = directory();
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch("CREATE TABLE t (a)").unwrap();
    drop(connection);
    let before = fs::read(&path).unwrap();
    assert_eq!(refusal(&path).kind, ErrorKind::NotAStore);
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_directory_in_place_of_the_file_is_an_error() {
    let (directory, _) = directory();
    assert_eq!(refusal(directory.path()).kind, ErrorKind::Unavailable);
}

#[test]
fn a_file_that_was_begun_but_is_empty_becomes_a_store() {
    let (_directory, path) = directory();
    fs::write(&path, b"").unwrap();
    SqliteStore::open(&path).unwrap();
}

#[test]
fn a_store_of_a_newer_program_is_refused_by_name() {
    let (_directory, path) = directory();
    drop(SqliteStore::open(&path).unwrap());
    let connection = Connection::open(&path).unwrap();
    connection
        .execute("INSERT INTO migration VALUES ('0099_future', 'x')", [])
        .unwrap();
    drop(connection);
    let error = refusal(&path);
    assert!(error.to_string().contains("0099_future"), "{error}");
    assert!(matches!(error.kind, ErrorKind::Newer { .. }));
}

#[test]
fn a_changed_migration_is_refused() {
    let (_directory, path) = directory();
    drop(SqliteStore::open(&path).unwrap());
    let connection = Connection::open(&path).unwrap();
    connection
        .execute("UPDATE migration SET checksum = 'x'", [])
        .unwrap();
    drop(connection);
    assert_eq!(refusal(&path).kind, ErrorKind::Damaged);
}

#[tokio::test]
async fn damaged_pages_are_reported_as_damage() {
    let (_directory, path) = directory();
    let store = SqliteStore::open(&path).unwrap();
    let record = LayerRecord {
        evidence: vec![7; 100_000],
        owned_files: vec![8; 100_000],
        packages: BTreeSet::new(),
    };
    let now = Timestamp::UNIX_EPOCH;
    let layer = Digest::sha256(b"layer");
    store.save_layer(&layer, "set", &record, now).await.unwrap();
    drop(store);
    // Everything behind the first page, which says that this is a store.
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    let rest = usize::try_from(file.metadata().unwrap().len()).unwrap() - 4096;
    file.write_all_at(&vec![0xff; rest], 4096).unwrap();
    let before = fs::read(&path).unwrap();
    let error = match SqliteStore::open(&path) {
        Err(error) => error,
        Ok(store) => store.evidence(&[layer], "set").await.unwrap_err(),
    };
    assert_eq!(error.kind, ErrorKind::Damaged, "{error}");
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[tokio::test]
async fn many_openers_of_a_new_store_all_succeed() {
    let (_directory, path) = directory();
    let openers: Vec<_> = (0..8)
        .map(|_| {
            let path = path.clone();
            std::thread::spawn(move || SqliteStore::open(path).unwrap())
        })
        .collect();
    for opener in openers {
        let store = opener.join().unwrap();
        assert_eq!(store.current().await.unwrap(), None);
    }
}
