use std::collections::BTreeMap;
use std::sync::Arc;

use limpid_feed::{Family, Feed, FeedError};
use limpid_http::Fetcher;
use tokio::runtime::Handle;
use tokio::task::{JoinError, JoinSet};

use crate::FailedFamily;
use crate::error::in_one_line;
use crate::probe::NetworkProbe;
use crate::selection::Selection;

/// Which feeds there are.
#[derive(Default)]
pub(crate) struct Discovery {
    /// The selected feeds by name.
    pub(crate) feeds: BTreeMap<String, Arc<dyn Feed>>,
    /// The families that found their feeds.
    pub(crate) families: Vec<&'static str>,
    pub(crate) failed: Vec<FailedFamily>,
}

type Found = Result<Vec<Box<dyn Feed>>, FeedError>;

/// Asks all families at the same time which feeds they have.
pub(crate) async fn discover(
    families: Vec<Box<dyn Family>>,
    selection: &Selection<'_>,
    fetcher: &Fetcher,
) -> Discovery {
    let mut tasks = JoinSet::new();
    let mut names = BTreeMap::new();
    for family in families {
        let name = family.name();
        if !selection.has_family(name) {
            continue;
        }
        let mut probe = NetworkProbe {
            fetcher: fetcher.clone(),
            runtime: Handle::current(),
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
        discovery.add(name, found, selection);
    }
    discovery.failed.sort_by(|a, b| a.family.cmp(&b.family));
    discovery
}

impl Discovery {
    fn add(
        &mut self,
        family: &'static str,
        found: Result<Found, JoinError>,
        selection: &Selection<'_>,
    ) {
        let error = match found {
            Ok(Ok(feeds)) => {
                self.families.push(family);
                let selected = feeds
                    .into_iter()
                    .filter(|feed| selection.has_feed(feed.name()));
                self.feeds
                    .extend(selected.map(|feed| (feed.name().to_owned(), Arc::from(feed))));
                return;
            }
            Ok(Err(error)) => in_one_line(&error),
            Err(error) => defect(error),
        };
        tracing::warn!(family, error, "cannot find the feeds of a family");
        self.failed.push(FailedFamily {
            family: family.to_owned(),
            error,
        });
    }
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
