//! Promises of [`IndexStore`](crate::IndexStore) about finding manifests by packages.

#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "these are tests"
)]

use std::collections::BTreeSet;
use std::sync::Arc;

use limpid_types::Digest;

use super::Harness;
use super::samples::{at, digest, digests, layer_record, manifest_record};
use crate::Store;

async fn save_layer(store: &Arc<dyn Store>, name: &str, packages: &[&str]) {
    store
        .save_layer(&digest(name), "set", &layer_record(name, packages), at(0))
        .await
        .unwrap();
}

async fn save_manifest(store: &Arc<dyn Store>, name: &str, layers: &[&str]) {
    let record = manifest_record(layers);
    assert!(store.save_manifest(&digest(name), &record).await.unwrap());
}

async fn with_packages(store: &Arc<dyn Store>, packages: &[&str]) -> BTreeSet<Digest> {
    let names = packages.iter().map(|&name| name.to_owned()).collect();
    let found = store.manifests_with_packages(&names, None, 1000).await;
    let found = found.unwrap();
    assert!(found.is_sorted(), "the order is that of the digests");
    let set: BTreeSet<_> = found.iter().cloned().collect();
    assert_eq!(set.len(), found.len(), "no manifest comes twice");
    set
}

/// A manifest is found by every name of every layer, and by no other; names are taken literally.
pub async fn manifests_are_found_by_the_names_of_their_packages<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    save_layer(&store, "base", &["bash", "openssl"]).await;
    save_layer(&store, "top", &["openssl", "@scope/päckage", "100%"]).await;
    save_layer(&store, "unused", &["zlib"]).await;
    save_manifest(&store, "plain", &["base", "base"]).await;
    save_manifest(&store, "full", &["base", "top"]).await;
    drop(store);
    let store = harness.open().await;
    let both = ["plain", "full"];
    for (names, expected) in [
        (&["bash"][..], &both[..]),
        (&["openssl"], &both),
        (&["@scope/päckage"], &["full"]),
        (&["100%"], &["full"]),
        (&["bash", "100%", "unknown"], &both),
        (&["zlib"], &[]),
        (&["BASH"], &[]),
        (&["bas%"], &[]),
        (&["1000"], &[]),
        (&[], &[]),
    ] {
        let found = with_packages(&store, names).await;
        assert_eq!(found, digests(expected), "{names:?}");
    }
}

/// Many manifests come page by page, none twice and none left out, and new ones do not disturb that.
pub async fn manifests_with_packages_come_in_pages<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    save_layer(&store, "base", &["bash"]).await;
    save_layer(&store, "other", &["openssl"]).await;
    let mut expected = BTreeSet::new();
    for number in 0..25 {
        let name = format!("image {number}");
        save_manifest(&store, &name, &["base", "other"]).await;
        expected.insert(digest(&name));
    }
    let names: BTreeSet<String> = ["bash".to_owned(), "openssl".to_owned()].into();
    let mut found = Vec::new();
    loop {
        let page = store.manifests_with_packages(&names, found.last(), 10);
        let page = page.await.unwrap();
        assert!(page.len() <= 10);
        if page.is_empty() {
            break;
        }
        found.extend(page);
    }
    assert_eq!(found, expected.iter().cloned().collect::<Vec<_>>());
    // The place to go on from need not exist any more.
    let middle = found[12].clone();
    let deleted = store.delete_manifests(std::slice::from_ref(&middle)).await;
    assert_eq!(deleted.unwrap().len(), 1);
    let rest = store.manifests_with_packages(&names, Some(&middle), 1000);
    assert_eq!(rest.await.unwrap(), found[13..]);
}

/// A name leads nowhere once the layers with it are gone, and leads there again when they are back.
pub async fn names_of_deleted_layers_find_nothing<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    for _ in 0..2 {
        save_layer(&store, "base", &["bash"]).await;
        save_layer(&store, "top", &["bash", "zlib"]).await;
        save_manifest(&store, "plain", &["base"]).await;
        save_manifest(&store, "full", &["base", "top"]).await;
        let found = with_packages(&store, &["bash"]).await;
        assert_eq!(found, digests(&["plain", "full"]));
        let full = [digest("full")];
        store.delete_manifests(&full).await.unwrap();
        assert_eq!(with_packages(&store, &["zlib"]).await, digests(&[]));
        let found = with_packages(&store, &["bash"]).await;
        assert_eq!(found, digests(&["plain"]));
        // The same names in a layer that was not there before.
        save_layer(&store, "instead", &["zlib"]).await;
        assert_eq!(with_packages(&store, &["zlib"]).await, digests(&[]));
        save_manifest(&store, "full", &["instead"]).await;
        assert_eq!(with_packages(&store, &["zlib"]).await, digests(&["full"]));
        let both = [digest("full"), digest("plain")];
        store.delete_manifests(&both).await.unwrap();
        assert_eq!(with_packages(&store, &["bash"]).await, digests(&[]));
    }
}
