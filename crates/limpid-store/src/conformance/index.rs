//! Promises of [`IndexStore`](crate::IndexStore).

#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "these are tests"
)]

use std::collections::BTreeSet;

use super::Harness;
use super::samples::digest;
use crate::LayerRecord;

fn record(text: &str) -> LayerRecord {
    LayerRecord {
        evidence: format!("evidence of {text}").into_bytes(),
        owned_files: format!("files of {text}").into_bytes(),
    }
}

/// A layer comes back as it was saved, whole and in parts, also for others.
pub async fn a_layer_comes_back_as_it_was_saved<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    let layer = digest("layer");
    assert_eq!(store.layer(&layer, "set").await.unwrap(), None);
    store.save_layer(&layer, "set", &record("a")).await.unwrap();
    let other = harness.open().await;
    for store in [store, other] {
        assert_eq!(store.layer(&layer, "set").await.unwrap(), Some(record("a")));
        let evidence = store.layer_evidence(&layer, "set").await.unwrap();
        assert_eq!(evidence, Some(record("a").evidence));
        let files = store.owned_files(&layer, "set").await.unwrap();
        assert_eq!(files, Some(record("a").owned_files));
    }
}

/// Saving a layer again changes nothing.
pub async fn the_first_record_of_a_layer_stays<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    let layer = digest("layer");
    store.save_layer(&layer, "set", &record("a")).await.unwrap();
    store.save_layer(&layer, "set", &record("b")).await.unwrap();
    assert_eq!(store.layer(&layer, "set").await.unwrap(), Some(record("a")));
}

/// What one set of detectors saw is not taken for what another saw.
pub async fn detector_sets_are_apart<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    let layer = digest("layer");
    store.save_layer(&layer, "old", &record("a")).await.unwrap();
    assert_eq!(store.layer(&layer, "new").await.unwrap(), None);
    assert_eq!(store.layer_evidence(&layer, "new").await.unwrap(), None);
    assert_eq!(store.owned_files(&layer, "new").await.unwrap(), None);
    store.save_layer(&layer, "new", &record("b")).await.unwrap();
    assert_eq!(store.layer(&layer, "old").await.unwrap(), Some(record("a")));
    assert_eq!(store.layer(&layer, "new").await.unwrap(), Some(record("b")));
}

/// Only layers that were saved for the set are known; asking for many at once is no problem.
pub async fn known_layers_are_those_that_were_saved<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    let (known, foreign) = (digest("known"), digest("foreign"));
    store.save_layer(&known, "set", &record("a")).await.unwrap();
    store
        .save_layer(&foreign, "other", &record("b"))
        .await
        .unwrap();
    let mut asked = vec![known.clone(), foreign, known.clone()];
    asked.extend((0..3000).map(|number| digest(&format!("unknown {number}"))));
    let answer = store.known_layers(&asked, "set").await.unwrap();
    assert_eq!(answer, BTreeSet::from([known]));
    assert!(store.known_layers(&[], "set").await.unwrap().is_empty());
}

/// What was acknowledged is there when the database is opened again.
pub async fn an_index_report_comes_back_after_reopening<H: Harness>() {
    let harness = H::create().await;
    let (manifest, layer) = (digest("manifest"), digest("layer"));
    let store = harness.open().await;
    store
        .save_index_report(&manifest, "key", std::slice::from_ref(&layer), b"report")
        .await
        .unwrap();
    drop(store);
    let store = harness.open().await;
    let report = store.index_report(&manifest, "key").await.unwrap();
    assert_eq!(report.as_deref(), Some(&b"report"[..]));
    assert_eq!(store.index_report(&manifest, "other").await.unwrap(), None);
    assert_eq!(store.index_report(&layer, "key").await.unwrap(), None);
}

/// The newest report of a key is the one that counts; other keys are left alone.
pub async fn a_later_report_with_the_same_key_replaces_the_first<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    let manifest = digest("manifest");
    for (key, layer, report) in [
        ("1", "a", "first"),
        ("2", "a", "other"),
        ("1", "b", "second"),
    ] {
        store
            .save_index_report(&manifest, key, &[digest(layer)], report.as_bytes())
            .await
            .unwrap();
    }
    let report = store.index_report(&manifest, "1").await.unwrap();
    assert_eq!(report.as_deref(), Some(&b"second"[..]));
    let report = store.index_report(&manifest, "2").await.unwrap();
    assert_eq!(report.as_deref(), Some(&b"other"[..]));
    let layers = store.manifest_layers(&manifest).await.unwrap();
    assert_eq!(layers, Some(vec![digest("b")]));
}

/// A manifest may have the same layer twice, and none at all.
pub async fn layers_keep_their_order_and_repetitions<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    let layers = vec![digest("z"), digest("a"), digest("z"), digest("m")];
    let (full, empty) = (digest("full"), digest("empty"));
    store
        .save_index_report(&full, "key", &layers, b"{}")
        .await
        .unwrap();
    store
        .save_index_report(&empty, "key", &[], b"{}")
        .await
        .unwrap();
    assert_eq!(store.manifest_layers(&full).await.unwrap(), Some(layers));
    assert_eq!(store.manifest_layers(&empty).await.unwrap(), Some(vec![]));
    assert_eq!(store.manifest_layers(&digest("?")).await.unwrap(), None);
}

/// Deleting takes what nobody else needs, and only that.
pub async fn deleting_a_manifest_keeps_layers_that_others_have<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    let (shared, own) = (digest("shared"), digest("own"));
    for layer in [&shared, &own] {
        store.save_layer(layer, "set", &record("a")).await.unwrap();
    }
    let (first, second) = (digest("first"), digest("second"));
    store
        .save_index_report(&first, "key", &[shared.clone(), own.clone()], b"1")
        .await
        .unwrap();
    store
        .save_index_report(&second, "key", std::slice::from_ref(&shared), b"2")
        .await
        .unwrap();
    assert!(store.delete_manifest(&first).await.unwrap());
    assert!(!store.delete_manifest(&first).await.unwrap());
    assert_eq!(store.index_report(&first, "key").await.unwrap(), None);
    assert_eq!(store.manifest_layers(&first).await.unwrap(), None);
    let known = store
        .known_layers(&[shared.clone(), own], "set")
        .await
        .unwrap();
    assert_eq!(known, BTreeSet::from([shared]));
    let report = store.index_report(&second, "key").await.unwrap();
    assert_eq!(report.as_deref(), Some(&b"2"[..]));
}

/// A layer that was forgotten is a new layer when it comes again.
pub async fn a_deleted_layer_can_be_saved_again<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    let (manifest, layer) = (digest("manifest"), digest("layer"));
    for text in ["a", "b"] {
        store
            .save_layer(&layer, "set", &record(text))
            .await
            .unwrap();
        let layers = std::slice::from_ref(&layer);
        store
            .save_index_report(&manifest, "key", layers, b"1")
            .await
            .unwrap();
        let saved = store.layer(&layer, "set").await.unwrap();
        assert_eq!(saved, Some(record(text)));
        assert!(store.delete_manifest(&manifest).await.unwrap());
        assert_eq!(store.layer(&layer, "set").await.unwrap(), None);
    }
}

/// Several processes that write at the same time all get through.
pub async fn writers_wait_for_each_other<H: Harness>() {
    let harness = H::create().await;
    let mut writers = Vec::new();
    for writer in 0..4 {
        let store = harness.open().await;
        writers.push(tokio::spawn(async move {
            for number in 0..10 {
                let layer = digest(&format!("{writer} {number}"));
                store.save_layer(&layer, "set", &record("a")).await.unwrap();
            }
        }));
    }
    for writer in writers {
        writer.await.unwrap();
    }
    let layers: Vec<_> = (0..4)
        .flat_map(|writer| (0..10).map(move |number| digest(&format!("{writer} {number}"))))
        .collect();
    let store = harness.open().await;
    assert_eq!(store.known_layers(&layers, "set").await.unwrap().len(), 40);
}
