use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use limpid_store::{FeedState, GenerationStore, StoreError};

use crate::{FeedSnapshot, Generation, MissingFeed, SnapshotFolder};

/// Opens all snapshots of a generation that a store knows.
///
/// A feed whose snapshot cannot be had is one that the generation misses: the others still judge,
/// and what they cannot judge is a gap of the report. Snapshots that `reuse` has open are taken
/// from there.
pub async fn open_generation(
    store: &dyn GenerationStore,
    folder: &SnapshotFolder,
    stored: limpid_store::Generation,
    reuse: Option<&Generation>,
) -> Result<Generation, StoreError> {
    let states: BTreeMap<String, FeedState> = store
        .feed_states()
        .await?
        .into_iter()
        .map(|state| (state.feed.clone(), state))
        .collect();
    let mut generation = Generation::new(stored.number);
    for (name, feed) in stored.feeds {
        let digest = feed.snapshot.as_str();
        let open = reuse.and_then(|open| open.snapshot(digest)).map(Arc::clone);
        let snapshot = match open {
            Some(snapshot) => Ok(snapshot),
            None => folder.open(&feed).await,
        };
        generation = match snapshot {
            Ok(snapshot) => {
                let checked = checked(states.get(&name), &feed);
                let feed = FeedSnapshot {
                    name,
                    snapshot: digest.to_owned(),
                    checked: Some(checked),
                };
                generation.with_feed(feed, snapshot)
            }
            Err(fault) => {
                tracing::debug!(feed = name, error = error_chain(&fault), "feed is missing");
                let reason = fault.to_string();
                generation.with_missing(MissingFeed { name, reason })
            }
        };
    }
    Ok(generation)
}

/// Returns when a feed was last known to be current: one that was asked again and had nothing new
/// is current, whatever the generation says.
fn checked(state: Option<&FeedState>, feed: &limpid_store::FeedSnapshot) -> Timestamp {
    state
        .and_then(|state| state.build.as_ref())
        .filter(|build| build.snapshot.snapshot == feed.snapshot)
        .map_or(feed.checked, |build| {
            build.snapshot.checked.max(feed.checked)
        })
}

/// Writes an error with its causes, for a log.
pub(crate) fn error_chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
