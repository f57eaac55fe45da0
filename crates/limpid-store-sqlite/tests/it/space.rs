//! What the file takes, and that it gives it back.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use jiff::Timestamp;
use limpid_store::{IndexStore as _, LayerRecord, ManifestRecord};
use limpid_store_sqlite::SqliteStore;
use limpid_types::Digest;

const MIB: u64 = 1 << 20;

fn digest(name: &str) -> Digest {
    Digest::sha256(name.as_bytes())
}

/// Returns bytes that nothing could compress.
fn content(name: &str, length: usize) -> Vec<u8> {
    (0..length.div_ceil(32))
        .flat_map(|part| {
            let digest = digest(&format!("{name} {part}"));
            let hex = digest.as_str().as_bytes()[7..].to_vec();
            hex.chunks(2)
                .map(|pair| pair[0].wrapping_mul(16) ^ pair[1])
                .collect::<Vec<_>>()
        })
        .take(length)
        .collect()
}

async fn save_layer(store: &SqliteStore, name: &str, evidence: usize, packages: usize) {
    let record = LayerRecord {
        evidence: content(name, evidence),
        owned_files: content(name, evidence / 2),
        packages: (0..packages).map(|one| format!("package-{one}")).collect(),
    };
    store
        .save_layer(&digest(name), "set", &record, Timestamp::UNIX_EPOCH)
        .await
        .unwrap();
}

async fn save_manifest(store: &SqliteStore, name: &str, layers: &[String]) {
    let record = ManifestRecord {
        layers: layers.iter().map(|layer| digest(layer)).collect(),
        detector_set: "set".into(),
    };
    let kept = store.save_manifest(&digest(name), &record).await;
    assert!(kept.unwrap());
}

/// Returns the size of the file once the log beside it was copied into it.
fn size(path: &Path) -> u64 {
    assert!(!path.with_extension("db-wal").try_exists().unwrap());
    fs::metadata(path).unwrap().len()
}

#[tokio::test]
async fn an_image_that_shares_its_base_takes_less_than_three_kib() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state.db");
    let store = SqliteStore::open(&path).unwrap();
    let base: Vec<_> = (0..10).map(|number| format!("base {number}")).collect();
    for name in &base {
        save_layer(&store, name, 30_000, 300).await;
    }
    save_manifest(&store, "first", &base).await;
    drop(store);
    let before = size(&path);
    let store = SqliteStore::open(&path).unwrap();
    for number in 0..1000 {
        let own = format!("own {number}");
        save_layer(&store, &own, 400, 3).await;
        let mut layers = base.clone();
        layers.push(own);
        save_manifest(&store, &format!("image {number}"), &layers).await;
    }
    drop(store);
    let per_image = (size(&path) - before) / 1000;
    println!("bytes per image: {per_image}");
    assert!(per_image < 3 * 1024, "{per_image} bytes per image");
}

#[tokio::test]
async fn deleting_gives_space_back_to_the_file_system() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state.db");
    let store = SqliteStore::open(&path).unwrap();
    let mut manifests = Vec::new();
    for number in 0..40 {
        let layer = format!("layer {number}");
        save_layer(&store, &layer, 500_000, 100).await;
        let name = format!("image {number}");
        save_manifest(&store, &name, &[layer]).await;
        manifests.push(digest(&name));
    }
    drop(store);
    let full = size(&path);
    assert!(full > 28 * MIB, "{full}");

    let store = SqliteStore::open(&path).unwrap();
    let (kept, deleted) = manifests.split_at(4);
    let there = store.delete_manifests(deleted).await.unwrap();
    assert_eq!(there.len(), deleted.len());
    // One deletion gives back a portion; the sweeping that goes on anyway gives back the rest.
    for _ in 0..5 {
        let before = Timestamp::UNIX_EPOCH;
        store.remove_unused_layers(before, 1).await.unwrap();
    }
    drop(store);
    let left = size(&path);
    println!("bytes before and after: {full} {left}");
    assert!(left < full / 10 + 2 * MIB, "{left} of {full}");

    // What was moved on the way is still right.
    let store = SqliteStore::open(&path).unwrap();
    let names = BTreeSet::from(["package-7".to_owned()]);
    let found = store.manifests_with_packages(&names, None, 100).await;
    let found: BTreeSet<_> = found.unwrap().into_iter().collect();
    assert_eq!(found, kept.iter().cloned().collect());
    for number in 0..4 {
        let name = format!("layer {number}");
        let layer = digest(&name);
        let files = store.owned_files(std::slice::from_ref(&layer), "set").await;
        let files = files.unwrap().remove(&layer);
        assert_eq!(files, Some(content(&name, 250_000)));
    }
}

#[tokio::test]
async fn deleting_everything_leaves_no_rows() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state.db");
    let store = SqliteStore::open(&path).unwrap();
    save_layer(&store, "a", 1000, 50).await;
    save_layer(&store, "b", 1000, 60).await;
    save_layer(&store, "unused", 1000, 70).await;
    save_manifest(&store, "image", &["a".into(), "b".into()]).await;
    save_manifest(&store, "image", &["a".into()]).await;
    store.delete_manifests(&[digest("image")]).await.unwrap();
    let swept = store.remove_unused_layers(Timestamp::MAX, 10).await;
    assert_eq!(swept.unwrap(), 2);
    drop(store);
    let connection = rusqlite::Connection::open(&path).unwrap();
    for table in [
        "layer",
        "layer_owned_files",
        "unused_layer",
        "package_name",
        "layer_package",
        "manifest",
        "manifest_layer",
        "index_job",
    ] {
        let query = format!("SELECT count(*) FROM {table}");
        let rows: i64 = connection.query_row(&query, [], |row| row.get(0)).unwrap();
        assert_eq!(rows, 0, "{table}");
    }
}
