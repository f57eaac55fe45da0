use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::StoreError;

/// The right to do something that only one may do, for a limited time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// What the right is for.
    pub name: String,
    /// Who has it.
    pub owner: String,
    /// Rises from one grant to the next, so that a late former owner can be told from the present
    /// one.
    pub token: u64,
    /// When it ends unless it is renewed.
    pub expires: Timestamp,
}

/// The answer to a request for a [`Lease`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Acquisition {
    /// It was granted.
    Granted(Lease),
    /// Another has it.
    Held(Lease),
}

/// Keeps who may do a piece of work that only one may do.
#[async_trait]
pub trait LeaseStore: Send + Sync {
    /// Asks for a lease. It is granted when nobody has it or the one who has it let it expire;
    /// an owner who asks again is treated like any other.
    async fn acquire_lease(
        &self,
        name: &str,
        owner: &str,
        time_to_live: Duration,
        now: Timestamp,
    ) -> Result<Acquisition, StoreError>;

    /// Lengthens a lease; none when it has passed to another or was given back. One that has
    /// expired can be renewed as long as nobody else has taken it.
    async fn renew_lease(
        &self,
        lease: &Lease,
        time_to_live: Duration,
        now: Timestamp,
    ) -> Result<Option<Lease>, StoreError>;

    /// Gives a lease back; nothing is kept of it but that its token was spent. Tells whether it was
    /// still the present one.
    async fn release_lease(&self, lease: &Lease) -> Result<bool, StoreError>;

    /// Forgets leases that expired before some time and that nobody asked for since, at most
    /// `limit`. Returns how many there were.
    async fn remove_expired_leases(
        &self,
        expired_before: Timestamp,
        limit: usize,
    ) -> Result<usize, StoreError>;
}

/// Returns when something ends that lasts from now for some time; at the end of time at the latest.
/// It is a time that comes back from a store as it was kept.
pub fn expiry(now: Timestamp, time_to_live: Duration) -> Timestamp {
    let end = now.checked_add(time_to_live).unwrap_or(Timestamp::MAX);
    Timestamp::from_millisecond(end.as_millisecond()).unwrap_or(end)
}
