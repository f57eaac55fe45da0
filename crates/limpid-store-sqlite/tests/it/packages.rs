//! Manifests are found in the same order however many there are: the store goes another way when
//! the layers in question lie in more than ten thousand places.

use std::collections::BTreeSet;

use jiff::Timestamp;
use limpid_store::{IndexStore as _, LayerRecord, ManifestRecord};
use limpid_store_sqlite::SqliteStore;
use limpid_types::Digest;

fn digest(name: &str) -> Digest {
    Digest::sha256(name.as_bytes())
}

#[tokio::test]
async fn frequent_packages_are_found_like_rare_ones() {
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(directory.path().join("state.db")).unwrap();
    for (layer, package) in [("frequent", "bash"), ("rare", "zlib")] {
        let record = LayerRecord {
            evidence: Vec::new(),
            owned_files: Vec::new(),
            packages: BTreeSet::from([package.to_owned()]),
        };
        store
            .save_layer(&digest(layer), "set", &record, Timestamp::UNIX_EPOCH)
            .await
            .unwrap();
    }
    let mut expected = BTreeSet::new();
    for number in 0..30 {
        let layer = if number % 3 == 0 { "rare" } else { "frequent" };
        let manifest = digest(&format!("image {number}"));
        let record = ManifestRecord {
            layers: vec![digest(layer); 1000],
            detector_set: "set".into(),
        };
        assert!(store.save_manifest(&manifest, &record).await.unwrap());
        if layer == "frequent" {
            expected.insert(manifest);
        }
    }
    let names = BTreeSet::from(["bash".to_owned()]);
    let mut found = Vec::new();
    loop {
        let page = store.manifests_with_packages(&names, found.last(), 7);
        let page = page.await.unwrap();
        if page.is_empty() {
            break;
        }
        assert!(page.len() <= 7);
        found.extend(page);
    }
    assert_eq!(found, expected.into_iter().collect::<Vec<_>>());
}
