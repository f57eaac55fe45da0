use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use limpid_detect::{DETECTOR_SET, Detected};
use limpid_registry::{Image, LayerSource};
use limpid_store::{IndexStore, ManifestRecord};
use limpid_types::{Digest, IndexReport, LayerEvidence};
use tokio::sync::Semaphore;
use tokio::task::{JoinSet, spawn_blocking};

use crate::cache::Cache;
use crate::coalesce::{LayerFacts, coalesce};
use crate::known_layers::KnownLayers;
use crate::layer::Layer;
use crate::layer_reads::{LayerRead, LayerReads};
use crate::metrics::{LayerSource as EvidenceSource, ReportSource};
use crate::{CacheLimits, Clock, IndexError, IndexMetrics, Progress, Reading, footprint};

/// How often an image is begun anew whose layers are deleted while it is being indexed.
const TRIES: usize = 4;

/// How long layers stay that no image has, when there is no service that looks after them.
const UNUSED: Duration = Duration::from_hours(24);

/// Indexes images: reads the layers that the store does not know, and makes the report.
#[derive(Clone)]
pub struct Indexer(Arc<Inner>);

struct Inner {
    store: Arc<dyn IndexStore>,
    reading: Arc<Reading>,
    known: Arc<KnownLayers>,
    reads: LayerReads,
    /// Reports, with what they were made of.
    reports: Cache<Digest, (ManifestRecord, Arc<IndexReport>)>,
    /// Reports take memory and a core while they are made, so only some are made at once.
    coalescing: Semaphore,
    clock: Clock,
    metrics: IndexMetrics,
}

/// An image that is to be indexed.
pub(crate) struct Request {
    /// What to call it in errors.
    pub(crate) name: String,
    /// What its report is kept under.
    pub(crate) manifest: Digest,
    /// Its layers, base first.
    pub(crate) layers: Vec<Layer>,
}

/// For whom layers are read.
#[derive(Clone)]
pub(crate) struct Errand {
    /// What to call the image in errors.
    pub(crate) image: String,
    /// Who wants to know how far it is.
    pub(crate) progress: Arc<dyn Progress>,
    /// Kept until the last thread that reads for this errand has ended, whatever became of it.
    pub(crate) permit: Option<Arc<dyn Send + Sync>>,
}

impl Indexer {
    /// Makes an indexer over a store.
    pub fn new(store: Arc<dyn IndexStore>, reading: Reading) -> Self {
        let (caches, clock) = (CacheLimits::default(), Clock::default());
        Self::with(store, reading, caches, clock, IndexMetrics::default())
    }

    pub(crate) fn with(
        store: Arc<dyn IndexStore>,
        reading: Reading,
        caches: CacheLimits,
        clock: Clock,
        metrics: IndexMetrics,
    ) -> Self {
        let limit = reading.budget.total();
        let reading = Arc::new(reading);
        let known = KnownLayers::new(Arc::clone(&store), caches.evidence_bytes, limit);
        let known = Arc::new(known);
        Self(Arc::new(Inner {
            reads: LayerReads::new(
                Arc::clone(&store),
                Arc::clone(&reading),
                Arc::clone(&known),
                clock.clone(),
                metrics.clone(),
            ),
            known,
            reports: Cache::new(caches.report_bytes),
            coalescing: Semaphore::new(reading.parallel.max(1)),
            store,
            reading,
            clock,
            metrics,
        }))
    }

    /// Returns the index report of an image.
    ///
    /// A known manifest is answered from the store; otherwise only the layers that are not known
    /// are read, each once. What was read is kept, even when another layer cannot be read to its
    /// end; what was cut short for want of memory is reported and not kept.
    ///
    /// # Errors
    ///
    /// The error is shared with others who waited for the same layer.
    pub async fn index(
        &self,
        image: &Image,
        progress: Arc<dyn Progress>,
    ) -> Result<IndexReport, Arc<IndexError>> {
        let layers: Vec<Layer> = match image.layers.as_slice() {
            [LayerSource::Directory(path)] => return self.directory(path).await,
            layers => layers.iter().filter_map(as_blob).collect(),
        };
        let digests: Vec<Digest> = layers.iter().map(|layer| layer.digest.clone()).collect();
        let manifest = image.digest.clone().unwrap_or_else(|| identity(&digests));
        if let Some(report) = self.known(&manifest, &digests).await? {
            return Ok(Arc::unwrap_or_clone(report));
        }
        let request = Request {
            name: image.name.clone(),
            manifest,
            layers,
        };
        let errand = Errand {
            image: image.name.clone(),
            progress,
            permit: None,
        };
        let indexed = self.read_and_coalesce(&request, &errand).await?;
        self.remove_unused_layers().await;
        Ok(Arc::unwrap_or_clone(indexed.report))
    }

    /// Returns the report of a manifest that is indexed with just these layers by the present
    /// detectors.
    pub(crate) async fn known(
        &self,
        manifest: &Digest,
        layers: &[Digest],
    ) -> Result<Option<Arc<IndexReport>>, IndexError> {
        match self.0.store.manifest(manifest).await? {
            Some(record) if record.detector_set == DETECTOR_SET && record.layers == layers => {
                self.stored_report(manifest, record).await
            }
            _ => Ok(None),
        }
    }

    /// Returns the report of a manifest that is indexed, with former detectors if need be.
    pub(crate) async fn report(
        &self,
        manifest: &Digest,
    ) -> Result<Option<Arc<IndexReport>>, IndexError> {
        match self.0.store.manifest(manifest).await? {
            Some(record) => self.stored_report(manifest, record).await,
            None => Ok(None),
        }
    }

    /// Forgets the reports of manifests that were deleted.
    pub(crate) fn forget(&self, manifests: &[Digest]) {
        for manifest in manifests {
            self.0.reports.remove(manifest);
        }
    }

    /// Makes the report of a manifest from the evidence; none when some of it is not there.
    async fn stored_report(
        &self,
        manifest: &Digest,
        record: ManifestRecord,
    ) -> Result<Option<Arc<IndexReport>>, IndexError> {
        let ready = || {
            let (made_of, report) = self.0.reports.get(manifest)?;
            (made_of == record).then_some(report)
        };
        if let Some(report) = ready() {
            self.0.metrics.report(ReportSource::Ready);
            return Ok(Some(report));
        }
        // The semaphore is never closed.
        let _turn = self.0.coalescing.acquire().await.ok();
        if let Some(report) = ready() {
            self.0.metrics.report(ReportSource::Ready);
            return Ok(Some(report));
        }
        let name = manifest.as_str();
        let known = &self.0.known;
        let evidence = known
            .evidence(name, &record.layers, &record.detector_set)
            .await?;
        let owned_files = known
            .owned_files(&record, &evidence, BTreeMap::new())
            .await?;
        let Some(facts) = stack(&record.layers, &evidence, &owned_files) else {
            return Ok(None);
        };
        let report = make_report(name, manifest, facts).await?;
        self.keep(manifest, record, &report);
        self.0.metrics.report(ReportSource::Made);
        Ok(Some(report))
    }

    fn keep(&self, manifest: &Digest, record: ManifestRecord, report: &Arc<IndexReport>) {
        let layers: usize = record.layers.iter().map(|layer| layer.as_str().len()).sum();
        let bytes = footprint::of_report(report) + layers;
        let made = (record, Arc::clone(report));
        self.0.reports.insert(manifest.clone(), made, bytes);
    }

    /// Reads the layers that are not known, keeps what they have, and makes the report.
    pub(crate) async fn read_and_coalesce(
        &self,
        request: &Request,
        errand: &Errand,
    ) -> Result<Indexed, Arc<IndexError>> {
        let layers: Vec<Digest> = request.layers.iter().map(|it| it.digest.clone()).collect();
        let record = ManifestRecord {
            layers,
            detector_set: DETECTOR_SET.to_owned(),
        };
        for _ in 0..TRIES {
            let known = &self.0.known;
            let evidence = known.evidence(&request.name, &record.layers, DETECTOR_SET);
            let mut evidence = evidence.await?;
            let read = self.read_unknown(request, errand, &evidence).await?;
            let is_whole = read.values().all(|read| read.is_whole);
            let mut owned_files = BTreeMap::new();
            for (layer, read) in read {
                owned_files.insert(layer.clone(), read.owned_files);
                evidence.insert(layer, read.evidence);
            }
            let bytes = evidence
                .values()
                .map(|it| footprint::of_evidence(it))
                .sum::<usize>();
            known.check(&request.name, bytes as u64)?;
            let stored = known.owned_files(&record, &evidence, owned_files);
            let owned_files = stored.await?;
            let Some(facts) = stack(&record.layers, &evidence, &owned_files) else {
                break;
            };
            let report = make_report(&request.name, &request.manifest, facts).await?;
            if !is_whole {
                return Ok(Indexed { report, is_whole });
            }
            let store = &self.0.store;
            let saved = store.save_manifest(&request.manifest, &record);
            if saved.await.map_err(IndexError::from)? {
                self.keep(&request.manifest, record, &report);
                return Ok(Indexed { report, is_whole });
            }
            // An image that had the layers was deleted since they were looked up.
            known.forget(&record.layers);
        }
        Err(Arc::new(IndexError::Vanished {
            image: request.name.clone(),
        }))
    }

    /// Reads layers side by side; the first failure ends all.
    async fn read_unknown(
        &self,
        request: &Request,
        errand: &Errand,
        known: &BTreeMap<Digest, Arc<LayerEvidence>>,
    ) -> Result<BTreeMap<Digest, LayerRead>, Arc<IndexError>> {
        let unknown: BTreeMap<&Digest, &Layer> = request
            .layers
            .iter()
            .map(|layer| (&layer.digest, layer))
            .filter(|(digest, _)| !known.contains_key(*digest))
            .collect();
        let mut waiting: Vec<Layer> = unknown.into_values().cloned().collect();
        let bytes = waiting.iter().map(|layer| layer.size).sum();
        errand.progress.begin(waiting.len(), bytes);
        self.0.metrics.layer(EvidenceSource::Known, known.len());
        // The largest first: a large layer that starts last would be waited for alone.
        waiting.sort_by_key(|layer| layer.size);
        let mut running = JoinSet::new();
        let mut read = BTreeMap::new();
        let mut bytes = 0_u64;
        loop {
            while running.len() < self.0.reading.parallel.max(1)
                && let Some(layer) = waiting.pop()
            {
                let (reads, errand) = (self.0.reads.clone(), errand.clone());
                running.spawn(async move {
                    let read = reads.read(&layer, &errand).await?;
                    errand.progress.layer_done();
                    Ok::<_, Arc<IndexError>>((layer.digest, read))
                });
            }
            let Some(joined) = running.join_next().await else {
                return Ok(read);
            };
            let (digest, layer) = joined.map_err(|_| IndexError::Detector {
                layer: errand.image.clone(),
            })??;
            bytes = bytes.saturating_add(layer.bytes);
            self.0.known.check(&errand.image, bytes)?;
            read.insert(digest, layer);
        }
    }

    /// A directory has no digest that would let its evidence be found again, so it is read every
    /// time, and nothing of it is kept.
    async fn directory(&self, path: &Path) -> Result<IndexReport, Arc<IndexError>> {
        let reading = Arc::clone(&self.0.reading);
        let owned = path.to_owned();
        let detected: Detected = spawn_blocking(move || reading.directory(&owned))
            .await
            .map_err(|_| IndexError::Detector {
                layer: path.display().to_string(),
            })??;
        let encoded = serde_json::to_vec(&detected.evidence).unwrap_or_default();
        let digest = Digest::sha256(&encoded);
        let facts = [LayerFacts {
            digest: digest.clone(),
            evidence: Arc::new(detected.evidence),
            owned_files: detected.owned_files.into(),
        }];
        Ok(coalesce(&digest, &facts))
    }

    /// Gives back the room of layers that were read for images that failed.
    async fn remove_unused_layers(&self) {
        let before = self.0.clock.now() - UNUSED;
        if let Err(error) = self.0.store.remove_unused_layers(before, 1000).await {
            tracing::warn!(%error, "cannot remove unused layers");
        }
    }
}

/// What came of an image.
pub(crate) struct Indexed {
    /// The report.
    pub(crate) report: Arc<IndexReport>,
    /// False when something was left out for want of memory: nothing of it was kept.
    pub(crate) is_whole: bool,
}

fn as_blob(layer: &LayerSource) -> Option<Layer> {
    match layer {
        LayerSource::Blob(blob) => Some(Layer::of_blob(blob)),
        LayerSource::Directory(_) => None,
    }
}

/// Puts evidence into the order of the layers; none when some is missing.
fn stack(
    layers: &[Digest],
    evidence: &BTreeMap<Digest, Arc<LayerEvidence>>,
    owned_files: &BTreeMap<Digest, Arc<[u8]>>,
) -> Option<Vec<LayerFacts>> {
    let facts = layers.iter().map(|digest| {
        Some(LayerFacts {
            digest: digest.clone(),
            evidence: Arc::clone(evidence.get(digest)?),
            owned_files: owned_files.get(digest).cloned().unwrap_or_default(),
        })
    });
    facts.collect()
}

/// Coalesces where a computation that takes long disturbs nobody.
async fn make_report(
    image: &str,
    manifest: &Digest,
    facts: Vec<LayerFacts>,
) -> Result<Arc<IndexReport>, IndexError> {
    let manifest = manifest.clone();
    let made = spawn_blocking(move || Arc::new(coalesce(&manifest, &facts))).await;
    made.map_err(|_| IndexError::Coalesce {
        image: image.to_owned(),
    })
}

/// Identifies an image that has no manifest by its layers.
fn identity(layers: &[Digest]) -> Digest {
    let names: Vec<_> = layers.iter().map(Digest::as_str).collect();
    Digest::sha256(names.join("\n").as_bytes())
}
