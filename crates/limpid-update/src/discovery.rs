use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use limpid_feed::{Family, Feed, FeedError};
use limpid_http::Fetcher;
use limpid_store::{Outcome, StoreError, UpdateRun};
use tokio::runtime::Handle;
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::error::in_one_line;
use crate::holder::{Holder, Taken, feed_lease};
use crate::probe::NetworkProbe;
use crate::selection::Selection;
use crate::workshop::Workshop;
use crate::{FailedFamily, SkipCause};

/// Which feeds there are.
#[derive(Default)]
pub(crate) struct Discovery {
    /// The feeds by name.
    pub(crate) feeds: BTreeMap<String, Arc<dyn Feed>>,
    /// The families that found their feeds, with the names of these.
    pub(crate) families: BTreeMap<&'static str, Vec<String>>,
    /// The families that did not.
    pub(crate) failed: Vec<FailedFamily>,
}

type Found = Result<Vec<Box<dyn Feed>>, FeedError>;

/// Asks all families at the same time which feeds they have. Those that have not answered when it is
/// to stop are broken off, and have failed for that reason alone.
///
/// No thread is left at work when this is done. When it is dropped, questions are broken off too.
pub(crate) async fn discover(
    families: Vec<Box<dyn Family>>,
    fetcher: &Fetcher,
    stop: &CancellationToken,
) -> Discovery {
    let halt = stop.child_token();
    let _halt_at_end = halt.clone().drop_guard();
    let mut tasks = JoinSet::new();
    let mut names = BTreeMap::new();
    for family in families {
        let name = family.name();
        let mut probe = NetworkProbe {
            fetcher: fetcher.clone(),
            runtime: Handle::current(),
            stop: halt.clone(),
        };
        let task = tasks.spawn_blocking(move || family.discover(&mut probe));
        names.insert(task.id(), name);
    }
    let mut discovery = Discovery::default();
    while let Some(joined) = tasks.join_next_with_id().await {
        let (id, found) = match joined {
            Ok((id, found)) => (id, Ok(found)),
            Err(error) => (error.id(), Err(error)),
        };
        let name = names.get(&id).copied().unwrap_or_default();
        match discovery.add(name, found) {
            Ok(()) => {}
            Err(_) if stop.is_cancelled() => {
                discovery.fail(name, SkipCause::Stopped.to_string());
            }
            Err(error) => {
                tracing::warn!(family = name, error, "cannot find the feeds of a family");
                discovery.fail(name, error);
            }
        }
    }
    discovery.failed.sort_by(|a, b| a.family.cmp(b.family));
    discovery
}

impl Discovery {
    /// Takes a family's feeds, or returns why they could not be found.
    fn add(&mut self, family: &'static str, found: Result<Found, JoinError>) -> Result<(), String> {
        let feeds = found.map_err(defect)?;
        let feeds = feeds.map_err(|error| in_one_line(&error))?;
        let names = feeds.iter().map(|feed| feed.name().to_owned());
        self.families.insert(family, names.collect());
        let feeds = feeds.into_iter();
        self.feeds
            .extend(feeds.map(|feed| (feed.name().to_owned(), Arc::from(feed))));
        Ok(())
    }

    /// Leaves only the feeds that are selected by their own names or their family's. Returns the
    /// selections that no feed answers to.
    pub(crate) fn select(&mut self, selection: &Selection<'_>) -> Vec<String> {
        let mut selected = BTreeSet::new();
        let mut answering = Vec::new();
        for (family, names) in &self.families {
            let is_named = selection.names_family(family);
            for name in names {
                if is_named || selection.has_feed(name) {
                    selected.insert(name.clone());
                    answering.extend([*family, name.as_str()]);
                }
            }
        }
        self.feeds.retain(|name, _| selected.contains(name));
        selection.unmatched(&answering)
    }

    fn fail(&mut self, family: &'static str, error: String) {
        self.failed.push(FailedFamily { family, error });
    }
}

/// Keeps the failures of families, under their own names, and their ends. What was broken off says
/// nothing of them.
pub(crate) async fn record_families(
    workshop: &Workshop,
    discovery: &Discovery,
    stop: &CancellationToken,
) -> Result<(), StoreError> {
    if stop.is_cancelled() {
        return Ok(());
    }
    for failed in &discovery.failed {
        let error = failed.error.clone();
        record_family(workshop, failed.family, Outcome::Failed { error }, stop).await?;
    }
    if discovery.families.is_empty() {
        return Ok(());
    }
    let states = workshop.generations.feed_states().await?;
    for &family in discovery.families.keys() {
        let has_failed = states
            .iter()
            .any(|state| state.feed == family && state.last_error.is_some());
        // Where a feed has the name of its family, its own run says how it is.
        if has_failed && !discovery.feeds.contains_key(family) {
            record_family(workshop, family, Outcome::Unchanged, stop).await?;
        }
    }
    Ok(())
}

async fn record_family(
    workshop: &Workshop,
    family: &str,
    outcome: Outcome,
    stop: &CancellationToken,
) -> Result<(), StoreError> {
    // Whoever has the lease has something newer to say.
    let Taken::Mine(holder) = Holder::take(workshop, &feed_lease(family), stop).await? else {
        return Ok(());
    };
    let now = workshop.clock.now();
    let run = UpdateRun {
        feed: family.to_owned(),
        started: now,
        finished: now,
        outcome,
        fetched_bytes: 0,
        records: 0,
        quarantined: 0,
        samples: Vec::new(),
    };
    let lease = Some(holder.lease());
    let recorded = workshop.generations.record_run(&run, None, lease).await;
    holder.release().await;
    if recorded? {
        workshop.metrics.ran(&run);
    }
    Ok(())
}

/// Returns what is to be said about a task that did not end by itself.
pub(crate) fn defect(error: JoinError) -> String {
    let Ok(panic) = error.try_into_panic() else {
        return "it was cancelled".to_owned();
    };
    let message = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    let message: String = message.chars().take(500).collect();
    format!("defect of the parser: {message}")
}
