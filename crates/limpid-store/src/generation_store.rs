use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use limpid_types::Digest;

use crate::{
    Activation, Build, FeedSnapshot, FeedState, Generation, Lease, PointerMove, StoreError,
    UpdateRun,
};

/// How many runs of each feed are kept, the latest.
pub const RUNS_PER_FEED: usize = 100;

/// Keeps the generations of the vulnerability data, and how the feeds did.
///
/// The pointer to the generation that is served moves by compare-and-swap: whoever wants to move
/// it says where it believes it to be.
#[async_trait]
pub trait GenerationStore: Send + Sync {
    /// Returns the generation that is served; none before the first one.
    async fn current(&self) -> Result<Option<Generation>, StoreError>;

    /// Returns a generation by its number.
    async fn generation(&self, number: u64) -> Result<Option<Generation>, StoreError>;

    /// Returns the newest generations, newest first. The one that is served need not be among them.
    async fn generations(&self, limit: usize) -> Result<Vec<Generation>, StoreError>;

    /// Returns the latest changes of which generation is served, latest first.
    async fn pointer_moves(&self, limit: usize) -> Result<Vec<PointerMove>, StoreError>;

    /// Makes a new generation of some snapshots and serves it, if `expected` is what is served now
    /// and, where a lease is given, the lease is still the caller's.
    ///
    /// The snapshot files must be durable before this is called.
    async fn activate(
        &self,
        expected: Option<u64>,
        feeds: &BTreeMap<String, FeedSnapshot>,
        lease: Option<&Lease>,
        now: Timestamp,
    ) -> Result<Activation, StoreError>;

    /// Serves an existing generation: `to`, or else the newest one before the one that is served.
    /// No generation is lost by that; the next new one still gets a number of its own.
    async fn roll_back(
        &self,
        expected: Option<u64>,
        to: Option<u64>,
        now: Timestamp,
    ) -> Result<Activation, StoreError>;

    /// Keeps the snapshots of a generation from being retired for some time, on behalf of an owner.
    /// Pinning again lengthens the time. Tells whether there is such a generation.
    async fn pin(
        &self,
        generation: u64,
        owner: &str,
        time_to_live: Duration,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Takes a pin away.
    async fn unpin(&self, generation: u64, owner: &str) -> Result<(), StoreError>;

    /// Forgets all generations but the newest `keep`, the one that is served and those that are
    /// pinned, and returns the snapshots that are still needed: those of the generations that are
    /// left and the last build of every feed. No other snapshot file is needed any more.
    ///
    /// None when a lease is given that is no longer the caller's; then nothing was changed.
    async fn retire_generations(
        &self,
        keep: usize,
        lease: Option<&Lease>,
        now: Timestamp,
    ) -> Result<Option<BTreeSet<Digest>>, StoreError>;

    /// Forgets all generations that have a snapshot of a feed, but not the one that is served and
    /// those that are pinned. Tells whether no generation has the snapshot any more.
    async fn forget_snapshot(
        &self,
        feed: &str,
        snapshot: &Digest,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Keeps a run, and what it built, when it read the documents to the end.
    ///
    /// A run that found nothing new moves the `checked` time of the snapshot that was built last,
    /// and writes nothing else but two small rows. Of each feed the latest
    /// [`RUNS_PER_FEED`] runs are kept.
    ///
    /// False when a lease is given that is no longer the caller's; then nothing was changed.
    async fn record_run(
        &self,
        run: &UpdateRun,
        build: Option<&Build>,
        lease: Option<&Lease>,
    ) -> Result<bool, StoreError>;

    /// Returns the latest runs, of one feed or of all, latest first.
    async fn runs(&self, feed: Option<&str>, limit: usize) -> Result<Vec<UpdateRun>, StoreError>;

    /// Returns how every feed is doing that ever ran, by name.
    async fn feed_states(&self) -> Result<Vec<FeedState>, StoreError>;
}
