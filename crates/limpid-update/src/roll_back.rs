use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use limpid_store::{Activation, Generation, Store};

use crate::{UpdateError, cleaning};

/// A roll back that was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RollBack {
    /// The generation that was served before.
    pub from: Option<u64>,
    /// The generation that is served now.
    pub to: u64,
}

/// Serves an existing generation: `to`, or else the newest before the one that is served.
pub(crate) async fn roll_back(
    store: &Arc<dyn Store>,
    snapshots: &Path,
    to: Option<u64>,
) -> Result<RollBack, UpdateError> {
    let current = store.current().await?.map(|generation| generation.number);
    let target = match to {
        Some(number) => store.generation(number).await?,
        None => store
            .generations(usize::MAX)
            .await?
            .into_iter()
            .find(|generation| current.is_some_and(|current| generation.number < current)),
    };
    let target = target.ok_or(UpdateError::NoSuchGeneration)?;
    check(&target, snapshots)?;
    let moved = store
        .roll_back(current, Some(target.number), Timestamp::now())
        .await?;
    match moved {
        Activation::Done(to) => Ok(RollBack { from: current, to }),
        Activation::Conflict { .. } => Err(UpdateError::Contention),
        Activation::NoSuchGeneration => Err(UpdateError::NoSuchGeneration),
        Activation::LeaseLost => Err(UpdateError::LeaseLost),
    }
}

/// Makes sure that a generation can be served.
fn check(generation: &Generation, snapshots: &Path) -> Result<(), UpdateError> {
    for (feed, snapshot) in &generation.feeds {
        let missing = |source| UpdateError::SnapshotMissing {
            generation: generation.number,
            feed: feed.clone(),
            path: cleaning::path(snapshots, &snapshot.snapshot),
            source,
        };
        if !cleaning::is_complete(snapshots, snapshot).map_err(|error| missing(Some(error)))? {
            return Err(missing(None));
        }
    }
    Ok(())
}
