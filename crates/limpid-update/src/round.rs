//! Running feeds side by side, and serving together what they say.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use limpid_feed::Feed;
use limpid_store::{FeedState, StoreError, UpdateRun};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::attempt::{Attempt, Circumstances, attempt};
use crate::building::Building;
use crate::discovery::defect;
use crate::holder::Patience;
use crate::publish::{Published, publish};
use crate::workshop::Workshop;
use crate::{Schedule, SkipCause, SkippedFeed, UpdateError, UpdateOptions, due};

/// How many of a feed's latest runs are looked at: after more failures than this it waits for the
/// whole period anyway.
const LATEST_RUNS: usize = 16;

/// Says which feeds are due.
#[derive(Clone)]
pub(crate) struct Due {
    pub(crate) schedule: Schedule,
    /// The time by which this node comes later than the schedule says.
    pub(crate) jitter: Duration,
}

/// How long a feed is to be left alone.
pub(crate) struct Wait {
    /// The time until it is due; nothing when it is.
    pub(crate) left: Duration,
    /// Whether it may be run now if others are.
    pub(crate) is_near: bool,
}

impl Due {
    /// Returns how long a feed is to be left alone.
    pub(crate) async fn wait(
        &self,
        workshop: &Workshop,
        state: Option<&FeedState>,
    ) -> Result<Wait, StoreError> {
        let runs = match state {
            Some(state) if state.last_error.is_some() => {
                let feed = Some(state.feed.as_str());
                workshop.generations.runs(feed, LATEST_RUNS).await?
            }
            _ => Vec::new(),
        };
        let interval = due::interval(&self.schedule, &runs);
        let now = workshop.clock.now();
        let near = due::wait(state, interval, Duration::ZERO, now);
        Ok(Wait {
            left: due::wait(state, interval, self.jitter, now),
            is_near: due::is_near(near, interval),
        })
    }
}

/// What came of a round.
pub(crate) struct Round {
    pub(crate) runs: Vec<UpdateRun>,
    pub(crate) skipped: Vec<SkippedFeed>,
    pub(crate) removed_snapshots: usize,
}

/// Runs feeds, some at a time, and serves what they say as one new generation.
///
/// A store that does not answer for one feed does not keep the others from being served; it is an
/// error in the end.
pub(crate) async fn run_round(
    workshop: &Workshop,
    options: &UpdateOptions,
    feeds: BTreeMap<String, Arc<dyn Feed>>,
    due: Option<Due>,
) -> Result<Round, UpdateError> {
    let directory = workshop.snapshots.clone();
    let building = workshop
        .in_directory(move || Ok(Building::begin(&directory)?))
        .await?;
    let attempts = run_feeds(workshop, options, feeds, due).await;
    let mut round = Round {
        runs: Vec::new(),
        skipped: Vec::new(),
        removed_snapshots: 0,
    };
    let mut ready = Vec::new();
    let mut fault = None;
    for (feed, attempt) in attempts {
        match attempt {
            Ok(Attempt::Skipped(cause)) => round.skipped.push(SkippedFeed { feed, cause }),
            Ok(Attempt::Recorded(run)) => round.runs.push(run),
            Ok(Attempt::Ready(one)) => ready.push(*one),
            Err(error) => {
                tracing::warn!(feed, %error, "the state of a feed cannot be used");
                fault = Some(error);
            }
        }
    }
    let Published {
        runs,
        skipped,
        removed_snapshots,
    } = publish(workshop, options, ready, building).await?;
    if let Some(error) = fault {
        return Err(error.into());
    }
    round.runs.extend(runs);
    round.skipped.extend(skipped);
    round.removed_snapshots = removed_snapshots;
    round.runs.sort_by(|a, b| a.feed.cmp(&b.feed));
    round.skipped.sort_by(|a, b| a.feed.cmp(&b.feed));
    Ok(round)
}

/// Returns what came of each feed, by name.
async fn run_feeds(
    workshop: &Workshop,
    options: &UpdateOptions,
    feeds: BTreeMap<String, Arc<dyn Feed>>,
    due: Option<Due>,
) -> BTreeMap<String, Result<Attempt, StoreError>> {
    let circumstances = Arc::new(Circumstances {
        options: options.clone(),
        patience: Patience::lasting(options.patience, options),
        slots: Semaphore::new(options.parallel_feeds.max(1)),
        due,
    });
    let mut tasks = JoinSet::new();
    let mut names = BTreeMap::new();
    for (name, feed) in feeds {
        let (workshop, circumstances) = (workshop.clone(), Arc::clone(&circumstances));
        let task = tasks.spawn(async move { attempt(&workshop, &circumstances, &feed).await });
        names.insert(task.id(), name);
    }
    let mut attempts = BTreeMap::new();
    while let Some(joined) = tasks.join_next_with_id().await {
        let (id, attempt) = match joined {
            Ok(joined) => joined,
            Err(error) => {
                let id = error.id();
                let error = defect(error);
                tracing::error!(feed = names.get(&id), error, "an update broke off");
                (id, Ok(Attempt::Skipped(SkipCause::Stopped)))
            }
        };
        attempts.insert(names.remove(&id).unwrap_or_default(), attempt);
    }
    attempts
}
