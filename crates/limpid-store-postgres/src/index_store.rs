use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use jiff::Timestamp;
use limpid_store::{IndexStore, LayerRecord, ManifestRecord, StoreError};
use limpid_types::Digest;

use crate::{PostgresStore, column, layers, manifests};

/// How many layers are looked at in one transaction by whoever sweeps.
const SWEEP: usize = 500;

#[async_trait]
impl IndexStore for PostgresStore {
    async fn save_layer(
        &self,
        layer: &Digest,
        detector_set: &str,
        record: &LayerRecord,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let digest = column::digest_bytes(layer);
        let packages = column::packages(&record.packages);
        let new = layers::NewLayer {
            digest: &digest,
            packages: &packages,
            record,
            saved: now.as_millisecond(),
        };
        self.database()
            .work("save layer", || layers::save(self, &new, detector_set))
            .await
    }

    async fn evidence(
        &self,
        layers: &[Digest],
        detector_set: &str,
    ) -> Result<BTreeMap<Digest, Vec<u8>>, StoreError> {
        let digests = column::digests(layers);
        self.database()
            .work("load evidence", || {
                layers::evidence(self.database(), &digests, detector_set)
            })
            .await
    }

    async fn owned_files(
        &self,
        layers: &[Digest],
        detector_set: &str,
    ) -> Result<BTreeMap<Digest, Vec<u8>>, StoreError> {
        let digests = column::digests(layers);
        self.database()
            .work("load owned files", || {
                layers::owned_files(self.database(), &digests, detector_set)
            })
            .await
    }

    async fn known_layers(
        &self,
        layers: &[Digest],
        detector_set: &str,
    ) -> Result<BTreeSet<Digest>, StoreError> {
        let digests = column::digests(layers);
        self.database()
            .work("find known layers", || {
                layers::known(self.database(), &digests, detector_set)
            })
            .await
    }

    async fn save_manifest(
        &self,
        manifest: &Digest,
        record: &ManifestRecord,
    ) -> Result<bool, StoreError> {
        let digest = column::digest_bytes(manifest);
        self.database()
            .work("save manifest", || manifests::save(self, &digest, record))
            .await
    }

    async fn manifest(&self, manifest: &Digest) -> Result<Option<ManifestRecord>, StoreError> {
        let digest = column::digest_bytes(manifest);
        self.database()
            .work("load manifest", || {
                manifests::load(self.database(), &digest)
            })
            .await
    }

    async fn delete_manifests(&self, manifests: &[Digest]) -> Result<BTreeSet<Digest>, StoreError> {
        let digests = column::digests(manifests);
        self.database()
            .work("delete manifests", || {
                manifests::delete(self.database(), &digests)
            })
            .await
    }

    async fn remove_unused_layers(
        &self,
        saved_before: Timestamp,
        limit: usize,
    ) -> Result<usize, StoreError> {
        let before = saved_before.as_millisecond();
        let mut removed = 0;
        while removed < limit {
            let asked = (limit - removed).min(SWEEP);
            let swept = self
                .database()
                .work("remove unused layers", || {
                    layers::sweep(self.database(), before, asked)
                })
                .await?;
            removed += swept.removed;
            if swept.seen < asked {
                break;
            }
        }
        Ok(removed)
    }

    async fn manifests_with_packages(
        &self,
        packages: &BTreeSet<String>,
        after: Option<&Digest>,
        limit: usize,
    ) -> Result<Vec<Digest>, StoreError> {
        let packages = column::packages(packages);
        // No digest comes before the empty one.
        let after = after.map(column::digest_bytes).unwrap_or_default();
        self.database()
            .work("find manifests with packages", || {
                manifests::with_packages(self.database(), &packages, &after, limit)
            })
            .await
    }
}
