//! One attempt at one feed: under its lease, from what is known of it to what is recorded.

use std::sync::Arc;

use limpid_feed::Feed;
use limpid_store::{Build, FeedState, StoreError, UpdateRun};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::discovery::defect;
use crate::feed_run::{Ending, Finished, Job, run};
use crate::holder::{Holder, Patience, Taken, feed_lease};
use crate::parse::recipe;
use crate::round::Due;
use crate::vanished::{is_frozen, is_vanished};
use crate::workshop::Workshop;
use crate::{Progress, SkipCause, UpdateOptions, local};

/// What came of an attempt.
pub(crate) enum Attempt {
    /// The feed was left as it is.
    Skipped(SkipCause),
    /// The run is over and recorded.
    Recorded(UpdateRun),
    /// The run is over, and its result waits to be served. The lease is still held.
    Ready(Box<Ready>),
}

/// A result that waits to be served.
pub(crate) struct Ready {
    pub(crate) finished: Finished,
    pub(crate) holder: Holder,
}

/// What all attempts of an update share.
pub(crate) struct Circumstances {
    pub(crate) options: UpdateOptions,
    pub(crate) patience: Patience,
    /// Limits how many feeds run at the same time.
    pub(crate) slots: Semaphore,
    /// Says which feeds are due, where not all are to be run.
    pub(crate) due: Option<Due>,
}

/// Runs a feed as soon as its lease and a slot are to be had.
pub(crate) async fn attempt(
    workshop: &Workshop,
    circumstances: &Circumstances,
    feed: &Arc<dyn Feed>,
) -> Result<Attempt, StoreError> {
    let stop = &circumstances.options.stop;
    let name = feed_lease(feed.name());
    loop {
        let asked = tokio::select! {
            () = stop.cancelled() => return Ok(Attempt::Skipped(SkipCause::Stopped)),
            // The semaphore is never closed.
            slot = circumstances.slots.acquire() => {
                match Holder::take(workshop, &name, stop).await? {
                    Taken::Mine(holder) => {
                        let attempt = under_lease(workshop, circumstances, feed, holder).await;
                        drop(slot);
                        return attempt;
                    }
                    Taken::Held(lease) => lease,
                }
            }
        };
        if !circumstances.patience.wait(workshop, &asked).await {
            return Ok(Attempt::Skipped(SkipCause::Busy(asked)));
        }
    }
}

/// Gives the lease back, unless the result waits to be served.
async fn under_lease(
    workshop: &Workshop,
    circumstances: &Circumstances,
    feed: &Arc<dyn Feed>,
    holder: Holder,
) -> Result<Attempt, StoreError> {
    let finished = match work(workshop, circumstances, feed, &holder).await {
        Ok(Ok(finished)) => finished,
        Ok(Err(cause)) => {
            holder.release().await;
            return Ok(Attempt::Skipped(cause));
        }
        Err(error) => {
            holder.release().await;
            return Err(error);
        }
    };
    if let Ending::Failed(error) | Ending::Held(error) = &finished.ending {
        let feed = &finished.feed;
        tracing::warn!(feed, error, "feed was not activated");
    }
    if matches!(finished.ending, Ending::Ready(_)) {
        return Ok(Attempt::Ready(Box::new(Ready { finished, holder })));
    }
    let recorded = record(workshop, &circumstances.options, &finished, None, &holder).await;
    holder.release().await;
    Ok(match recorded? {
        Some(run) => Attempt::Recorded(run),
        None => Attempt::Skipped(SkipCause::LeaseLost),
    })
}

/// Runs the feed, unless there is a reason not to.
async fn work(
    workshop: &Workshop,
    circumstances: &Circumstances,
    feed: &Arc<dyn Feed>,
    holder: &Holder,
) -> Result<Result<Finished, SkipCause>, StoreError> {
    // What is known is asked for under the lease, because others may have run the feed meanwhile.
    let states = workshop.generations.feed_states().await?;
    let state = states.into_iter().find(|state| state.feed == feed.name());
    if let Some(due) = &circumstances.due
        && !due.wait(workshop, state.as_ref()).await?.is_near
    {
        return Ok(Err(SkipCause::NotDue));
    }
    if is_vanished(&**feed) && state.as_ref().is_some_and(is_frozen) {
        return Ok(Err(SkipCause::NotDue));
    }
    let current = workshop.generations.current().await?;
    let served = current.and_then(|mut current| current.feeds.remove(feed.name()));
    let built = state.as_ref().and_then(|state| state.build.as_ref());
    let job = Job {
        feed: Arc::clone(feed),
        earlier: served.clone().or(built.map(|build| build.snapshot.clone())),
        last: usable(workshop, state).await,
        served,
        options: circumstances.options.clone(),
        halt: holder.halt().clone(),
    };
    let started = workshop.clock.now();
    // A task of its own, so that a panic is a failure of this feed; the set ends it when this
    // future is dropped.
    let mut task = JoinSet::new();
    task.spawn(run(workshop.clone(), job));
    let finished = tokio::select! {
        () = holder.halt().cancelled() => None,
        finished = task.join_next() => finished,
    };
    Ok(match finished {
        _ if circumstances.options.stop.is_cancelled() => Err(SkipCause::Stopped),
        _ if holder.halt().is_cancelled() => Err(SkipCause::LeaseLost),
        Some(Ok(finished)) => Ok(finished),
        Some(Err(panic)) => {
            let name = feed.name().to_owned();
            Ok(Finished::failed(name, started, defect(panic)))
        }
        None => Err(SkipCause::Stopped),
    })
}

/// Returns what a feed's documents became last time, if it is enough to know that they did not
/// change. It is not when they would be read by other rules now, or when what they became is gone.
async fn usable(workshop: &Workshop, state: Option<FeedState>) -> Option<Build> {
    let build = state?.build.filter(|build| build.recipe == recipe())?;
    match local::have(workshop, &build.snapshot).await {
        Ok(true) => Some(build),
        Ok(false) => None,
        Err(error) => {
            let snapshot = build.snapshot.snapshot;
            tracing::warn!(%snapshot, error, "cannot use the last snapshot of a feed");
            None
        }
    }
}

/// Records a run, if the lease is still the present one. What was ready is served since a
/// generation, or was served already.
pub(crate) async fn record(
    workshop: &Workshop,
    options: &UpdateOptions,
    finished: &Finished,
    generation: Option<u64>,
    holder: &Holder,
) -> Result<Option<UpdateRun>, StoreError> {
    let run = finished.to_run(generation, workshop.clock.now());
    let (build, lease) = (finished.build.as_ref(), Some(holder.lease()));
    if !workshop.generations.record_run(&run, build, lease).await? {
        return Ok(None);
    }
    workshop.metrics.ran(&run);
    (options.progress)(Progress::Recorded(&run));
    Ok(Some(run))
}
