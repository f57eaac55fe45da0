//! Reading without writing, and without a trace.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use jiff::Timestamp;
use limpid_store::{
    ErrorKind, GenerationStore as _, IndexStore as _, LayerRecord, LeaseStore as _,
};
use limpid_store_sqlite::SqliteStore;
use limpid_types::Digest;
use rusqlite::Connection;

fn layer(number: u32) -> Digest {
    Digest::sha256(&number.to_le_bytes())
}

async fn save(store: &SqliteStore, number: u32) {
    let record = LayerRecord {
        evidence: vec![7; 10_000],
        owned_files: Vec::new(),
        packages: ["bash".to_owned()].into(),
    };
    store
        .save_layer(&layer(number), "set", &record, Timestamp::UNIX_EPOCH)
        .await
        .unwrap();
}

async fn known(store: &SqliteStore) -> usize {
    let layers: Vec<_> = (0..10).map(layer).collect();
    store.known_layers(&layers, "set").await.unwrap().len()
}

/// Returns all that is in a folder.
fn files(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    fs::read_dir(directory)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            (name, fs::read(entry.path()).unwrap())
        })
        .collect()
}

#[test]
fn there_is_nothing_to_read_where_no_store_is() {
    let directory = tempfile::tempdir().unwrap();
    for name in ["state.db", "missing/state.db", "empty.db"] {
        fs::write(directory.path().join("empty.db"), "").unwrap();
        let opened = SqliteStore::open_read_only(directory.path().join(name));
        assert!(opened.unwrap().is_none(), "{name}");
    }
    assert_eq!(files(directory.path()).len(), 1, "nothing was created");
}

#[tokio::test]
async fn a_store_is_read_without_a_trace() {
    // The name would mean something else in an address.
    for name in ["state.db", "100% of?x=1#it.db", "ä b.db"] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(name);
        let store = SqliteStore::open(&path).unwrap();
        save(&store, 1).await;
        drop(store);
        let before = files(directory.path());
        assert_eq!(before.len(), 1);
        let folder = directory.path().metadata().unwrap().permissions();
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o555)).unwrap();
        let store = SqliteStore::open_read_only(&path).unwrap().unwrap();
        assert_eq!(known(&store).await, 1);
        assert_eq!(store.current().await.unwrap(), None);
        assert_eq!(store.path(), path);
        drop(store);
        fs::set_permissions(directory.path(), folder).unwrap();
        assert_eq!(files(directory.path()), before);
    }
}

#[tokio::test]
async fn writing_to_a_store_that_was_opened_for_reading_fails() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state.db");
    drop(SqliteStore::open(&path).unwrap());
    let before = files(directory.path());
    let store = SqliteStore::open_read_only(&path).unwrap().unwrap();
    let now = Timestamp::UNIX_EPOCH;
    let lease = store
        .acquire_lease("update", "a", std::time::Duration::from_secs(1), now)
        .await;
    assert_eq!(lease.unwrap_err().kind, ErrorKind::Unavailable);
    let deleted = store.delete_manifests(&[layer(1)]).await;
    assert_eq!(deleted.unwrap_err().kind, ErrorKind::Unavailable);
    assert_eq!(files(directory.path()), before);
}

#[tokio::test]
async fn what_others_write_meanwhile_is_seen() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state.db");
    drop(SqliteStore::open(&path).unwrap());
    let reader = SqliteStore::open_read_only(&path).unwrap().unwrap();
    assert_eq!(known(&reader).await, 0);
    for number in 0..3 {
        let writer = SqliteStore::open(&path).unwrap();
        save(&writer, number * 2).await;
        assert_eq!(known(&reader).await, number as usize * 2 + 1);
        save(&writer, number * 2 + 1).await;
        assert_eq!(known(&reader).await, number as usize * 2 + 2);
        drop(writer);
        assert_eq!(known(&reader).await, number as usize * 2 + 2);
    }
}

#[tokio::test]
async fn what_a_killed_writer_left_in_its_log_is_seen() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state.db");
    let writer = SqliteStore::open(&path).unwrap();
    save(&writer, 1).await;
    let left = tempfile::tempdir().unwrap();
    for name in ["state.db", "state.db-wal"] {
        fs::copy(directory.path().join(name), left.path().join(name)).unwrap();
    }
    let store = SqliteStore::open_read_only(left.path().join("state.db"));
    assert_eq!(known(&store.unwrap().unwrap()).await, 1);
}

#[test]
fn a_store_that_an_older_program_made_is_not_changed_but_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state.db");
    drop(SqliteStore::open(&path).unwrap());
    let connection = Connection::open(&path).unwrap();
    connection
        .execute("DELETE FROM migration WHERE name LIKE '0004%'", [])
        .unwrap();
    drop(connection);
    let before = files(directory.path());
    let Err(error) = SqliteStore::open_read_only(&path) else {
        panic!("opened");
    };
    assert_eq!(error.kind, ErrorKind::Unavailable);
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("0004_jobs"), "{source}");
    assert_eq!(files(directory.path()), before);
}

#[test]
fn what_is_not_a_store_is_refused_for_reading_too() {
    let directory = tempfile::tempdir().unwrap();
    let text = directory.path().join("text");
    fs::write(&text, "some text that is no database").unwrap();
    let foreign = directory.path().join("foreign.db");
    let connection = Connection::open(&foreign).unwrap();
    connection.execute_batch("CREATE TABLE t (a)").unwrap();
    drop(connection);
    let before = files(directory.path());
    for path in [text, foreign] {
        let Err(error) = SqliteStore::open_read_only(&path) else {
            panic!("opened: {}", path.display());
        };
        assert_eq!(error.kind, ErrorKind::NotAStore);
    }
    assert_eq!(files(directory.path()), before);
}
