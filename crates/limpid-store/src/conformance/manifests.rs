//! Promises of [`IndexStore`](crate::IndexStore) about manifests, and about what they keep alive.

#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "these are tests"
)]

use std::collections::BTreeSet;
use std::sync::Arc;

use limpid_types::Digest;

use super::Harness;
use super::samples::{at, digest, digests, layer_record, manifest_record, save_layers};
use crate::Store;

async fn save(store: &Arc<dyn Store>, manifest: &str, layers: &[&str]) -> bool {
    let record = manifest_record(layers);
    store
        .save_manifest(&digest(manifest), &record)
        .await
        .unwrap()
}

async fn delete(store: &Arc<dyn Store>, manifests: &[&str]) -> BTreeSet<Digest> {
    let manifests: Vec<_> = manifests.iter().map(|name| digest(name)).collect();
    store.delete_manifests(&manifests).await.unwrap()
}

async fn known(store: &Arc<dyn Store>, layers: &[&str]) -> BTreeSet<Digest> {
    let layers: Vec<_> = layers.iter().map(|name| digest(name)).collect();
    store.known_layers(&layers, "set").await.unwrap()
}

/// What was acknowledged is there when the database is opened again.
pub async fn a_manifest_comes_back_after_reopening<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    assert_eq!(store.manifest(&digest("image")).await.unwrap(), None);
    save_layers(&store, &["a", "b"]).await;
    assert!(save(&store, "image", &["a", "b"]).await);
    drop(store);
    let store = harness.open().await;
    let kept = store.manifest(&digest("image")).await.unwrap();
    assert_eq!(kept, Some(manifest_record(&["a", "b"])));
    assert_eq!(store.manifest(&digest("a")).await.unwrap(), None);
}

/// A manifest may have the same layer twice, and none at all.
pub async fn layers_keep_their_order_and_repetitions<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    save_layers(&store, &["z", "a", "m"]).await;
    for (name, layers) in [("full", &["z", "a", "z", "m"][..]), ("empty", &[])] {
        assert!(save(&store, name, layers).await);
        let kept = store.manifest(&digest(name)).await.unwrap();
        assert_eq!(kept, Some(manifest_record(layers)));
    }
    assert_eq!(delete(&store, &["full"]).await, digests(&["full"]));
    assert_eq!(known(&store, &["z", "a", "m"]).await, digests(&[]));
}

/// Nobody gets a manifest whose report cannot be made.
pub async fn a_manifest_needs_the_evidence_of_its_layers<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    save_layers(&store, &["a"]).await;
    let foreign = layer_record("foreign", &[]);
    store
        .save_layer(&digest("foreign"), "other", &foreign, at(0))
        .await
        .unwrap();
    for layers in [&["a", "missing"], &["a", "foreign"]] {
        assert!(!save(&store, "image", layers).await);
        assert_eq!(store.manifest(&digest("image")).await.unwrap(), None);
    }
    assert!(save(&store, "image", &["a"]).await);
    assert!(!save(&store, "image", &["missing"]).await);
    let kept = store.manifest(&digest("image")).await.unwrap();
    assert_eq!(kept, Some(manifest_record(&["a"])));
}

/// The newest record of a manifest is the one that counts.
pub async fn a_later_record_of_a_manifest_replaces_the_first<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    save_layers(&store, &["a", "b"]).await;
    for layers in [&["a", "b"][..], &["a", "b"], &["b"], &["b", "b", "a"]] {
        assert!(save(&store, "image", layers).await);
        let kept = store.manifest(&digest("image")).await.unwrap();
        assert_eq!(kept, Some(manifest_record(layers)));
    }
    let mut record = manifest_record(&["a"]);
    record.detector_set = "new".into();
    assert!(
        !store
            .save_manifest(&digest("image"), &record)
            .await
            .unwrap()
    );
    let seen = layer_record("a", &[]);
    store
        .save_layer(&digest("a"), "new", &seen, at(0))
        .await
        .unwrap();
    assert!(
        store
            .save_manifest(&digest("image"), &record)
            .await
            .unwrap()
    );
    let kept = store.manifest(&digest("image")).await.unwrap();
    assert_eq!(kept, Some(record));
}

/// Deleting takes what nobody else needs, and only that.
pub async fn deleting_a_manifest_keeps_layers_that_others_have<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    save_layers(&store, &["shared", "own"]).await;
    assert!(save(&store, "first", &["shared", "own"]).await);
    assert!(save(&store, "second", &["shared"]).await);
    assert_eq!(delete(&store, &["first"]).await, digests(&["first"]));
    assert_eq!(delete(&store, &["first"]).await, digests(&[]));
    assert_eq!(store.manifest(&digest("first")).await.unwrap(), None);
    let left = known(&store, &["shared", "own"]).await;
    assert_eq!(left, digests(&["shared"]));
    let files = store.owned_files(&[digest("own")], "set").await.unwrap();
    assert!(files.is_empty());
    let kept = store.manifest(&digest("second")).await.unwrap();
    assert_eq!(kept, Some(manifest_record(&["shared"])));
}

/// Many manifests go at once; what only they shared goes with them.
pub async fn many_manifests_are_deleted_at_once<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    save_layers(&store, &["base", "common", "kept"]).await;
    let names: Vec<_> = (0..300).map(|number| format!("image {number}")).collect();
    for name in &names {
        assert!(save(&store, name, &["base", "common"]).await);
    }
    assert!(save(&store, "other", &["base", "kept"]).await);
    let there: BTreeSet<_> = names.iter().map(|name| digest(name)).collect();
    let mut asked: Vec<_> = there.iter().cloned().collect();
    asked.push(digest("image 0"));
    asked.extend((0..700).map(|number| digest(&format!("unknown {number}"))));
    assert_eq!(store.delete_manifests(&asked).await.unwrap(), there);
    assert_eq!(store.delete_manifests(&[]).await.unwrap(), digests(&[]));
    let left = known(&store, &["base", "common", "kept"]).await;
    assert_eq!(left, digests(&["base", "kept"]));
    assert_eq!(delete(&store, &["other"]).await, digests(&["other"]));
    let left = known(&store, &["base", "common", "kept"]).await;
    assert_eq!(left, digests(&[]));
}

/// A layer that was forgotten is a new layer when it comes again.
pub async fn a_deleted_layer_can_be_saved_again<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    let layer = digest("layer");
    for text in ["a", "b"] {
        let record = layer_record(text, &["openssl"]);
        store
            .save_layer(&layer, "set", &record, at(0))
            .await
            .unwrap();
        assert!(save(&store, "image", &["layer"]).await);
        let evidence = store.evidence(std::slice::from_ref(&layer), "set").await;
        assert_eq!(evidence.unwrap()[&layer], record.evidence);
        assert_eq!(delete(&store, &["image"]).await, digests(&["image"]));
        assert_eq!(known(&store, &["layer"]).await, digests(&[]));
    }
}

/// What no manifest has goes when it is old enough, in portions; what one has stays.
pub async fn unused_layers_are_removed_when_they_are_old<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    let names = ["used", "young", "old 1", "old 2", "old 3"];
    for (name, saved) in names.into_iter().zip([0, 100, 1, 2, 3]) {
        let record = layer_record(name, &["openssl"]);
        store
            .save_layer(&digest(name), "set", &record, at(saved))
            .await
            .unwrap();
    }
    assert!(save(&store, "image", &["used"]).await);
    for (before, limit, removed) in [(1, 10, 0), (100, 2, 2), (100, 2, 1), (100, 2, 0)] {
        let count = store.remove_unused_layers(at(before), limit).await.unwrap();
        assert_eq!(count, removed, "before {before}");
    }
    let left = known(&store, &names).await;
    assert_eq!(left, digests(&["used", "young"]));
    assert!(!save(&store, "late", &["old 1"]).await);
    assert_eq!(store.remove_unused_layers(at(101), 9).await.unwrap(), 1);
    assert_eq!(known(&store, &names).await, digests(&["used"]));
}

/// A layer that a manifest had before it was indexed anew is swept like any other.
pub async fn layers_that_a_manifest_lost_are_unused<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    save_layers(&store, &["lost", "kept", "shared"]).await;
    assert!(save(&store, "image", &["lost", "kept", "shared"]).await);
    assert!(save(&store, "other", &["shared"]).await);
    assert!(save(&store, "image", &["kept"]).await);
    assert_eq!(store.remove_unused_layers(at(1000), 10).await.unwrap(), 1);
    let left = known(&store, &["lost", "kept", "shared"]).await;
    assert_eq!(left, digests(&["kept", "shared"]));
    assert!(!save(&store, "image", &["lost"]).await);
}

/// What an older set of detectors saw is swept when no manifest says any more that it is its set.
pub async fn evidence_of_a_former_detector_set_is_unused<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    let layer = digest("layer");
    save_layers(&store, &["layer"]).await;
    assert!(save(&store, "image", &["layer"]).await);
    let seen_anew = layer_record("anew", &["openssl"]);
    store
        .save_layer(&layer, "new", &seen_anew, at(0))
        .await
        .unwrap();
    let mut record = manifest_record(&["layer"]);
    record.detector_set = "new".into();
    assert!(
        store
            .save_manifest(&digest("image"), &record)
            .await
            .unwrap()
    );
    assert_eq!(store.remove_unused_layers(at(1000), 10).await.unwrap(), 1);
    assert_eq!(known(&store, &["layer"]).await, digests(&[]));
    let evidence = store.evidence(std::slice::from_ref(&layer), "new").await;
    assert_eq!(evidence.unwrap()[&layer], seen_anew.evidence);
}

/// Whoever saves a manifest while another that shares its layer is deleted is told the truth: either
/// it is kept with its evidence, or it is not kept.
pub async fn saving_and_deleting_at_once_leaves_no_manifest_without_evidence<H: Harness>() {
    let harness = H::create().await;
    let deleter = harness.open().await;
    let saver = harness.open().await;
    for round in 0..30 {
        save_layers(&deleter, &["shared"]).await;
        assert!(save(&deleter, "leaving", &["shared"]).await);
        let deleting = {
            let store = Arc::clone(&deleter);
            tokio::spawn(async move { delete(&store, &["leaving"]).await })
        };
        let saving = {
            let store = Arc::clone(&saver);
            tokio::spawn(async move { save(&store, "coming", &["shared"]).await })
        };
        let is_kept = saving.await.unwrap();
        assert_eq!(deleting.await.unwrap(), digests(&["leaving"]));
        let manifest = saver.manifest(&digest("coming")).await.unwrap();
        let evidence = known(&saver, &["shared"]).await;
        assert_eq!(manifest.is_some(), is_kept, "round {round}");
        let expected = if is_kept { &["shared"][..] } else { &[] };
        assert_eq!(evidence, digests(expected), "round {round}");
        delete(&saver, &["coming"]).await;
    }
}

/// Whoever saves a manifest while unused layers are swept is told the truth as well.
pub async fn saving_and_sweeping_at_once_leaves_no_manifest_without_evidence<H: Harness>() {
    let harness = H::create().await;
    let sweeper = harness.open().await;
    let saver = harness.open().await;
    for round in 0..30 {
        save_layers(&saver, &["layer"]).await;
        let sweeping = {
            let store = Arc::clone(&sweeper);
            tokio::spawn(async move { store.remove_unused_layers(at(1000), 10).await.unwrap() })
        };
        let is_kept = save(&saver, "image", &["layer"]).await;
        let swept = sweeping.await.unwrap();
        assert_eq!(swept, usize::from(!is_kept), "round {round}");
        let evidence = known(&saver, &["layer"]).await;
        assert_eq!(evidence.len(), usize::from(is_kept), "round {round}");
        delete(&saver, &["image"]).await;
    }
}
