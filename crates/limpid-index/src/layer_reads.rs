use std::collections::BTreeSet;
use std::sync::Arc;

use limpid_detect::{DETECTOR_SET, Detected};
use limpid_store::{IndexStore, LayerRecord};
use limpid_types::{Digest, LayerEvidence};
use tokio::task::spawn_blocking;

use crate::indexer::Errand;
use crate::known_layers::KnownLayers;
use crate::layer::Layer;
use crate::metrics::LayerSource;
use crate::reading::Cancelled;
use crate::single_flight::SingleFlight;
use crate::{Clock, IndexError, IndexMetrics, Reading, evidence_codec};

/// How often the reading of a layer is joined that others began.
const JOINS: usize = 8;

/// Reads layers, each once for all images that want it at the same time, and keeps what they have.
#[derive(Clone)]
pub(crate) struct LayerReads(Arc<Inner>);

struct Inner {
    store: Arc<dyn IndexStore>,
    reading: Arc<Reading>,
    known: Arc<KnownLayers>,
    clock: Clock,
    metrics: IndexMetrics,
    flights: SingleFlight<Digest, Result<LayerRead, Arc<IndexError>>, ()>,
}

/// What was read of a layer.
#[derive(Clone)]
pub(crate) struct LayerRead {
    /// The evidence.
    pub(crate) evidence: Arc<LayerEvidence>,
    /// Which files the packages of the layer own.
    pub(crate) owned_files: Arc<[u8]>,
    /// How much memory it takes, about.
    pub(crate) bytes: u64,
    /// False when something was left out for want of memory; then it is not kept.
    pub(crate) is_whole: bool,
}

impl LayerReads {
    pub(crate) fn new(
        store: Arc<dyn IndexStore>,
        reading: Arc<Reading>,
        known: Arc<KnownLayers>,
        clock: Clock,
        metrics: IndexMetrics,
    ) -> Self {
        Self(Arc::new(Inner {
            store,
            reading,
            known,
            clock,
            metrics,
            flights: SingleFlight::new(),
        }))
    }

    /// Reads a layer and keeps what it has, or waits for somebody who is at it.
    pub(crate) async fn read(
        &self,
        layer: &Layer,
        errand: &Errand,
    ) -> Result<LayerRead, Arc<IndexError>> {
        let mut joins = 0;
        loop {
            let share = self.0.flights.join(layer.digest.clone(), (), |()| {
                let (inner, layer) = (Arc::clone(&self.0), layer.clone());
                read_and_save(inner, layer, errand.clone())
            });
            joins += 1;
            match share.result().await {
                // The others' address of the layer may be bad, and the own one good.
                Some(Err(_)) if !share.is_first && joins < JOINS => {}
                Some(result) => {
                    let source = if share.is_first {
                        LayerSource::Read
                    } else {
                        LayerSource::Shared
                    };
                    self.0.metrics.layer(source, 1);
                    return result;
                }
                None => {
                    return Err(Arc::new(IndexError::Detector {
                        layer: layer.digest.to_string(),
                    }));
                }
            }
        }
    }
}

async fn read_and_save(
    inner: Arc<Inner>,
    layer: Layer,
    errand: Errand,
) -> Result<LayerRead, Arc<IndexError>> {
    let digest = layer.digest.clone();
    let cancelled = Cancelled::default();
    // When this future is dropped, the thread learns of it at the next byte.
    let _cancels = cancelled.on_drop();
    let reading = Arc::clone(&inner.reading);
    let read = spawn_blocking(move || {
        let detected = reading.layer(&errand.image, &layer, &errand.progress, cancelled)?;
        let read = encode(&layer.digest, detected);
        // Only now is the thread free for somebody else.
        drop(errand.permit);
        read
    });
    let (record, read) = read.await.map_err(|_| IndexError::Detector {
        layer: digest.to_string(),
    })??;
    if read.is_whole {
        let now = inner.clock.now();
        let saved = inner.store.save_layer(&digest, DETECTOR_SET, &record, now);
        saved.await.map_err(IndexError::from)?;
        inner.known.keep(digest, &read.evidence);
    }
    Ok(read)
}

fn encode(layer: &Digest, detected: Detected) -> Result<(LayerRecord, LayerRead), IndexError> {
    let evidence =
        evidence_codec::encode(&detected.evidence).map_err(|source| IndexError::Encode {
            layer: layer.clone(),
            source,
        })?;
    let record = LayerRecord {
        evidence,
        owned_files: detected.owned_files,
        packages: package_names(&detected.evidence),
    };
    let read = LayerRead {
        owned_files: record.owned_files.as_slice().into(),
        evidence: Arc::new(detected.evidence),
        bytes: detected.bytes,
        is_whole: detected.is_whole,
    };
    Ok((record, read))
}

/// Returns the names under which advisories may speak of packages: some feeds name the binary
/// package, others its source.
fn package_names(evidence: &LayerEvidence) -> BTreeSet<String> {
    let packages = evidence.databases.iter().flat_map(|it| &it.packages);
    packages
        .flat_map(|package| [&package.name, &package.source])
        .filter(|name| !name.is_empty())
        .cloned()
        .collect()
}
