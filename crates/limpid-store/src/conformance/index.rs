//! Promises of [`IndexStore`](crate::IndexStore) about layers.

#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "these are tests"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use limpid_types::Digest;

use super::Harness;
use super::samples::{at, digest, layer_record};
use crate::{LayerRecord, Store};

async fn owned_files_of(
    store: &Arc<dyn Store>,
    layer: &Digest,
    detector_set: &str,
) -> Option<Vec<u8>> {
    let layers = std::slice::from_ref(layer);
    let files = store.owned_files(layers, detector_set).await;
    files.unwrap().remove(layer)
}

/// A layer comes back as it was saved, whole and in parts, also for others.
pub async fn a_layer_comes_back_as_it_was_saved<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    let layer = digest("layer");
    let record = layer_record("a", &["openssl"]);
    let asked = std::slice::from_ref(&layer);
    assert!(store.evidence(asked, "set").await.unwrap().is_empty());
    assert_eq!(owned_files_of(&store, &layer, "set").await, None);
    store
        .save_layer(&layer, "set", &record, at(0))
        .await
        .unwrap();
    let other = harness.open().await;
    for store in [store, other] {
        let evidence = store.evidence(asked, "set").await.unwrap();
        assert_eq!(
            evidence,
            BTreeMap::from([(layer.clone(), record.evidence.clone())])
        );
        let files = owned_files_of(&store, &layer, "set").await;
        assert_eq!(files, Some(record.owned_files.clone()));
    }
}

/// Evidence of several MiB and an empty one come back, each as it was.
pub async fn large_and_empty_layers_come_back_whole<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    let (large, empty) = (digest("large"), digest("empty"));
    let names: BTreeSet<String> = (0..5000).map(|one| format!("package-{one}")).collect();
    let record = LayerRecord {
        evidence: (0..5_000_000_u32)
            .map(|one| one.wrapping_mul(2_654_435_761).to_le_bytes()[3])
            .collect(),
        owned_files: vec![0; 3_000_000],
        packages: names,
    };
    store
        .save_layer(&large, "set", &record, at(0))
        .await
        .unwrap();
    let nothing = LayerRecord {
        evidence: Vec::new(),
        owned_files: Vec::new(),
        packages: BTreeSet::new(),
    };
    store
        .save_layer(&empty, "set", &nothing, at(0))
        .await
        .unwrap();
    let asked = [large.clone(), empty.clone()];
    let mut evidence = store.evidence(&asked, "set").await.unwrap();
    assert!(
        evidence.remove(&large).unwrap() == record.evidence,
        "the large evidence has changed"
    );
    assert_eq!(evidence, BTreeMap::from([(empty.clone(), Vec::new())]));
    let files = owned_files_of(&store, &large, "set").await.unwrap();
    assert_eq!(files.len(), record.owned_files.len());
    let files = owned_files_of(&store, &empty, "set").await;
    assert_eq!(files, Some(Vec::new()));
}

/// Saving a layer again changes nothing.
pub async fn the_first_record_of_a_layer_stays<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    let layer = digest("layer");
    for text in ["a", "b"] {
        let record = layer_record(text, &[]);
        store
            .save_layer(&layer, "set", &record, at(0))
            .await
            .unwrap();
    }
    let first = layer_record("a", &[]);
    let evidence = store.evidence(std::slice::from_ref(&layer), "set").await;
    assert_eq!(evidence.unwrap()[&layer], first.evidence);
    let files = owned_files_of(&store, &layer, "set").await;
    assert_eq!(files, Some(first.owned_files));
}

/// What one set of detectors saw is not taken for what another saw.
pub async fn detector_sets_are_apart<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    let layer = digest("layer");
    let asked = std::slice::from_ref(&layer);
    let (old, new) = (layer_record("a", &["one"]), layer_record("b", &["two"]));
    store.save_layer(&layer, "old", &old, at(0)).await.unwrap();
    assert!(store.evidence(asked, "new").await.unwrap().is_empty());
    assert!(store.known_layers(asked, "new").await.unwrap().is_empty());
    assert_eq!(owned_files_of(&store, &layer, "new").await, None);
    store.save_layer(&layer, "new", &new, at(1)).await.unwrap();
    for (set, record) in [("old", old), ("new", new)] {
        let evidence = store.evidence(asked, set).await.unwrap();
        assert_eq!(evidence[&layer], record.evidence);
        let files = owned_files_of(&store, &layer, set).await;
        assert_eq!(files, Some(record.owned_files));
    }
}

/// Only layers that were saved for the set are known; asking for many at once is no problem.
pub async fn known_layers_are_those_that_were_saved<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    let (known, foreign) = (digest("known"), digest("foreign"));
    let record = layer_record("a", &[]);
    for (layer, set) in [(&known, "set"), (&foreign, "other")] {
        store.save_layer(layer, set, &record, at(0)).await.unwrap();
    }
    let mut asked = vec![known.clone(), foreign, known.clone()];
    asked.extend((0..3000).map(|number| digest(&format!("unknown {number}"))));
    let answer = store.known_layers(&asked, "set").await.unwrap();
    assert_eq!(answer, BTreeSet::from([known.clone()]));
    let evidence = store.evidence(&asked, "set").await.unwrap();
    assert_eq!(evidence, BTreeMap::from([(known, record.evidence)]));
    assert!(store.known_layers(&[], "set").await.unwrap().is_empty());
    assert!(store.evidence(&[], "set").await.unwrap().is_empty());
}

/// Several processes that write at the same time all get through, also with the same layer.
pub async fn writers_wait_for_each_other<H: Harness>() {
    let harness = H::create().await;
    let mut writers = Vec::new();
    for writer in 0..4 {
        let store = harness.open().await;
        writers.push(tokio::spawn(async move {
            for number in 0..10 {
                // In opposite orders, so that rows which two writers want are wanted crosswise.
                let names = ["zlib", "openssl", "bash", "apt"];
                let record = layer_record("a", &names[writer % 4..]);
                let own = digest(&format!("{writer} {number}"));
                let common = digest(&format!("common {number}"));
                for layer in [own, common] {
                    store
                        .save_layer(&layer, "set", &record, at(0))
                        .await
                        .unwrap();
                }
            }
        }));
    }
    for writer in writers {
        writer.await.unwrap();
    }
    let layers: Vec<_> = (0..4)
        .flat_map(|writer| (0..10).map(move |number| format!("{writer} {number}")))
        .chain((0..10).map(|number| format!("common {number}")))
        .map(|name| digest(&name))
        .collect();
    let store = harness.open().await;
    assert_eq!(store.known_layers(&layers, "set").await.unwrap().len(), 50);
}
