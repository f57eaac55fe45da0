//! What nobody needs any more goes away, by one process of all.

use std::time::Duration;

use limpid_store::{Acquisition, StoreError};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::Inner;
use crate::fault::chain;
use crate::jitter::jittered;

/// The right to sweep. It is not given back after the work but kept until it expires, so that no
/// other process does the same again soon.
const LEASE: &str = "index-sweep";

/// How often is swept.
const SWEEP: Duration = Duration::from_mins(10);

/// How often the backlog is counted for the metrics.
const COUNT: Duration = Duration::from_secs(30);

/// How long layers stay that no manifest has: an image may be about to be saved.
const UNUSED_LAYERS: Duration = Duration::from_hours(1);

/// How long the spent tokens of leases stay.
const EXPIRED_LEASES: Duration = Duration::from_hours(1);

/// How long it can be asked why an image could not be indexed.
const FAILED_JOBS: Duration = Duration::from_hours(14 * 24);

/// How many rows go in one step, so that nobody waits long for it.
const STEP: usize = 1000;

/// Sweeps and counts until the token is cancelled.
pub(super) async fn run(inner: &Inner, token: &CancellationToken) {
    let mut next_sweep = Instant::now();
    loop {
        if let Err(error) = count(inner).await {
            tracing::warn!(error = chain(&error), "cannot count the submitted images");
        }
        if Instant::now() >= next_sweep {
            next_sweep = Instant::now() + jittered(SWEEP);
            if let Err(error) = sweep(inner, token).await {
                tracing::warn!(error = chain(&error), "cannot sweep the store");
            }
        }
        tokio::select! {
            () = token.cancelled() => return,
            () = sleep(jittered(COUNT)) => {}
        }
    }
}

async fn count(inner: &Inner) -> Result<(), StoreError> {
    let backlog = inner.store.backlog().await?;
    let now = inner.settings.clock.now();
    let age = backlog
        .oldest
        .map_or(0, |oldest| (now - oldest).get_seconds());
    let waiting = i64::try_from(backlog.waiting).unwrap_or(i64::MAX);
    inner.metrics.jobs_waiting.set(waiting);
    inner.metrics.job_oldest_wait.set(age.max(0));
    Ok(())
}

async fn sweep(inner: &Inner, token: &CancellationToken) -> Result<(), StoreError> {
    let store = &inner.store;
    let now = inner.settings.clock.now();
    let lease = store.acquire_lease(LEASE, &inner.owner, SWEEP, now);
    if let Acquisition::Held(_) = lease.await? {
        return Ok(());
    }
    let mut layers = 0;
    let mut is_more = true;
    while is_more && !token.is_cancelled() {
        let gone = store
            .remove_unused_layers(now - UNUSED_LAYERS, STEP)
            .await?;
        layers += gone;
        is_more = gone >= STEP;
    }
    is_more = true;
    while is_more && !token.is_cancelled() {
        is_more = store
            .remove_expired_leases(now - EXPIRED_LEASES, STEP)
            .await?
            >= STEP;
    }
    is_more = true;
    while is_more && !token.is_cancelled() {
        is_more = store.remove_failed_jobs(now - FAILED_JOBS, STEP).await? >= STEP;
    }
    tracing::debug!(layers, "unused layers were removed");
    Ok(())
}
