use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use limpid_store::{Activation, FeedSnapshot, Lease, Store};

use crate::UpdateError;

/// How often the served generation may change while a new one is being made of it.
const ATTEMPTS: usize = 10;

/// Makes a generation of what is served and of new snapshots. Returns its number; none when all of
/// that was served already.
pub(crate) async fn activate(
    store: &Arc<dyn Store>,
    new: &BTreeMap<String, FeedSnapshot>,
    lease: &Lease,
) -> Result<Option<u64>, UpdateError> {
    for _ in 0..ATTEMPTS {
        let current = store.current().await?;
        let number = current.as_ref().map(|generation| generation.number);
        let served = current
            .map(|generation| generation.feeds)
            .unwrap_or_default();
        let is_news = new.iter().any(|(feed, snapshot)| {
            served.get(feed).map(|served| &served.snapshot) != Some(&snapshot.snapshot)
        });
        if !is_news {
            return Ok(None);
        }
        let mut feeds = served;
        feeds.extend(new.clone());
        let activation = store
            .activate(number, &feeds, Some(lease), Timestamp::now())
            .await?;
        match activation {
            Activation::Done(number) => return Ok(Some(number)),
            Activation::LeaseLost => return Err(UpdateError::LeaseLost),
            // Somebody rolled back meanwhile: what is new is new on top of that, too.
            Activation::Conflict { .. } => {}
            Activation::NoSuchGeneration => return Err(UpdateError::NoSuchGeneration),
        }
    }
    Err(UpdateError::Contention)
}
