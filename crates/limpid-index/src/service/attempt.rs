//! One attempt at a manifest, for all in this process who want it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use limpid_types::{Digest, IndexReport, Manifest};
use prometheus_client::metrics::counter::Counter;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::Inner;
use crate::admission::{Refusal, Slot};
use crate::fault::chain;
use crate::holding::Holding;
use crate::indexer::{Errand, Request};
use crate::jitter::jittered;
use crate::layer::Layer;
use crate::single_flight::{self, SingleFlight};
use crate::{FailureKind, IndexError, IndexFault, Progress, Urgency};

/// How long the right to index a manifest lasts when its owner is gone.
const TIME_TO_LIVE: Duration = Duration::from_secs(20);

/// How long to wait before looking again whether another process is done: first, and at most.
const FIRST_LOOK: Duration = Duration::from_millis(100);
const LONGEST_LOOK: Duration = Duration::from_secs(2);

pub(super) type Outcome = Result<Arc<IndexReport>, IndexFault>;

/// A manifest as it was asked for: the same name with other layers is another request.
type Key = (Digest, Vec<Digest>);

pub(super) type Flights = SingleFlight<Key, Outcome, Watch>;
pub(super) type Share = single_flight::Share<Key, Outcome, Watch>;

/// What those who wait for an attempt can see of it, and tell it.
#[derive(Clone)]
pub(super) struct Watch {
    /// The manifest by which layers are fetched, which others may have with other addresses.
    manifest: Arc<Manifest>,
    urgency: watch::Sender<Urgency>,
    advance: Arc<Advance>,
}

#[derive(Default)]
struct Advance {
    is_running: AtomicBool,
    layers_done: AtomicU32,
}

impl Watch {
    pub(super) fn new(manifest: Manifest, urgency: Urgency) -> Self {
        Self {
            manifest: Arc::new(manifest),
            urgency: watch::Sender::new(urgency),
            advance: Arc::default(),
        }
    }

    /// Tells whether the attempt is made with the same addresses and headers.
    pub(super) fn is_of(&self, manifest: &Manifest) -> bool {
        *self.manifest == *manifest
    }

    /// Makes an attempt as urgent as the most urgent of those who wait for it.
    pub(super) fn raise(&self, urgency: Urgency) {
        self.urgency.send_if_modified(|present| {
            let is_more = urgency < *present;
            if is_more {
                *present = urgency;
            }
            is_more
        });
    }

    /// Tells whether it is this attempt's turn already.
    pub(super) fn is_running(&self) -> bool {
        self.advance.is_running.load(Ordering::Relaxed)
    }

    /// Returns how many layers need not be read any more.
    pub(super) fn layers_done(&self) -> u32 {
        self.advance.layers_done.load(Ordering::Relaxed)
    }
}

/// Makes an attempt, and remembers why it failed.
pub(super) async fn attempt(inner: Arc<Inner>, watch: Watch) -> Outcome {
    let manifest = &watch.manifest;
    let outcome = try_to_index(&inner, manifest, &watch).await;
    if let Err(fault) = &outcome {
        remember(&inner, manifest, fault).await;
    }
    outcome
}

async fn try_to_index(inner: &Arc<Inner>, manifest: &Manifest, watch: &Watch) -> Outcome {
    let layers = digests(manifest)?;
    let mut urgency = watch.urgency.subscribe();
    let mut pause = FIRST_LOOK;
    let lease = format!("index:{}", manifest.hash);
    loop {
        if let Some(report) = known(inner, manifest, &layers).await? {
            inner.metrics.scanned(true);
            return Ok(report);
        }
        let slot = enter(inner, &mut urgency).await?;
        let holding = Holding::acquire(
            &inner.store,
            &inner.settings.clock,
            &lease,
            &inner.owner,
            TIME_TO_LIVE,
        );
        if let Some(holding) = holding.await? {
            watch.advance.is_running.store(true, Ordering::Relaxed);
            return index_alone(inner, manifest, &layers, watch, slot, holding).await;
        }
        // Another process is at it: the slot is of more use to somebody else.
        drop(slot);
        sleep(jittered(pause)).await;
        pause = (pause * 2).min(LONGEST_LOOK);
    }
}

/// Waits for the turn of an attempt.
async fn enter(
    inner: &Arc<Inner>,
    urgency: &mut watch::Receiver<Urgency>,
) -> Result<Slot, IndexFault> {
    match inner.admission.enter(urgency).await {
        Ok(slot) => {
            inner.metrics.admitted.inc();
            Ok(slot)
        }
        Err(refusal) => {
            if matches!(refusal, Refusal::Full { .. }) {
                inner.metrics.refused.inc();
            }
            Err(refusal.into())
        }
    }
}

/// Indexes while the lease holds.
async fn index_alone(
    inner: &Arc<Inner>,
    manifest: &Manifest,
    layers: &[Digest],
    watch: &Watch,
    slot: Slot,
    holding: Holding,
) -> Outcome {
    let began = Instant::now();
    let outcome = tokio::select! {
        biased;
        () = holding.lost() => Err(IndexFault::retryable(
            FailureKind::Conflict,
            "the right to index the image was lost to another process or for want of a store",
        )),
        outcome = index(inner, manifest, layers, watch, slot) => outcome,
    };
    holding.release().await;
    inner
        .metrics
        .duration
        .observe(began.elapsed().as_secs_f64());
    outcome
}

async fn index(
    inner: &Arc<Inner>,
    manifest: &Manifest,
    layers: &[Digest],
    watch: &Watch,
    slot: Slot,
) -> Outcome {
    // Another process may have ended between the last look and the lease.
    if let Some(report) = known(inner, manifest, layers).await? {
        inner.metrics.scanned(true);
        return Ok(report);
    }
    inner.metrics.scanned(false);
    let request = Request {
        name: manifest.hash.to_string(),
        manifest: manifest.hash.clone(),
        layers: manifest
            .layers
            .iter()
            .map(|layer| Layer::remote(layer.clone(), &inner.opener))
            .collect(),
    };
    let errand = Errand {
        image: manifest.hash.to_string(),
        progress: Arc::new(Counted {
            layers: u32::try_from(layers.len()).unwrap_or(u32::MAX),
            advance: Arc::clone(&watch.advance),
            bytes: inner.metrics.read.clone(),
        }),
        permit: Some(Arc::new(slot)),
    };
    let indexed = inner.indexer.read_and_coalesce(&request, &errand).await;
    let indexed = indexed.map_err(|error| tell(&error))?;
    if indexed.is_whole {
        Ok(indexed.report)
    } else {
        let cause = "there was not enough memory to read all of the image";
        Err(IndexFault::retryable(FailureKind::Memory, cause))
    }
}

async fn known(
    inner: &Inner,
    manifest: &Manifest,
    layers: &[Digest],
) -> Result<Option<Arc<IndexReport>>, IndexFault> {
    let known = inner.indexer.known(&manifest.hash, layers).await;
    known.map_err(|error| tell(&error))
}

async fn remember(inner: &Inner, manifest: &Manifest, fault: &IndexFault) {
    let (IndexFault::Terminal { kind, cause } | IndexFault::Retryable { kind, cause }) = fault
    else {
        return;
    };
    inner.metrics.failure(kind.name());
    let is_terminal = matches!(fault, IndexFault::Terminal { .. });
    tracing::warn!(manifest = %manifest.hash, kind = kind.name(), is_terminal, cause, "cannot index an image");
    // Another process may have taken over, and be done by now.
    if *kind == FailureKind::Conflict {
        return;
    }
    let noted = inner.store.record_failure(
        &manifest.hash,
        u32::try_from(manifest.layers.len()).unwrap_or(u32::MAX),
        cause,
        is_terminal,
        inner.settings.clock.now(),
    );
    if let Err(error) = noted.await {
        tracing::warn!(
            error = chain(&error),
            "cannot keep why an image was not indexed"
        );
    }
}

/// Returns the layers of a manifest that has some.
pub(super) fn digests(manifest: &Manifest) -> Result<Vec<Digest>, IndexFault> {
    if manifest.layers.is_empty() {
        let cause = "the manifest has no layers";
        return Err(IndexFault::terminal(FailureKind::Manifest, cause));
    }
    let layers = manifest.layers.iter();
    Ok(layers.map(|layer| layer.hash.clone()).collect())
}

/// Tells the log all about an error, and the client what concerns it.
pub(super) fn tell(error: &IndexError) -> IndexFault {
    if let IndexError::Store(error) = error {
        tracing::warn!(error = chain(error), "the store failed");
    }
    error.into()
}

/// Says that an attempt ended in a panic.
pub(super) fn defect() -> IndexFault {
    IndexFault::retryable(
        FailureKind::Defect,
        "limpid failed while indexing the image",
    )
}

/// Counts what is read, for the job and for the metrics.
struct Counted {
    layers: u32,
    advance: Arc<Advance>,
    bytes: Counter,
}

impl Progress for Counted {
    fn begin(&self, layers: usize, _bytes: u64) {
        let unknown = u32::try_from(layers).unwrap_or(u32::MAX);
        let done = self.layers.saturating_sub(unknown);
        self.advance.layers_done.store(done, Ordering::Relaxed);
    }

    fn read(&self, bytes: u64) {
        self.bytes.inc_by(bytes);
    }

    fn layer_done(&self) {
        self.advance.layers_done.fetch_add(1, Ordering::Relaxed);
    }
}
