//! Several processes with the same file, some of which are killed.
//!
//! The test program starts itself again: [`child_process`] does nothing unless it is asked to.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use jiff::Timestamp;
use limpid_store::{IndexStore as _, LayerRecord};
use limpid_store_sqlite::SqliteStore;
use limpid_types::Digest;

const STORE: &str = "LIMPID_TEST_STORE";
const WRITER: &str = "LIMPID_TEST_WRITER";
const COUNT: &str = "LIMPID_TEST_COUNT";

fn layer(writer: &str, number: usize) -> Digest {
    Digest::sha256(format!("{writer} {number}").as_bytes())
}

fn start(path: &Path, writer: &str, count: usize) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "processes::child_process", "--nocapture"])
        .env(STORE, path)
        .env(WRITER, writer)
        .env(COUNT, count.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Saves layers and says after each that it is saved.
#[tokio::test]
async fn child_process() {
    let (Ok(path), Ok(writer)) = (std::env::var(STORE), std::env::var(WRITER)) else {
        return;
    };
    let count: usize = std::env::var(COUNT).unwrap().parse().unwrap();
    let store = SqliteStore::open(path).unwrap();
    for number in 0..count {
        let record = LayerRecord {
            evidence: vec![1; 5000],
            owned_files: vec![2; 5000],
            packages: (0..20).map(|one| format!("package {one}")).collect(),
        };
        let now = Timestamp::UNIX_EPOCH;
        let layer = layer(&writer, number);
        store.save_layer(&layer, "set", &record, now).await.unwrap();
        println!("\nsaved {number}");
    }
}

#[tokio::test]
async fn processes_that_write_at_once_all_get_through() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state.db");
    let children: Vec<_> = ["a", "b", "c"]
        .into_iter()
        .map(|writer| start(&path, writer, 30))
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
    }
    let layers: Vec<_> = ["a", "b", "c"]
        .into_iter()
        .flat_map(|writer| (0..30).map(move |number| layer(writer, number)))
        .collect();
    let store = SqliteStore::open(&path).unwrap();
    let known = store.known_layers(&layers, "set").await.unwrap();
    assert_eq!(known.len(), 90);
}

#[tokio::test]
async fn what_was_acknowledged_outlives_a_killed_process() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state.db");
    for writer in ["a", "b", "c"] {
        let mut child = start(&path, writer, usize::MAX);
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let acknowledged = lines
            .map_while(Result::ok)
            .filter(|line| line.starts_with("saved"))
            .take(20)
            .count();
        child.kill().unwrap();
        child.wait().unwrap();
        let layers: Vec<_> = (0..acknowledged)
            .map(|number| layer(writer, number))
            .collect();
        let store = SqliteStore::open(&path).unwrap();
        let known = store.known_layers(&layers, "set").await.unwrap();
        assert_eq!(known.len(), 20);
        let layer = layers[19].clone();
        let files = store.owned_files(std::slice::from_ref(&layer), "set").await;
        let files = files.unwrap().remove(&layer);
        assert_eq!(files, Some(vec![2; 5000]));
    }
}
