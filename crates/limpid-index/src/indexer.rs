use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use limpid_detect::{DETECTOR_SET, Detected};
use limpid_registry::{Image, LayerBlob, LayerSource};
use limpid_store::{IndexStore, LayerRecord};
use limpid_types::{Digest, IndexReport, LayerEvidence};
use tokio::task::JoinSet;

use crate::coalesce::{LayerFacts, RULES, coalesce};
use crate::{IndexError, Progress, Reading, evidence_codec};

/// The largest report that is stored, in bytes of JSON. One of 100 000 packages has about 60 MB.
const LARGEST_REPORT: usize = 128 << 20;

/// Indexes images: reads the layers that the store does not know, and makes the report.
#[derive(Clone)]
pub struct Indexer {
    store: Arc<dyn IndexStore>,
    reading: Arc<Reading>,
}

impl Indexer {
    /// Makes an indexer over a store.
    pub fn new(store: Arc<dyn IndexStore>, reading: Reading) -> Self {
        Self {
            store,
            reading: Arc::new(reading),
        }
    }

    /// Returns the index report of an image.
    ///
    /// A known manifest is answered from the store; otherwise only the layers that are not known
    /// are read, each once. When any of them cannot be read to its end, nothing is kept; what was
    /// cut short for want of memory is reported and not kept either.
    pub async fn index(
        &self,
        image: &Image,
        progress: Arc<dyn Progress>,
    ) -> Result<IndexReport, IndexError> {
        let blobs: Vec<&LayerBlob> = match image.layers.as_slice() {
            [LayerSource::Directory(path)] => return self.directory(path).await,
            layers => layers.iter().filter_map(as_blob).collect(),
        };
        let digests: Vec<Digest> = blobs.iter().map(|blob| blob.digest.clone()).collect();
        let manifest = image.digest.clone().unwrap_or_else(|| identity(&digests));
        let key = format!("{DETECTOR_SET}.{RULES}");
        if let Some(report) = self.stored_report(&manifest, &key).await? {
            return Ok(report);
        }
        let mut evidence = self.known_evidence(&digests).await?;
        let unknown: BTreeMap<&Digest, &LayerBlob> = blobs
            .iter()
            .map(|blob| (&blob.digest, *blob))
            .filter(|(digest, _)| !evidence.contains_key(*digest))
            .collect();
        let read = self
            .read(&image.name, unknown.values().copied(), progress)
            .await?;
        let is_whole = read.values().all(|detected| detected.is_whole);
        for (digest, detected) in read {
            let keep = detected.is_whole;
            let (record, found) = record(&digest, detected)?;
            if keep {
                self.store
                    .save_layer(&digest, DETECTOR_SET, &record)
                    .await?;
            }
            evidence.insert(digest, Arc::new(found));
        }
        let facts: Vec<LayerFacts> = digests
            .iter()
            .filter_map(|digest| {
                Some(LayerFacts {
                    digest: digest.clone(),
                    evidence: Arc::clone(evidence.get(digest)?),
                })
            })
            .collect();
        let report = coalesce(&manifest, &facts);
        if is_whole {
            self.keep_report(&manifest, &key, &digests, &report).await?;
        }
        Ok(report)
    }

    /// Keeps a report, unless it is so large that making it again is the lesser evil.
    async fn keep_report(
        &self,
        manifest: &Digest,
        key: &str,
        layers: &[Digest],
        report: &IndexReport,
    ) -> Result<(), IndexError> {
        let json = serde_json::to_vec(report).map_err(|error| IndexError::Encode {
            layer: manifest.clone(),
            source: error.into(),
        })?;
        if json.len() <= LARGEST_REPORT {
            self.store
                .save_index_report(manifest, key, layers, &json)
                .await?;
        }
        Ok(())
    }

    async fn stored_report(
        &self,
        manifest: &Digest,
        key: &str,
    ) -> Result<Option<IndexReport>, IndexError> {
        let stored = self.store.index_report(manifest, key).await?;
        // A damaged report is made again from the evidence.
        Ok(stored.and_then(|json| serde_json::from_slice(&json).ok()))
    }

    async fn known_evidence(
        &self,
        digests: &[Digest],
    ) -> Result<BTreeMap<Digest, Arc<LayerEvidence>>, IndexError> {
        let mut evidence = BTreeMap::new();
        for digest in self.store.known_layers(digests, DETECTOR_SET).await? {
            let stored = self.store.layer_evidence(&digest, DETECTOR_SET).await?;
            if let Some(known) = stored.as_deref().and_then(evidence_codec::decode) {
                evidence.insert(digest, Arc::new(known));
            }
        }
        Ok(evidence)
    }

    /// Reads layers side by side; the first failure ends all.
    async fn read(
        &self,
        image: &str,
        layers: impl ExactSizeIterator<Item = &LayerBlob>,
        progress: Arc<dyn Progress>,
    ) -> Result<BTreeMap<Digest, Detected>, IndexError> {
        let mut waiting: Vec<LayerBlob> = layers.cloned().collect();
        progress.begin(waiting.len(), waiting.iter().map(LayerBlob::size).sum());
        // The largest first: a large layer that starts last would be waited for alone.
        waiting.sort_by_key(LayerBlob::size);
        let mut running = JoinSet::new();
        let mut read = BTreeMap::new();
        let mut names = BTreeSet::new();
        let mut bytes = 0_u64;
        loop {
            while running.len() < self.reading.parallel.max(1)
                && let Some(layer) = waiting.pop()
            {
                let reading = Arc::clone(&self.reading);
                let (image, progress) = (image.to_owned(), Arc::clone(&progress));
                names.insert(layer.digest.clone());
                running.spawn_blocking(move || {
                    let detected = reading.blob(&image, &layer, &progress)?;
                    progress.layer_done();
                    Ok::<_, IndexError>((layer.digest, detected))
                });
            }
            match running.join_next().await {
                Some(Ok(Ok((digest, detected)))) => {
                    names.remove(&digest);
                    bytes = bytes.saturating_add(detected.bytes);
                    if bytes > self.reading.budget.total() {
                        return Err(IndexError::TooMuchEvidence {
                            image: image.to_owned(),
                            limit: self.reading.budget.total(),
                        });
                    }
                    read.insert(digest, detected);
                }
                Some(Ok(Err(error))) => return Err(error),
                Some(Err(_)) => {
                    let names: Vec<_> = names.iter().map(Digest::as_str).collect();
                    return Err(IndexError::Detector {
                        layer: names.join(" or "),
                    });
                }
                None => return Ok(read),
            }
        }
    }

    /// A directory has no digest that would let its evidence be found again, so it is read every
    /// time, and nothing of it is kept.
    async fn directory(&self, path: &Path) -> Result<IndexReport, IndexError> {
        let reading = Arc::clone(&self.reading);
        let owned = path.to_owned();
        let detected = tokio::task::spawn_blocking(move || reading.directory(&owned))
            .await
            .map_err(|_| IndexError::Detector {
                layer: path.display().to_string(),
            })??;
        let encoded = serde_json::to_vec(&detected.evidence).unwrap_or_default();
        let digest = Digest::sha256(&encoded);
        let facts = [LayerFacts {
            digest: digest.clone(),
            evidence: Arc::new(detected.evidence),
        }];
        Ok(coalesce(&digest, &facts))
    }
}

fn as_blob(layer: &LayerSource) -> Option<&LayerBlob> {
    match layer {
        LayerSource::Blob(blob) => Some(blob),
        LayerSource::Directory(_) => None,
    }
}

fn record(digest: &Digest, detected: Detected) -> Result<(LayerRecord, LayerEvidence), IndexError> {
    let evidence =
        evidence_codec::encode(&detected.evidence).map_err(|source| IndexError::Encode {
            layer: digest.clone(),
            source,
        })?;
    let record = LayerRecord {
        evidence,
        owned_files: detected.owned_files,
    };
    Ok((record, detected.evidence))
}

/// Identifies an image that has no manifest by its layers.
fn identity(layers: &[Digest]) -> Digest {
    let names: Vec<_> = layers.iter().map(Digest::as_str).collect();
    Digest::sha256(names.join("\n").as_bytes())
}
