use std::collections::BTreeSet;

use async_trait::async_trait;
use limpid_types::Digest;

use crate::StoreError;

/// What one reading of a layer gave. The store does not look into it.
///
/// The two parts are apart because the second is large and only seldom needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerRecord {
    /// What was seen in the layer.
    pub evidence: Vec<u8>,
    /// Which files the packages of the layer own.
    pub owned_files: Vec<u8>,
}

/// Keeps what was seen in layers, and the index reports of manifests.
#[async_trait]
pub trait IndexStore: Send + Sync {
    /// Keeps what a set of detectors saw in a layer.
    ///
    /// A layer never changes, so what is there already stays.
    async fn save_layer(
        &self,
        layer: &Digest,
        detector_set: &str,
        record: &LayerRecord,
    ) -> Result<(), StoreError>;

    /// Returns what a set of detectors saw in a layer.
    async fn layer(
        &self,
        layer: &Digest,
        detector_set: &str,
    ) -> Result<Option<LayerRecord>, StoreError>;

    /// Returns the evidence of a layer without its owned files.
    async fn layer_evidence(
        &self,
        layer: &Digest,
        detector_set: &str,
    ) -> Result<Option<Vec<u8>>, StoreError>;

    /// Returns the owned files of a layer without its evidence.
    async fn owned_files(
        &self,
        layer: &Digest,
        detector_set: &str,
    ) -> Result<Option<Vec<u8>>, StoreError>;

    /// Returns those of some layers that a set of detectors has been over.
    async fn known_layers(
        &self,
        layers: &[Digest],
        detector_set: &str,
    ) -> Result<BTreeSet<Digest>, StoreError>;

    /// Keeps the index report of a manifest under a key (which says how it was made), and which
    /// layers the manifest has, in their order. A report with the same key is replaced.
    async fn save_index_report(
        &self,
        manifest: &Digest,
        key: &str,
        layers: &[Digest],
        report: &[u8],
    ) -> Result<(), StoreError>;

    /// Returns the index report of a manifest that was kept under a key.
    async fn index_report(
        &self,
        manifest: &Digest,
        key: &str,
    ) -> Result<Option<Vec<u8>>, StoreError>;

    /// Returns the layers of a manifest in their order; none when the manifest is not known.
    async fn manifest_layers(&self, manifest: &Digest) -> Result<Option<Vec<Digest>>, StoreError>;

    /// Forgets a manifest, its reports, and those of its layers that no other manifest has.
    /// Tells whether there was such a manifest.
    async fn delete_manifest(&self, manifest: &Digest) -> Result<bool, StoreError>;
}
