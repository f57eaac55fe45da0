//! Running feeds in the background, side by side with other nodes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use limpid_feed::{Family, Feed};
use limpid_store::StoreError;

use crate::discovery::{discover, record_families};
use crate::error::in_one_line;
use crate::round::{Due, Round, run_round};
use crate::updater::prepare;
use crate::vanished::add_vanished;
use crate::workshop::Workshop;
use crate::{Schedule, UpdateError, UpdateOptions, due};

/// The shortest time between two looks at what is due.
const SHORTEST_PAUSE: Duration = Duration::from_secs(30);
/// The longest time between two looks: other nodes may end without having done what they had begun.
const LONGEST_PAUSE: Duration = Duration::from_mins(10);

/// A family, and the feeds that it was last found to have.
#[derive(Default)]
struct Known {
    feeds: BTreeMap<String, Arc<dyn Feed>>,
    /// When it is to be asked again.
    next: Option<Timestamp>,
    failures: usize,
}

/// What a node knows of the families.
type Families = BTreeMap<&'static str, Known>;

/// Runs feeds whenever they are due, until the options say stop.
pub(crate) async fn run(
    workshop: &Workshop,
    families: &(impl Fn() -> Vec<Box<dyn Family>> + Send),
    schedule: &Schedule,
    options: &UpdateOptions,
) {
    let mut known = Families::new();
    for number in 0.. {
        if options.stop.is_cancelled() {
            return;
        }
        let due = Due {
            schedule: schedule.clone(),
            jitter: due::jitter(schedule, &workshop.owner, number),
        };
        let pause = match look(workshop, families, &mut known, &due, options).await {
            Ok(pause) => pause,
            Err(error) => {
                let error = in_one_line(&error);
                tracing::error!(error, "an update in the background did not succeed");
                schedule.first_retry.min(schedule.period)
            }
        };
        tokio::select! {
            () = options.stop.cancelled() => return,
            () = workshop.clock.sleep(pause.clamp(SHORTEST_PAUSE, LONGEST_PAUSE)) => {}
        }
    }
}

/// Runs what is due, and returns how long there is nothing to do.
async fn look(
    workshop: &Workshop,
    families: &(impl Fn() -> Vec<Box<dyn Family>> + Send),
    known: &mut Families,
    due: &Due,
    options: &UpdateOptions,
) -> Result<Duration, UpdateError> {
    prepare(workshop).await?;
    ask_families(workshop, families(), known, &due.schedule, options).await?;
    let feeds = |known: &Families| -> BTreeMap<String, Arc<dyn Feed>> {
        let feeds = known.values().flat_map(|known| known.feeds.clone());
        feeds.collect()
    };
    let (near, pause) = near(workshop, feeds(known), due).await?;
    if pause > Duration::ZERO {
        return Ok(pause);
    }
    let round = run_round(workshop, options, near, Some(due.clone())).await?;
    say(&round);
    Ok(self::near(workshop, feeds(known), due).await?.1)
}

/// Asks those families for their feeds that were not asked for a period. A family that cannot be
/// asked keeps the feeds that it had.
async fn ask_families(
    workshop: &Workshop,
    mut families: Vec<Box<dyn Family>>,
    known: &mut Families,
    schedule: &Schedule,
    options: &UpdateOptions,
) -> Result<(), StoreError> {
    let now = workshop.clock.now();
    let is_due = |next: Timestamp| {
        // A clock that was set back must not put the next time off for long.
        next <= now || next.duration_since(now).unsigned_abs() > schedule.period
    };
    families.retain(|family| {
        let known = known.get(family.name());
        known.and_then(|known| known.next).is_none_or(is_due)
    });
    if families.is_empty() {
        return Ok(());
    }
    let mut discovery = discover(families, &workshop.fetcher, &options.stop).await;
    if options.stop.is_cancelled() {
        return Ok(());
    }
    add_vanished(workshop, &mut discovery).await?;
    for (&family, names) in &discovery.families {
        let feeds = names.iter();
        let feeds = feeds.filter_map(|name| Some((name.clone(), discovery.feeds.get(name)?)));
        let feeds = feeds.map(|(name, feed)| (name, Arc::clone(feed)));
        let found = Known {
            feeds: feeds.collect(),
            next: Some(now + due::after_failures(schedule, 0)),
            failures: 0,
        };
        known.insert(family, found);
    }
    for failed in &discovery.failed {
        let known = known.entry(failed.family).or_default();
        known.failures += 1;
        known.next = Some(now + due::after_failures(schedule, known.failures));
    }
    record_families(workshop, &discovery, &options.stop).await
}

/// Returns the feeds that may be run now, and how long to wait until any of them has to be.
async fn near(
    workshop: &Workshop,
    mut feeds: BTreeMap<String, Arc<dyn Feed>>,
    due: &Due,
) -> Result<(BTreeMap<String, Arc<dyn Feed>>, Duration), StoreError> {
    let states = workshop.generations.feed_states().await?;
    let current = workshop.generations.current().await?;
    workshop.metrics.observe(&states, current.as_ref());
    let mut pause = LONGEST_PAUSE;
    let mut near = BTreeMap::new();
    while let Some((name, feed)) = feeds.pop_first() {
        let state = states.iter().find(|state| state.feed == name);
        let wait = due.wait(workshop, state).await?;
        pause = pause.min(wait.left);
        if wait.is_near {
            near.insert(name, feed);
        }
    }
    Ok((near, pause))
}

fn say(round: &Round) {
    for skipped in &round.skipped {
        tracing::debug!(feed = skipped.feed, cause = %skipped.cause, "feed was not run");
    }
    if !round.runs.is_empty() {
        tracing::info!(feeds = round.runs.len(), "feeds were run");
    }
}
