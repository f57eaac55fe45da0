use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use limpid_store::{Acquisition, Lease, LeaseStore, StoreError};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::workshop::Workshop;
use crate::{Clock, Progress, UpdateOptions, process};

const TIME_TO_LIVE: Duration = Duration::from_mins(1);
/// Two renewals may fail before the lease is lost.
const RENEWAL: Duration = Duration::from_secs(20);
/// How often a lease that another has is asked for.
const INTERVAL: Duration = Duration::from_millis(250);
/// How often it is tried to give a lease back. One that is not given back expires.
const RELEASES: u32 = 3;

/// Returns the name of the lease under which a feed is run.
pub(crate) fn feed_lease(feed: &str) -> String {
    format!("update:{feed}")
}

/// The lease under which it is changed which generation is served and which files are kept.
pub(crate) const PUBLISH_LEASE: &str = "publish";

/// How long leases that others have are waited for.
pub(crate) struct Patience {
    deadline: Instant,
    progress: Arc<dyn Fn(Progress<'_>) + Send + Sync>,
    was_said: AtomicBool,
}

impl Patience {
    /// Waits for some time, from now on.
    pub(crate) fn lasting(time: Duration, options: &UpdateOptions) -> Self {
        Self {
            deadline: Instant::now() + time,
            progress: Arc::clone(&options.progress),
            was_said: AtomicBool::new(false),
        }
    }

    /// Tells whether there is time left, and waits a little if there is.
    pub(crate) async fn wait(&self, workshop: &Workshop, holder: &Lease) -> bool {
        if Instant::now() >= self.deadline {
            return false;
        }
        if !self.was_said.swap(true, Ordering::Relaxed) {
            (self.progress)(Progress::Waiting(holder));
        }
        workshop.clock.sleep(INTERVAL).await;
        true
    }
}

/// The answer to a request for a lease.
pub(crate) enum Taken {
    Mine(Holder),
    Held(Lease),
}

/// Holds a lease, and renews it.
pub(crate) struct Holder {
    leases: Arc<dyn LeaseStore>,
    clock: Arc<dyn Clock>,
    lease: Lease,
    halt: CancellationToken,
    renewal: JoinHandle<()>,
}

impl Holder {
    /// Asks for a lease. It is taken from a process that is known to have ended.
    pub(crate) async fn take(
        workshop: &Workshop,
        name: &str,
        stop: &CancellationToken,
    ) -> Result<Taken, StoreError> {
        loop {
            let asked = workshop
                .leases
                .acquire_lease(name, &workshop.owner, TIME_TO_LIVE, workshop.clock.now())
                .await?;
            let holder = match asked {
                Acquisition::Granted(lease) => {
                    return Ok(Taken::Mine(Self::new(workshop, lease, stop)));
                }
                Acquisition::Held(holder) => holder,
            };
            if !process::has_ended(&holder.owner) {
                return Ok(Taken::Held(holder));
            }
            tracing::warn!(
                lease = name,
                owner = holder.owner,
                "the last holder was killed"
            );
            workshop.leases.release_lease(&holder).await?;
        }
    }

    fn new(workshop: &Workshop, lease: Lease, stop: &CancellationToken) -> Self {
        let halt = stop.child_token();
        let leases = Arc::clone(&workshop.leases);
        let clock = Arc::clone(&workshop.clock);
        let renewal = tokio::spawn(renew(leases, clock, lease.clone(), halt.clone()));
        Self {
            leases: Arc::clone(&workshop.leases),
            clock: Arc::clone(&workshop.clock),
            lease,
            halt,
            renewal,
        }
    }

    /// Returns the lease, for the store to check.
    pub(crate) fn lease(&self) -> &Lease {
        &self.lease
    }

    /// Returns what is cancelled when the lease is lost, or when everything is to stop.
    pub(crate) fn halt(&self) -> &CancellationToken {
        &self.halt
    }

    /// Asks the store whether the lease is still the present one, and lengthens it.
    pub(crate) async fn is_present(&self) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let renewed = self.leases.renew_lease(&self.lease, TIME_TO_LIVE, now);
        Ok(renewed.await?.is_some())
    }

    /// Gives the lease back. If the store does not answer, it ends by itself.
    pub(crate) async fn release(self) {
        self.renewal.abort();
        for _ in 0..RELEASES {
            match self.leases.release_lease(&self.lease).await {
                Ok(_) => return,
                Err(error) => {
                    let lease = &self.lease.name;
                    tracing::warn!(lease, %error, "cannot give a lease back");
                    self.clock.sleep(INTERVAL).await;
                }
            }
        }
    }
}

impl Drop for Holder {
    /// Work that was cancelled stops renewing. Its lease ends with the process or in a minute.
    fn drop(&mut self) {
        self.renewal.abort();
    }
}

/// Renews a lease until it is lost, or until nothing was heard of the store for as long as a lease
/// lives.
async fn renew(
    leases: Arc<dyn LeaseStore>,
    clock: Arc<dyn Clock>,
    lease: Lease,
    halt: CancellationToken,
) {
    let mut heard = Instant::now();
    loop {
        clock.sleep(RENEWAL).await;
        let asked = Instant::now();
        let renewed = leases.renew_lease(&lease, TIME_TO_LIVE, clock.now());
        match tokio::time::timeout(RENEWAL, renewed).await {
            Ok(Ok(Some(_))) => heard = asked,
            Ok(Ok(None)) => break,
            Ok(Err(error)) => {
                tracing::warn!(lease = lease.name, %error, "cannot renew a lease");
            }
            Err(_) => tracing::warn!(lease = lease.name, "the store does not renew a lease"),
        }
        if heard.elapsed() >= TIME_TO_LIVE {
            break;
        }
    }
    tracing::warn!(lease = lease.name, "another process may have taken over");
    halt.cancel();
}
