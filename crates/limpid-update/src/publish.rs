//! Serving what feeds say, and clearing away what nobody needs any more.
//!
//! Both are done under one lease. So between the moment when a new snapshot is shared with other
//! nodes and the moment when a generation refers to it, nobody finds that it is not needed: the
//! store refuses to activate anything under the lease of a node that was taken for dead.

use std::collections::BTreeMap;
use std::time::Duration;

use limpid_store::{Activation, FeedSnapshot, UpdateRun};
use tokio_util::sync::CancellationToken;

use crate::attempt::{Ready, record};
use crate::building::Building;
use crate::cleaning::clean;
use crate::error::in_one_line;
use crate::feed_run::Ending;
use crate::holder::{Holder, PUBLISH_LEASE, Patience, Taken};
use crate::workshop::Workshop;
use crate::{SkipCause, SkippedFeed, UpdateError, UpdateOptions, local};

/// How long another node is waited for that serves what it has: sharing large snapshots may take
/// minutes. The result of a feed that waits longer is given up and made again later.
const PATIENCE: Duration = Duration::from_mins(10);

/// How often the served generation may change while a new one is being made of it.
const ATTEMPTS: usize = 10;

/// What was served.
#[derive(Default)]
pub(crate) struct Published {
    pub(crate) runs: Vec<UpdateRun>,
    pub(crate) skipped: Vec<SkippedFeed>,
    pub(crate) removed_snapshots: usize,
}

impl Published {
    /// Leaves results as if they had not been.
    async fn leave(&mut self, ready: Vec<Ready>, cause: &SkipCause) {
        for Ready { finished, holder } in ready {
            holder.release().await;
            self.skipped.push(SkippedFeed {
                feed: finished.feed,
                cause: cause.clone(),
            });
        }
    }
}

/// Serves what is ready as one new generation, records the runs, and clears away.
pub(crate) async fn publish(
    workshop: &Workshop,
    options: &UpdateOptions,
    mut ready: Vec<Ready>,
    building: Building,
) -> Result<Published, UpdateError> {
    let mut published = Published::default();
    if options.stop.is_cancelled() {
        published.leave(ready, &SkipCause::Stopped).await;
        return Ok(published);
    }
    let patience = if ready.is_empty() {
        Duration::ZERO
    } else {
        PATIENCE
    };
    let holder = match take(workshop, options, patience).await {
        Ok(Taken::Mine(holder)) => holder,
        Ok(Taken::Held(lease)) => {
            published.leave(ready, &SkipCause::Busy(lease)).await;
            return Ok(published);
        }
        Err(error) => {
            published.leave(ready, &SkipCause::Stopped).await;
            return Err(error);
        }
    };
    let served = serve(workshop, options, &mut ready, &holder, &mut published).await;
    // What was recorded is not ready any more; what is left is made again later.
    published.leave(ready, &SkipCause::LeaseLost).await;
    // Everything that was built here is known to the store now, or was given up.
    drop(building);
    let cleaned = match &served {
        Ok(()) => clean(workshop, options.keep_generations, &holder).await,
        Err(_) => Ok(0),
    };
    holder.release().await;
    served?;
    published.removed_snapshots = cleaned?;
    Ok(published)
}

/// Takes the lease under which things are served, waiting as long as there is patience.
async fn take(
    workshop: &Workshop,
    options: &UpdateOptions,
    patience: Duration,
) -> Result<Taken, UpdateError> {
    let patience = Patience::lasting(patience, options);
    loop {
        let taken = Holder::take(workshop, PUBLISH_LEASE, &CancellationToken::new()).await?;
        match taken {
            Taken::Held(lease)
                if !options.stop.is_cancelled() && patience.wait(workshop, &lease).await => {}
            taken => return Ok(taken),
        }
    }
}

/// Takes from what is ready all that is recorded.
async fn serve(
    workshop: &Workshop,
    options: &UpdateOptions,
    ready: &mut Vec<Ready>,
    holder: &Holder,
    published: &mut Published,
) -> Result<(), UpdateError> {
    for one in ready.iter_mut() {
        share(workshop, one, holder).await;
    }
    if holder.halt().is_cancelled() {
        return Ok(());
    }
    let Some(generation) = activate(workshop, ready, holder, published).await? else {
        return Ok(());
    };
    while let Some(one) = ready.pop() {
        let recorded = record(workshop, options, &one.finished, generation, &one.holder).await;
        let feed = one.finished.feed.clone();
        one.holder.release().await;
        match recorded? {
            Some(run) => published.runs.push(run),
            None => published.skipped.push(SkippedFeed {
                feed,
                cause: SkipCause::LeaseLost,
            }),
        }
    }
    Ok(())
}

/// Shares a snapshot with other nodes before anybody is told of it. Where that is not possible, the
/// feed has failed.
async fn share(workshop: &Workshop, ready: &mut Ready, holder: &Holder) {
    let Ending::Ready(snapshot) = &ready.finished.ending else {
        return;
    };
    let shared = tokio::select! {
        () = holder.halt().cancelled() => return,
        () = ready.holder.halt().cancelled() => return,
        shared = local::share(workshop, snapshot) => shared,
    };
    if let Err(error) = shared {
        let error = in_one_line(&error);
        let feed = &ready.finished.feed;
        tracing::warn!(feed, error, "a snapshot cannot be shared with other nodes");
        ready.finished.ending = Ending::Failed(error);
        ready.finished.build = None;
    }
}

/// Makes a generation of what is served and of new snapshots, unless all of that is served already.
/// The outer none means that nothing may be recorded, because the lease is lost.
async fn activate(
    workshop: &Workshop,
    ready: &mut Vec<Ready>,
    holder: &Holder,
    published: &mut Published,
) -> Result<Option<Option<u64>>, UpdateError> {
    for _ in 0..ATTEMPTS {
        let current = workshop.generations.current().await?;
        // After this one was read: whoever lost the lease of a feed to somebody who has served it
        // since is refused, because the current generation is another one then.
        keep_present(ready, published).await?;
        let number = current.as_ref().map(|generation| generation.number);
        let mut feeds = current
            .map(|generation| generation.feeds)
            .unwrap_or_default();
        if !add_news(&mut feeds, ready) {
            return Ok(Some(None));
        }
        let now = workshop.clock.now();
        let activation = workshop
            .generations
            .activate(number, &feeds, Some(holder.lease()), now)
            .await?;
        match activation {
            Activation::Done(number) => {
                workshop.metrics.activated(number);
                (workshop.activation_hook)();
                return Ok(Some(Some(number)));
            }
            Activation::LeaseLost => return Ok(None),
            // Somebody rolled back meanwhile: what is new is new on top of that, too.
            Activation::Conflict { .. } | Activation::NoSuchGeneration => {}
        }
    }
    Err(UpdateError::Contention)
}

/// Leaves the results of feeds that others have taken over.
async fn keep_present(
    ready: &mut Vec<Ready>,
    published: &mut Published,
) -> Result<(), UpdateError> {
    let mut place = 0;
    while let Some(one) = ready.get(place) {
        if one.holder.is_present().await? {
            place += 1;
        } else {
            let lost = vec![ready.swap_remove(place)];
            published.leave(lost, &SkipCause::LeaseLost).await;
        }
    }
    Ok(())
}

/// Puts new snapshots among those that are served. Tells whether there were any.
fn add_news(feeds: &mut BTreeMap<String, FeedSnapshot>, ready: &[Ready]) -> bool {
    let mut is_news = false;
    for one in ready {
        let Ending::Ready(snapshot) = &one.finished.ending else {
            continue;
        };
        let before = feeds.insert(one.finished.feed.clone(), snapshot.clone());
        is_news |= before.is_none_or(|before| before.snapshot != snapshot.snapshot);
    }
    is_news
}
