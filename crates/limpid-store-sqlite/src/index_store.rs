use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use jiff::Timestamp;
use limpid_store::{IndexStore, LayerRecord, ManifestRecord, StoreError};
use limpid_types::Digest;

use crate::{SqliteStore, layers, manifests};

#[async_trait]
impl IndexStore for SqliteStore {
    async fn save_layer(
        &self,
        layer: &Digest,
        detector_set: &str,
        record: &LayerRecord,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (layer, set, record) = (layer.clone(), detector_set.to_owned(), record.clone());
        self.write("save layer", move |transaction| {
            layers::save(transaction, &layer, &set, &record, now)
        })
        .await
    }

    async fn evidence(
        &self,
        layers: &[Digest],
        detector_set: &str,
    ) -> Result<BTreeMap<Digest, Vec<u8>>, StoreError> {
        let (layers, set) = (layers.to_vec(), detector_set.to_owned());
        self.read("load evidence", move |connection| {
            layers::evidence(connection, layers, &set)
        })
        .await
    }

    async fn owned_files(
        &self,
        layers: &[Digest],
        detector_set: &str,
    ) -> Result<BTreeMap<Digest, Vec<u8>>, StoreError> {
        let (layers, set) = (layers.to_vec(), detector_set.to_owned());
        self.read("load owned files", move |connection| {
            layers::owned_files(connection, layers, &set)
        })
        .await
    }

    async fn known_layers(
        &self,
        layers: &[Digest],
        detector_set: &str,
    ) -> Result<BTreeSet<Digest>, StoreError> {
        let (layers, set) = (layers.to_vec(), detector_set.to_owned());
        self.read("find known layers", move |connection| {
            layers::known(connection, layers, &set)
        })
        .await
    }

    async fn save_manifest(
        &self,
        manifest: &Digest,
        record: &ManifestRecord,
    ) -> Result<bool, StoreError> {
        let (manifest, record) = (manifest.clone(), record.clone());
        self.write("save manifest", move |transaction| {
            manifests::save(transaction, &manifest, &record)
        })
        .await
    }

    async fn manifest(&self, manifest: &Digest) -> Result<Option<ManifestRecord>, StoreError> {
        let manifest = manifest.clone();
        self.read("load manifest", move |connection| {
            manifests::load(connection, &manifest)
        })
        .await
    }

    async fn delete_manifests(&self, manifests: &[Digest]) -> Result<BTreeSet<Digest>, StoreError> {
        let manifests = manifests.to_vec();
        self.delete("delete manifests", move |transaction| {
            manifests::delete(transaction, manifests)
        })
        .await
    }

    async fn remove_unused_layers(
        &self,
        saved_before: Timestamp,
        limit: usize,
    ) -> Result<usize, StoreError> {
        self.delete("remove unused layers", move |transaction| {
            layers::remove_unused(transaction, saved_before, limit)
        })
        .await
    }

    async fn manifests_with_packages(
        &self,
        packages: &BTreeSet<String>,
        after: Option<&Digest>,
        limit: usize,
    ) -> Result<Vec<Digest>, StoreError> {
        let (packages, after) = (packages.clone(), after.cloned());
        self.read("find manifests with packages", move |connection| {
            manifests::with_packages(connection, &packages, after.as_ref(), limit)
        })
        .await
    }
}
