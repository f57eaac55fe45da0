mod attempt;
mod jobs;
mod load_collector;
mod sweep;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use limpid_detect::DETECTOR_SET;
use limpid_store::{IndexJob, JobState, Store, StoreError};
use limpid_types::{Digest, Extension, IndexReport, Manifest, index_state};
use prometheus_client::registry::Registry;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use self::attempt::{Share, Watch, attempt};
use self::load_collector::LoadCollector;
use crate::admission::Admission;
use crate::single_flight::SingleFlight;
use crate::{
    IndexFault, IndexMetrics, IndexSettings, IndexStatus, Indexer, LayerOpener, Reading, Urgency,
    jitter,
};

/// How often an attempt is joined that others began.
const JOINS: usize = 4;

/// Indexes images for many clients at once, in one process of several.
///
/// A manifest is indexed by one process at a time, and once for all who ask at the same time.
/// So many images are indexed at once as the memory budget and a limit allow; the others wait in
/// a bounded queue, the most urgent first. Clones are the same service.
#[derive(Clone)]
pub struct IndexService {
    inner: Arc<Inner>,
}

struct Inner {
    store: Arc<dyn Store>,
    indexer: Indexer,
    opener: Arc<dyn LayerOpener>,
    admission: Arc<Admission>,
    settings: IndexSettings,
    state: String,
    /// Who this process is, for leases.
    owner: String,
    flights: attempt::Flights,
    /// Says that this process has submitted a job.
    submitted: Notify,
    metrics: IndexMetrics,
}

impl IndexService {
    /// Makes a service over a store, which gets the layers that it does not know from an opener.
    pub fn new(
        store: Arc<dyn Store>,
        reading: Reading,
        opener: Arc<dyn LayerOpener>,
        settings: IndexSettings,
    ) -> Self {
        let metrics = IndexMetrics::default();
        let fit = reading.budget.total() / settings.bytes_per_request.max(1);
        let slots = usize::try_from(fit)
            .unwrap_or(usize::MAX)
            .min(settings.request_limit.unwrap_or(usize::MAX));
        let indexer = Indexer::with(
            Arc::clone(&store) as Arc<_>,
            reading,
            settings.caches,
            settings.clock.clone(),
            metrics.clone(),
        );
        let inner = Inner {
            store,
            indexer,
            opener,
            admission: Admission::new(slots, settings.queue),
            settings,
            state: state_token(),
            owner: format!("pid={} {:016x}", std::process::id(), jitter::number()),
            flights: SingleFlight::new(),
            submitted: Notify::new(),
            metrics,
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Returns a token of 32 hex digits that changes exactly when images have to be submitted
    /// again, because their layers must be read again. Better conclusions do not change it.
    pub fn state(&self) -> &str {
        &self.inner.state
    }

    /// Indexes an image and waits for the report. A known image is answered at once.
    ///
    /// Dropping the future ends the work, unless others wait for it too. A failure is remembered,
    /// so that [`IndexService::report`] tells it.
    pub async fn index(
        &self,
        manifest: Manifest,
        urgency: Urgency,
    ) -> Result<Arc<IndexReport>, IndexFault> {
        let mut joins = 0;
        loop {
            let share = self.join(&manifest, urgency);
            joins += 1;
            match share.result().await {
                // The others' addresses and tokens may be bad, and the own ones good.
                Some(Err(fault))
                    if fault.kind().is_some()
                        && joins < JOINS
                        && !share.context().is_of(&manifest) => {}
                Some(result) => return result,
                None => return Err(attempt::defect()),
            }
        }
    }

    /// Asks for an image to be indexed, durably, and returns how it stands.
    ///
    /// [`IndexService::run`] of some process does the work.
    pub async fn submit(
        &self,
        manifest: Manifest,
        urgency: Urgency,
    ) -> Result<IndexStatus, IndexFault> {
        let inner = &self.inner;
        let digests = attempt::digests(&manifest)?;
        let kept = inner.store.manifest(&manifest.hash).await?;
        if kept.is_some_and(|it| it.detector_set == DETECTOR_SET && it.layers == digests) {
            return Ok(IndexStatus::finished(manifest.hash, digests.len()));
        }
        let request = serde_json::to_vec(&manifest).map_err(|_| attempt::defect())?;
        let layers = u32::try_from(digests.len()).unwrap_or(u32::MAX);
        let job = inner.store.submit_job(
            &manifest.hash,
            &request,
            layers,
            urgency.number(),
            inner.settings.clock.now(),
        );
        let job = job.await?;
        inner.submitted.notify_one();
        Ok(job.into())
    }

    /// Returns how a manifest stands; none when it was never asked for.
    pub async fn status(&self, manifest: &Digest) -> Result<Option<IndexStatus>, StoreError> {
        let store = &self.inner.store;
        let kept = store.manifest(manifest).await?;
        let job = store.job(manifest).await?;
        let is_indexed = kept
            .as_ref()
            .is_some_and(|it| it.detector_set == DETECTOR_SET);
        Ok(match job {
            Some(job) if !(is_indexed && has_failed(&job)) => Some(job.into()),
            _ => kept.map(|it| IndexStatus::finished(manifest.clone(), it.layers.len())),
        })
    }

    /// Returns the report of a manifest. One that could not be indexed has a report in the state
    /// [`index_state::ERROR`].
    pub async fn report(&self, manifest: &Digest) -> Result<Option<Arc<IndexReport>>, IndexFault> {
        let report = self.inner.indexer.report(manifest).await;
        if let Some(report) = report.map_err(|error| attempt::tell(&error))? {
            return Ok(Some(report));
        }
        let job = self.inner.store.job(manifest).await?;
        Ok(job
            .filter(has_failed)
            .map(|job| Arc::new(failed_report(manifest, job.cause))))
    }

    /// Returns a digest of everything that decides what the report of a manifest says, for much
    /// less than the report itself; none when the manifest is not indexed.
    pub async fn version(&self, manifest: &Digest) -> Result<Option<Digest>, StoreError> {
        let kept = self.inner.store.manifest(manifest).await?;
        Ok(kept.map(|record| {
            let layers = record.layers.iter().map(Digest::as_str);
            let parts: Vec<&str> = std::iter::once(record.detector_set.as_str())
                .chain(layers)
                .collect();
            Digest::sha256(parts.join("\n").as_bytes())
        }))
    }

    /// Forgets manifests, and returns those that were there.
    pub async fn delete(&self, manifests: &[Digest]) -> Result<BTreeSet<Digest>, StoreError> {
        let deleted = self.inner.store.delete_manifests(manifests).await?;
        self.inner.indexer.forget(manifests);
        Ok(deleted)
    }

    /// Returns manifests that may have a package of one of some names, in the order of their
    /// digests, beginning behind `after`, at most `limit`.
    pub async fn manifests_with_packages(
        &self,
        packages: &BTreeSet<String>,
        after: Option<&Digest>,
        limit: usize,
    ) -> Result<Vec<Digest>, StoreError> {
        let store = &self.inner.store;
        store.manifests_with_packages(packages, after, limit).await
    }

    /// Indexes what was submitted, and sweeps, until the token is cancelled.
    ///
    /// Then it claims nothing more, ends what it has begun, gives the rest back to the store, and
    /// returns. Requests that come through [`IndexService::index`] are still served, so that a
    /// server can drain; [`IndexService::close`] ends that.
    pub async fn run(self, token: CancellationToken) {
        tokio::join!(jobs::run(&self, &token), sweep::run(&self.inner, &token),);
    }

    /// Begins nothing any more: who waits or comes is told that the service shuts down.
    pub fn close(&self) {
        self.inner.admission.close();
    }

    /// Makes the metrics of the service visible.
    pub fn register(&self, registry: &mut Registry) {
        self.inner.metrics.register(registry);
        let collector = LoadCollector(Arc::clone(&self.inner.admission));
        registry.register_collector(Box::new(collector));
    }

    /// Joins the attempt at a manifest, or begins one.
    fn join(&self, manifest: &Manifest, urgency: Urgency) -> Share {
        let layers = manifest.layers.iter().map(|layer| layer.hash.clone());
        let key = (manifest.hash.clone(), layers.collect());
        let watch = Watch::new(manifest.clone(), urgency);
        let share = self
            .inner
            .flights
            .join(key, watch, |watch| attempt(Arc::clone(&self.inner), watch));
        share.context().raise(urgency);
        share
    }
}

/// Returns what [`IndexService::state`] says.
fn state_token() -> String {
    let digest = Digest::sha256(format!("limpid index state\n{DETECTOR_SET}").as_bytes());
    digest.hex().chars().take(32).collect()
}

fn has_failed(job: &IndexJob) -> bool {
    matches!(job.state, JobState::Retryable | JobState::Terminal)
}

fn failed_report(manifest: &Digest, cause: String) -> IndexReport {
    IndexReport {
        manifest_hash: manifest.to_string(),
        state: index_state::ERROR.to_owned(),
        packages: BTreeMap::new(),
        distributions: BTreeMap::new(),
        repository: BTreeMap::new(),
        environments: BTreeMap::new(),
        success: false,
        err: cause,
        limpid: Extension::default(),
    }
}
