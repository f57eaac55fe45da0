//! One look at the store: which generation is served, and what has to be done about it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

use jiff::Timestamp;
use limpid_store::StoreError;
use limpid_types::Digest;
use tokio::time::Instant;

use super::{Served, Shared};
use crate::opening::{error_chain, open_generation};
use crate::update_operation::KEPT_GENERATIONS;
use crate::{Generation, VulnerabilityData as _};

/// How long a new generation waits for snapshots that cannot be had, while an old one serves.
const PATIENCE: Duration = Duration::from_mins(10);

/// How long after it failed a snapshot is tried again.
const RETRY: Duration = Duration::from_secs(15);

/// How often the times are taken over at which the feeds were checked. Every change makes the
/// reports that were made before it useless, so it is not done at once.
const FRESHNESS: Duration = Duration::from_mins(5);

/// How long the store keeps a pin that is not renewed.
const PIN: Duration = Duration::from_mins(10);

/// How often a pin is renewed: two renewals may fail.
const PIN_RENEWAL: Duration = Duration::from_mins(3);

/// How long the store is left in peace by those that wait for the first generation.
const REST: Duration = Duration::from_secs(1);

/// What is remembered from one look to the next.
#[derive(Default)]
pub(super) struct State {
    last: Option<Instant>,
    /// When the snapshots of the generation were last opened.
    opened: Option<Instant>,
    /// When each pin was last renewed.
    pins: BTreeMap<u64, Instant>,
    /// The generation that waits for its snapshots, and since when.
    waiting: Option<(u64, Instant)>,
}

impl State {
    /// Tells whether the store was not asked just now.
    pub(super) fn is_rested(&self) -> bool {
        self.last.is_none_or(|last| last.elapsed() >= REST)
    }

    /// Tells whether a generation should be opened, or opened again.
    fn is_due(&self, number: u64, served: Option<&Generation>) -> bool {
        let Some(opened) = self.opened else {
            return true;
        };
        let waits = self.waiting.is_some_and(|(waiting, _)| waiting == number);
        match served.filter(|served| served.number() == number) {
            Some(served) if served.missing().is_empty() => opened.elapsed() >= FRESHNESS,
            None if !waits => true,
            Some(_) | None => opened.elapsed() >= RETRY,
        }
    }

    /// Tells whether a generation should still wait for its snapshots.
    fn waits(&mut self, number: u64) -> bool {
        let since = match self.waiting {
            Some((waiting, since)) if waiting == number => since,
            _ => Instant::now(),
        };
        self.waiting = Some((number, since));
        since.elapsed() < PATIENCE
    }
}

pub(super) async fn poll(shared: &Shared, state: &mut State) -> Result<(), StoreError> {
    state.last = Some(Instant::now());
    let Some(stored) = shared.store.current().await? else {
        return Ok(());
    };
    let served = shared.served.borrow().clone();
    let old = served.as_ref().map(|served| served.generation.as_ref());
    if let Some(old) = old {
        renew_pin(shared, state, old.number()).await;
    }
    state.waiting = state
        .waiting
        .filter(|(waiting, _)| *waiting == stored.number);
    if !state.is_due(stored.number, old) {
        return Ok(());
    }
    // Pinned before it is opened, so that its files do not vanish meanwhile. When it has been
    // retired already, another one is served by now and the next look finds it.
    if !pin(shared, state, stored.number).await? {
        return Ok(());
    }
    let (number, activated) = (stored.number, stored.activated);
    let generation = open_generation(shared.store.as_ref(), &shared.folder, stored, old).await?;
    state.opened = Some(Instant::now());
    report_missing(shared, &generation);
    let is_other = old.is_none_or(|old| old.number() != number);
    if is_other && old.is_some() && !generation.missing().is_empty() && state.waits(number) {
        return Ok(());
    }
    state.waiting = None;
    shared.metrics.show(&generation, activated);
    if old.is_some_and(|old| old.is_same_as(&generation)) {
        return Ok(());
    }
    if is_other {
        tracing::info!(
            generation = number,
            feeds = generation.feeds().len(),
            missing = generation.missing().len(),
            "serving vulnerability data"
        );
    }
    // Taken even if this is broken off: others may prepare for what they are told of, and must not
    // take it for what comes in its place.
    let edition = shared.editions.fetch_add(1, Ordering::Relaxed) + 1;
    let next = Served {
        edition,
        generation: Arc::new(generation),
    };
    if served.is_some() {
        prepare(shared, &next).await;
    }
    shared.served.send_replace(Some(next));
    if is_other {
        unpin_others(shared, state, number).await;
        remove_old_files(shared).await;
    }
    Ok(())
}

/// Lets those who follow get ready.
async fn prepare(shared: &Shared, next: &Served) {
    let followers = {
        let followers = shared.followers.lock();
        let mut followers = followers.unwrap_or_else(PoisonError::into_inner);
        followers.retain(|follower| follower.strong_count() > 0);
        followers.clone()
    };
    for follower in followers.iter().filter_map(Weak::upgrade) {
        follower.prepare(next).await;
    }
}

fn report_missing(shared: &Shared, generation: &Generation) {
    for feed in generation.missing() {
        shared.metrics.open_failures.inc();
        tracing::warn!(
            generation = generation.number(),
            feed = feed.name,
            reason = feed.reason,
            "the data of a feed cannot be had"
        );
    }
}

/// Renews the pin of the generation that is served. Nothing that is open gets lost without it, so
/// a failure does not keep the next generation away.
async fn renew_pin(shared: &Shared, state: &mut State, number: u64) {
    let is_fresh = state
        .pins
        .get(&number)
        .is_some_and(|renewed| renewed.elapsed() < PIN_RENEWAL);
    if is_fresh {
        return;
    }
    if let Err(error) = pin(shared, state, number).await {
        shared.metrics.store_failures.inc();
        tracing::warn!(
            generation = number,
            error = error_chain(&error),
            "cannot keep vulnerability data from being retired"
        );
    }
}

async fn pin(shared: &Shared, state: &mut State, number: u64) -> Result<bool, StoreError> {
    let is_there = shared
        .store
        .pin(number, &shared.owner, PIN, Timestamp::now())
        .await?;
    if is_there {
        state.pins.insert(number, Instant::now());
    }
    Ok(is_there)
}

async fn unpin_others(shared: &Shared, state: &mut State, served: u64) {
    let others: Vec<u64> = state.pins.keys().copied().collect();
    for number in others.into_iter().filter(|number| *number != served) {
        unpin(shared, state, number).await;
    }
}

/// Takes all pins away, because the process ends.
pub(super) async fn unpin_all(shared: &Shared, state: &mut State) {
    let all: Vec<u64> = state.pins.keys().copied().collect();
    for number in all {
        unpin(shared, state, number).await;
    }
}

async fn unpin(shared: &Shared, state: &mut State, number: u64) {
    state.pins.remove(&number);
    // A pin that stays expires by itself.
    if let Err(error) = shared.store.unpin(number, &shared.owner).await {
        tracing::debug!(
            generation = number,
            error = error_chain(&error),
            "cannot unpin"
        );
    }
}

async fn remove_old_files(shared: &Shared) {
    let needed = match needed_snapshots(shared).await {
        Ok(needed) => needed,
        Err(error) => {
            let error = error_chain(&error);
            return tracing::warn!(error, "cannot ask which snapshots are needed");
        }
    };
    match shared.folder.remove_others(needed).await {
        Ok(0) => {}
        Ok(files) => tracing::info!(files, "removed old snapshots"),
        Err(error) => tracing::warn!(%error, "cannot remove old snapshots"),
    }
}

/// Returns the snapshots that some generation or the next update needs.
async fn needed_snapshots(shared: &Shared) -> Result<BTreeSet<Digest>, StoreError> {
    let generations = shared.store.generations(KEPT_GENERATIONS).await?;
    let current = shared.store.current().await?;
    let builds = shared.store.feed_states().await?;
    Ok(generations
        .into_iter()
        .chain(current)
        .flat_map(|generation| generation.feeds.into_values())
        .map(|feed| feed.snapshot)
        .chain(
            builds
                .into_iter()
                .filter_map(|state| state.build)
                .map(|build| build.snapshot.snapshot),
        )
        .collect())
}
