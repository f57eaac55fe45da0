use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use jiff::Timestamp;
use limpid_types::Digest;

use crate::StoreError;

/// What one reading of a layer gave. The store does not look into the first two parts, which are
/// apart because the second is large and only seldom needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerRecord {
    /// What was seen in the layer.
    pub evidence: Vec<u8>,
    /// Which files the packages of the layer own.
    pub owned_files: Vec<u8>,
    /// The names under which advisories may speak of the layer's packages: their own and those of
    /// their sources.
    pub packages: BTreeSet<String>,
}

/// A manifest that was indexed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestRecord {
    /// Its layers in their order; a layer may come more than once.
    pub layers: Vec<Digest>,
    /// The set of detectors that went over all of them.
    pub detector_set: String,
}

/// Keeps what was seen in layers, and which layers manifests have.
///
/// Index reports are not kept: they are made from the evidence of the layers whenever they are
/// asked for.
#[async_trait]
pub trait IndexStore: Send + Sync {
    /// Keeps what a set of detectors saw in a layer.
    ///
    /// A layer never changes, so what is there already stays. A layer that no manifest has is
    /// kept until [`IndexStore::remove_unused_layers`] finds it.
    async fn save_layer(
        &self,
        layer: &Digest,
        detector_set: &str,
        record: &LayerRecord,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Returns what a set of detectors saw in some layers, as far as it has been over them.
    async fn evidence(
        &self,
        layers: &[Digest],
        detector_set: &str,
    ) -> Result<BTreeMap<Digest, Vec<u8>>, StoreError>;

    /// Returns the owned files of some layers, as far as a set of detectors has been over them.
    async fn owned_files(
        &self,
        layers: &[Digest],
        detector_set: &str,
    ) -> Result<BTreeMap<Digest, Vec<u8>>, StoreError>;

    /// Returns those of some layers that a set of detectors has been over.
    async fn known_layers(
        &self,
        layers: &[Digest],
        detector_set: &str,
    ) -> Result<BTreeSet<Digest>, StoreError>;

    /// Keeps that a manifest is indexed: which layers it has, in their order, and which set of
    /// detectors went over them. What was kept of it before is replaced, and a failure of an
    /// earlier attempt is forgotten (but not a job that waits or runs).
    ///
    /// Tells whether it was kept. It is not when the evidence of a layer is not there (any more),
    /// because a manifest that had it was deleted meanwhile; then nothing is changed.
    async fn save_manifest(
        &self,
        manifest: &Digest,
        record: &ManifestRecord,
    ) -> Result<bool, StoreError>;

    /// Returns what is kept of a manifest.
    async fn manifest(&self, manifest: &Digest) -> Result<Option<ManifestRecord>, StoreError>;

    /// Forgets manifests, their jobs, and those of their layers that no other manifest has, all or
    /// none. Returns those of which there was anything, be it only a job.
    async fn delete_manifests(&self, manifests: &[Digest]) -> Result<BTreeSet<Digest>, StoreError>;

    /// Forgets layers that no manifest has and that were saved before some time, at most `limit`
    /// of them. Returns how many there were. What a set of detectors saw in a layer counts as a
    /// layer of its own, which only manifests of the same set have.
    async fn remove_unused_layers(
        &self,
        saved_before: Timestamp,
        limit: usize,
    ) -> Result<usize, StoreError>;

    /// Returns the manifests that have a layer with a package of one of some names, in the order
    /// of their digests, beginning behind `after`, at most `limit`.
    ///
    /// A manifest that is returned need not have the package: an upper layer may have removed it.
    async fn manifests_with_packages(
        &self,
        packages: &BTreeSet<String>,
        after: Option<&Digest>,
        limit: usize,
    ) -> Result<Vec<Digest>, StoreError>;
}
