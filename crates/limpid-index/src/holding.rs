use std::sync::Arc;
use std::time::Duration;

use limpid_store::{Acquisition, Lease, Store, StoreError};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::Clock;

/// A lease that is renewed in the background for as long as this lives.
///
/// It counts as lost when another has it, and also when it could not be renewed in time, by the
/// time that passed here: the clocks of the nodes may jump.
pub(crate) struct Holding {
    store: Arc<dyn Store>,
    lease: Lease,
    lost: CancellationToken,
    renewal: JoinHandle<()>,
    is_released: bool,
}

impl Holding {
    /// Asks for a lease; none when another has it.
    pub(crate) async fn acquire(
        store: &Arc<dyn Store>,
        clock: &Clock,
        name: &str,
        owner: &str,
        time_to_live: Duration,
    ) -> Result<Option<Self>, StoreError> {
        let until = Instant::now() + time_to_live;
        let acquired = store.acquire_lease(name, owner, time_to_live, clock.now());
        let lease = match acquired.await? {
            Acquisition::Granted(lease) => lease,
            Acquisition::Held(_) => return Ok(None),
        };
        let lost = CancellationToken::new();
        let renewal = Renewal {
            store: Arc::clone(store),
            clock: clock.clone(),
            lease: lease.clone(),
            time_to_live,
            lost: lost.clone(),
        };
        Ok(Some(Self {
            store: Arc::clone(store),
            lease,
            lost,
            renewal: tokio::spawn(renewal.run(until)),
            is_released: false,
        }))
    }

    /// Waits until the lease is lost.
    pub(crate) async fn lost(&self) {
        self.lost.cancelled().await;
    }

    /// Gives the lease back. When that fails, it expires by itself.
    pub(crate) async fn release(mut self) {
        self.is_released = true;
        self.renewal.abort();
        if let Err(error) = self.store.release_lease(&self.lease).await {
            tracing::warn!(%error, lease = self.lease.name, "cannot give a lease back");
        }
    }
}

impl Drop for Holding {
    /// Gives the lease back for somebody who was cancelled, so that nobody has to wait for its end.
    fn drop(&mut self) {
        self.renewal.abort();
        if !self.is_released
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            let (store, lease) = (Arc::clone(&self.store), self.lease.clone());
            runtime.spawn(async move {
                if let Err(error) = store.release_lease(&lease).await {
                    tracing::warn!(%error, lease = lease.name, "cannot give a lease back");
                }
            });
        }
    }
}

struct Renewal {
    store: Arc<dyn Store>,
    clock: Clock,
    lease: Lease,
    time_to_live: Duration,
    lost: CancellationToken,
}

impl Renewal {
    /// Renews the lease, which is certain until a time, until it is lost.
    async fn run(self, mut until: Instant) {
        loop {
            sleep(self.time_to_live / 4).await;
            let next = Instant::now() + self.time_to_live;
            let renewed = self
                .store
                .renew_lease(&self.lease, self.time_to_live, self.clock.now());
            match timeout_at(until, renewed).await {
                Ok(Ok(Some(_))) => until = next,
                Ok(Ok(None)) => {
                    tracing::warn!(lease = self.lease.name, "another has taken a lease over");
                    break;
                }
                Ok(Err(error)) => {
                    tracing::warn!(%error, lease = self.lease.name, "cannot renew a lease");
                }
                Err(_) => {
                    tracing::warn!(lease = self.lease.name, "a lease was not renewed in time");
                    break;
                }
            }
        }
        self.lost.cancel();
    }
}
