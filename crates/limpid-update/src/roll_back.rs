use limpid_store::{Activation, Generation};

use crate::workshop::Workshop;
use crate::{UpdateError, cleaning, local};

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
    workshop: &Workshop,
    to: Option<u64>,
) -> Result<RollBack, UpdateError> {
    let store = &workshop.generations;
    let current = store.current().await?.map(|generation| generation.number);
    let target = match to {
        Some(number) => {
            let found = store.generation(number).await?;
            found.ok_or(UpdateError::NoSuchGeneration { number })?
        }
        None => store
            .generations(usize::MAX)
            .await?
            .into_iter()
            .find(|generation| current.is_some_and(|current| generation.number < current))
            .ok_or(UpdateError::NoEarlierGeneration)?,
    };
    check(workshop, &target).await?;
    let number = target.number;
    let now = workshop.clock.now();
    match store.roll_back(current, Some(number), now).await? {
        Activation::Done(to) => {
            (workshop.activation_hook)();
            Ok(RollBack { from: current, to })
        }
        // No lease is named that could be lost.
        Activation::Conflict { .. } | Activation::LeaseLost => Err(UpdateError::Contention),
        Activation::NoSuchGeneration => Err(UpdateError::NoSuchGeneration { number }),
    }
}

/// Makes sure that a generation can be served.
async fn check(workshop: &Workshop, generation: &Generation) -> Result<(), UpdateError> {
    for (feed, snapshot) in &generation.feeds {
        let missing = |source| UpdateError::SnapshotMissing {
            generation: generation.number,
            feed: feed.clone(),
            path: cleaning::path(&workshop.snapshots, &snapshot.snapshot),
            source,
        };
        match local::have(workshop, snapshot).await {
            Ok(true) => {}
            Ok(false) => return Err(missing(None)),
            Err(error) => return Err(missing(Some(error))),
        }
    }
    Ok(())
}
