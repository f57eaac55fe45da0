use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use limpid_detect::DETECTOR_SET;
use limpid_store::{IndexStore, ManifestRecord};
use limpid_types::{Digest, LayerEvidence};
use tokio::task::spawn_blocking;

use crate::cache::Cache;
use crate::{IndexError, evidence_codec, footprint};

/// How many layers the store is asked for at once. Nearly every image has fewer.
const BATCH: usize = 64;

/// The evidence that there is, with what was used last kept ready: images share their bases.
pub(crate) struct KnownLayers {
    store: Arc<dyn IndexStore>,
    ready: Cache<Digest, Arc<LayerEvidence>>,
    /// The most that the evidence of one image may take.
    limit: u64,
}

impl KnownLayers {
    /// Keeps so many bytes of evidence ready, and refuses images that have more than a limit.
    pub(crate) fn new(store: Arc<dyn IndexStore>, ready_bytes: usize, limit: u64) -> Self {
        Self {
            store,
            ready: Cache::new(ready_bytes),
            limit,
        }
    }

    /// Returns the evidence of those of an image's layers that a set of detectors has been over.
    pub(crate) async fn evidence(
        &self,
        image: &str,
        layers: &[Digest],
        detector_set: &str,
    ) -> Result<BTreeMap<Digest, Arc<LayerEvidence>>, IndexError> {
        // Evidence of former detectors serves until it is replaced, and is not worth the room.
        let is_present = detector_set == DETECTOR_SET;
        let mut found = BTreeMap::new();
        let mut bytes = 0_u64;
        let mut missing = Vec::new();
        for layer in layers.iter().collect::<BTreeSet<_>>() {
            match self.ready.get(layer).filter(|_| is_present) {
                Some(evidence) => {
                    bytes = bytes.saturating_add(footprint::of_evidence(&evidence) as u64);
                    found.insert(layer.clone(), evidence);
                }
                None => missing.push(layer.clone()),
            }
        }
        for batch in missing.chunks(BATCH) {
            let stored = self.store.evidence(batch, detector_set).await?;
            for (layer, evidence, footprint) in decode(stored, self.limit).await {
                bytes = bytes.saturating_add(footprint as u64);
                if is_present {
                    self.ready
                        .insert(layer.clone(), Arc::clone(&evidence), footprint);
                }
                found.insert(layer, evidence);
            }
            if bytes > self.limit {
                break;
            }
        }
        self.check(image, bytes)?;
        Ok(found)
    }

    /// Completes the lists of the files that packages own, if the image has packages of programming
    /// languages, which may be in such files.
    pub(crate) async fn owned_files(
        &self,
        record: &ManifestRecord,
        evidence: &BTreeMap<Digest, Arc<LayerEvidence>>,
        mut known: BTreeMap<Digest, Arc<[u8]>>,
    ) -> Result<BTreeMap<Digest, Arc<[u8]>>, IndexError> {
        let mut databases = evidence.values().flat_map(|it| &it.databases);
        if !databases.any(|database| database.kind.is_language()) {
            return Ok(BTreeMap::new());
        }
        let layers: BTreeSet<&Digest> = record.layers.iter().collect();
        let missing: Vec<Digest> = layers
            .into_iter()
            .filter(|layer| !known.contains_key(*layer))
            .cloned()
            .collect();
        for batch in missing.chunks(BATCH) {
            let stored = self.store.owned_files(batch, &record.detector_set).await?;
            let stored = stored.into_iter();
            known.extend(stored.map(|(layer, files)| (layer, files.into())));
        }
        Ok(known)
    }

    /// Refuses an image whose evidence takes so many bytes that no report could be made of it.
    pub(crate) fn check(&self, image: &str, bytes: u64) -> Result<(), IndexError> {
        if bytes <= self.limit {
            return Ok(());
        }
        Err(IndexError::TooMuchEvidence {
            image: image.to_owned(),
            limit: self.limit,
        })
    }

    /// Keeps what was just read ready.
    pub(crate) fn keep(&self, layer: Digest, evidence: &Arc<LayerEvidence>) {
        let footprint = footprint::of_evidence(evidence);
        self.ready.insert(layer, Arc::clone(evidence), footprint);
    }

    /// Forgets what is ready of layers that may have been deleted.
    pub(crate) fn forget(&self, layers: &[Digest]) {
        for layer in layers {
            self.ready.remove(layer);
        }
    }
}

/// Decodes evidence, with how much memory it takes; what is damaged is left out.
async fn decode(
    stored: BTreeMap<Digest, Vec<u8>>,
    limit: u64,
) -> Vec<(Digest, Arc<LayerEvidence>, usize)> {
    if stored.is_empty() {
        return Vec::new();
    }
    let decoding = spawn_blocking(move || {
        let decoded = stored.into_iter().filter_map(|(layer, stored)| {
            let Some(evidence) = evidence_codec::decode(&stored, limit) else {
                tracing::warn!(%layer, "stored evidence is damaged");
                return None;
            };
            let footprint = footprint::of_evidence(&evidence);
            Some((layer, Arc::new(evidence), footprint))
        });
        decoded.collect()
    });
    // A panic would be a defect; without the evidence, the layers are read again.
    decoding.await.unwrap_or_default()
}
