//! Submitted images: claim, attempt, retry.

use std::sync::Arc;
use std::time::Duration;

use limpid_store::{JobClaim, JobEnd};
use limpid_types::Manifest;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::attempt::{Outcome, Share, defect};
use super::{IndexService, Inner};
use crate::fault::chain;
use crate::jitter::jittered;
use crate::{IndexFault, Urgency};

/// How long a claim lasts when its owner is gone.
const TIME_TO_LIVE: Duration = Duration::from_secs(30);

/// How often a claim is renewed and the progress noted.
const RENEWAL: Duration = Duration::from_secs(5);

/// How often the store is asked for jobs that others submitted, or whose time has come.
const LOOK: Duration = Duration::from_secs(2);

/// How long to wait after a first failure, and after many.
const FIRST_PAUSE: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_hours(1);

/// Works on jobs until the token is cancelled, and then until those that were begun have ended.
pub(super) async fn run(service: &IndexService, token: &CancellationToken) {
    let inner = &service.inner;
    let hands = Arc::new(Semaphore::new(inner.settings.workers.max(1)));
    let mut tasks = JoinSet::new();
    loop {
        // What has ended is let go of.
        while tasks.try_join_next().is_some() {}
        let hand = tokio::select! {
            biased;
            () = token.cancelled() => break,
            // The semaphore is never closed.
            hand = Arc::clone(&hands).acquire_owned() => hand.ok(),
        };
        let now = inner.settings.clock.now();
        let pause = match inner.store.claim_job(TIME_TO_LIVE, now).await {
            Ok(Some(claim)) => {
                let (service, token) = (service.clone(), token.clone());
                tasks.spawn(async move {
                    work(&service, &claim, &token).await;
                    drop(hand);
                });
                continue;
            }
            Ok(None) => LOOK,
            Err(error) => {
                tracing::warn!(error = chain(&error), "cannot ask for submitted images");
                FIRST_PAUSE
            }
        };
        tokio::select! {
            () = token.cancelled() => break,
            () = inner.submitted.notified() => {}
            () = sleep(jittered(pause)) => {}
        }
    }
    while tasks.join_next().await.is_some() {}
}

/// Makes one attempt at a job.
async fn work(service: &IndexService, claim: &JobClaim, token: &CancellationToken) {
    let inner = &service.inner;
    let end = match serde_json::from_slice::<Manifest>(&claim.job.request) {
        Ok(manifest) => {
            let share = service.join(&manifest, Urgency::new(claim.job.urgency));
            match outcome(inner, claim, &share, token).await {
                Some(outcome) => end_of(inner, claim, outcome),
                None => return,
            }
        }
        Err(_) => JobEnd::Terminal {
            cause: "the submitted manifest cannot be read".to_owned(),
        },
    };
    let now = inner.settings.clock.now();
    match inner.store.end_job(claim, &end, now).await {
        Ok(true) => {}
        Ok(false) => tracing::info!(manifest = %claim.job.manifest, "a job was taken away"),
        // The claim expires, and whoever claims the job next finds out how it stands.
        Err(error) => tracing::warn!(error = chain(&error), "cannot end a job"),
    }
}

/// Waits for an attempt while renewing the claim; none when the claim is lost, because the image
/// was deleted or another has claimed the job.
async fn outcome(
    inner: &Inner,
    claim: &JobClaim,
    share: &Share,
    token: &CancellationToken,
) -> Option<Outcome> {
    let watch = share.context();
    let mut result = std::pin::pin!(share.result());
    loop {
        tokio::select! {
            biased;
            result = &mut result => return Some(result.unwrap_or_else(|| Err(defect()))),
            () = token.cancelled(), if !watch.is_running() => {
                if !watch.is_running() {
                    return Some(Err(IndexFault::ShuttingDown));
                }
            }
            () = sleep(RENEWAL) => {
                let now = inner.settings.clock.now();
                let done = watch.layers_done();
                match inner.store.renew_job(claim, done, TIME_TO_LIVE, now).await {
                    Ok(true) => {}
                    Ok(false) => {
                        tracing::info!(manifest = %claim.job.manifest, "a job was taken away");
                        return None;
                    }
                    // Should it last, another claims the job; the lease of the manifest sees to
                    // it that it is not indexed twice at once.
                    Err(error) => tracing::warn!(error = chain(&error), "cannot renew a claim"),
                }
            }
        }
    }
}

fn end_of(inner: &Inner, claim: &JobClaim, outcome: Outcome) -> JobEnd {
    let now = inner.settings.clock.now();
    match outcome {
        Ok(_) => JobEnd::Done,
        Err(IndexFault::Terminal { cause, .. }) => JobEnd::Terminal { cause },
        Err(IndexFault::Retryable { cause, .. })
            if claim.job.attempts >= inner.settings.attempts =>
        {
            JobEnd::Exhausted { cause }
        }
        Err(IndexFault::Retryable { cause, .. }) => JobEnd::Again {
            cause,
            not_before: now + jittered(pause(claim.job.attempts)),
        },
        Err(IndexFault::Full { retry_after }) => JobEnd::Again {
            cause: claim.job.cause.clone(),
            not_before: now + jittered(retry_after),
        },
        Err(IndexFault::ShuttingDown) => JobEnd::Again {
            cause: claim.job.cause.clone(),
            not_before: now,
        },
    }
}

/// Returns how long to wait at most after so many attempts: twice as long after each.
fn pause(attempts: u32) -> Duration {
    let doubled = 1_u32.checked_shl(attempts.saturating_sub(1));
    let pause = FIRST_PAUSE.saturating_mul(doubled.unwrap_or(u32::MAX));
    pause.min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_an_hour() {
        for (attempts, seconds) in [
            (0, 10),
            (1, 10),
            (2, 20),
            (5, 160),
            (10, 3600),
            (u32::MAX, 3600),
        ] {
            assert_eq!(pause(attempts), Duration::from_secs(seconds), "{attempts}");
        }
    }
}
