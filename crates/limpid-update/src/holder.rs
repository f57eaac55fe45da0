use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use limpid_store::{Acquisition, Lease, Store, StoreError};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use crate::{Progress, UpdateError, UpdateOptions, process};

const LEASE: &str = "update";
const TIME_TO_LIVE: Duration = Duration::from_mins(1);
/// Two renewals may fail before the lease is lost.
const RENEWAL: Duration = Duration::from_secs(20);
/// How often a lease that another has is asked for.
const INTERVAL: Duration = Duration::from_millis(250);

/// Holds the lease under which one update works, and renews it.
pub(crate) struct Holder {
    store: Arc<dyn Store>,
    lease: Lease,
    renewal: JoinHandle<()>,
}

impl Holder {
    /// Takes the lease. It is taken from a process that is known to have ended; otherwise it is
    /// waited for as long as the options say.
    pub(crate) async fn take(
        store: &Arc<dyn Store>,
        options: &UpdateOptions,
    ) -> Result<Self, UpdateError> {
        let deadline = Instant::now() + options.patience;
        let mut is_first = true;
        loop {
            let holder = match acquire(store).await? {
                Acquisition::Granted(lease) => return Ok(Self::new(store, lease)),
                Acquisition::Held(holder) => holder,
            };
            if process::has_ended(&holder.owner) {
                tracing::warn!(owner = holder.owner, "the last update was killed");
                store.release_lease(&holder).await?;
                continue;
            }
            if Instant::now() >= deadline {
                return Err(UpdateError::Busy { holder });
            }
            if is_first {
                (options.progress)(Progress::Waiting(&holder));
                is_first = false;
            }
            sleep(INTERVAL).await;
        }
    }

    fn new(store: &Arc<dyn Store>, lease: Lease) -> Self {
        let renewal = tokio::spawn(renew(Arc::clone(store), lease.clone()));
        Self {
            store: Arc::clone(store),
            lease,
            renewal,
        }
    }

    /// Returns the lease, for the store to check.
    pub(crate) fn lease(&self) -> &Lease {
        &self.lease
    }

    /// Gives the lease back.
    pub(crate) async fn release(self) -> Result<(), UpdateError> {
        self.renewal.abort();
        self.store.release_lease(&self.lease).await?;
        Ok(())
    }
}

impl Drop for Holder {
    /// An update that was cancelled stops renewing. Its lease ends with the process or in a minute.
    fn drop(&mut self) {
        self.renewal.abort();
    }
}

async fn acquire(store: &Arc<dyn Store>) -> Result<Acquisition, StoreError> {
    let owner = process::name();
    store
        .acquire_lease(LEASE, &owner, TIME_TO_LIVE, Timestamp::now())
        .await
}

async fn renew(store: Arc<dyn Store>, lease: Lease) {
    loop {
        sleep(RENEWAL).await;
        match store
            .renew_lease(&lease, TIME_TO_LIVE, Timestamp::now())
            .await
        {
            Ok(Some(_)) => {}
            Ok(None) => {
                tracing::warn!("another update has taken over");
                return;
            }
            Err(error) => tracing::warn!(%error, "cannot renew the lease of this update"),
        }
    }
}
