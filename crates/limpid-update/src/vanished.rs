//! Feeds that their source does not list any more: they keep what they have, marked as frozen.

use std::sync::Arc;

use limpid_feed::{DocumentAddress, Documents, Feed, FeedError, Sink, Tally};
use limpid_store::{FeedState, StoreError};

use crate::discovery::Discovery;
use crate::workshop::Workshop;

/// A feed that is not there any more. A run of it finds nothing, so that all of its namespaces are
/// frozen; it has no documents that could ever change.
struct Vanished {
    name: String,
}

impl Feed for Vanished {
    fn name(&self) -> &str {
        &self.name
    }

    fn documents(&self) -> Vec<DocumentAddress> {
        Vec::new()
    }

    fn parse(
        &self,
        _documents: &mut dyn Documents,
        _sink: &mut dyn Sink,
    ) -> Result<Tally, FeedError> {
        Ok(Tally::default())
    }
}

/// Tells whether a feed is one that its source does not list any more.
pub(crate) fn is_vanished(feed: &dyn Feed) -> bool {
    feed.collection().is_none() && feed.documents().is_empty()
}

/// Tells whether a feed was run since it vanished.
pub(crate) fn is_frozen(state: &FeedState) -> bool {
    let build = state.build.as_ref();
    build.is_some_and(|build| build.documents.is_empty() && build.held.is_none())
}

/// Adds to what was found those feeds that are served and that families which were asked do not
/// have any more, unless they are frozen already.
pub(crate) async fn add_vanished(
    workshop: &Workshop,
    discovery: &mut Discovery,
) -> Result<(), StoreError> {
    let Some(current) = workshop.generations.current().await? else {
        return Ok(());
    };
    let states = workshop.generations.feed_states().await?;
    for (name, snapshot) in current.feeds {
        let family = name.split('/').next().unwrap_or_default();
        let state = states.iter().find(|state| state.feed == name);
        if snapshot.records == 0
            || discovery.feeds.contains_key(&name)
            || state.is_some_and(is_frozen)
        {
            continue;
        }
        if let Some(names) = discovery.families.get_mut(family) {
            names.push(name.clone());
            let feed = Vanished { name: name.clone() };
            discovery.feeds.insert(name, Arc::new(feed));
        }
    }
    Ok(())
}
