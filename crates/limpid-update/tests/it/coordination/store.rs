use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use limpid_store::{
    Acquisition, Activation, Build, ErrorKind, FeedSnapshot, FeedState, Generation,
    GenerationStore, Lease, LeaseStore, PointerMove, StoreError, UpdateRun,
};
use limpid_store_sqlite::SqliteStore;
use limpid_types::Digest;
use tokio::time::sleep;

use super::monitor::{Monitor, Seen};
use super::random::Random;

/// What lies between a node and the store.
pub(super) struct Network {
    random: Mutex<Random>,
    is_mended: AtomicBool,
}

/// What happens to one call.
struct Fate {
    before: Duration,
    is_lost: bool,
    after: Duration,
    is_answer_lost: bool,
}

impl Network {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            random: Mutex::new(Random::new(seed)),
            is_mended: AtomicBool::new(false),
        }
    }

    pub(super) fn mend(&self) {
        self.is_mended.store(true, Ordering::Relaxed);
    }

    fn fate(&self) -> Fate {
        let mut random = self.random.lock().unwrap();
        let usual = Duration::from_millis(20);
        if self.is_mended.load(Ordering::Relaxed) {
            return Fate {
                before: random.up_to(usual),
                is_lost: false,
                after: random.up_to(usual),
                is_answer_lost: false,
            };
        }
        let mut delay = || {
            // Long enough that a lease is lost meanwhile.
            let most = if random.once_in(8) {
                Duration::from_mins(5)
            } else {
                usual
            };
            random.up_to(most)
        };
        let (before, after) = (delay(), delay());
        Fate {
            before,
            is_lost: random.once_in(50),
            after,
            is_answer_lost: random.once_in(50),
        }
    }
}

/// A store at the other end of a bad network.
pub(super) struct TroubledStore {
    pub(super) inner: Arc<SqliteStore>,
    pub(super) monitor: Arc<Monitor>,
    pub(super) network: Arc<Network>,
    pub(super) node: u64,
}

fn unreachable() -> StoreError {
    StoreError {
        kind: ErrorKind::Unavailable,
        operation: "reach the store",
        location: "simulation".into(),
        source: None,
    }
}

impl TroubledStore {
    /// Does a call, which the store finishes once it has begun, even if the node is killed.
    async fn call<T, W>(
        &self,
        work: impl FnOnce(Arc<SqliteStore>) -> W + Send,
        see: impl FnOnce(&mut Seen, &T) + Send + 'static,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: Future<Output = Result<T, StoreError>> + Send + 'static,
    {
        let fate = self.network.fate();
        sleep(fate.before).await;
        if fate.is_lost {
            return Err(unreachable());
        }
        let work = work(Arc::clone(&self.inner));
        let monitor = Arc::clone(&self.monitor);
        let done = tokio::spawn(async move {
            let mut seen = monitor.lock().await;
            let done = work.await;
            if let Ok(value) = &done {
                see(&mut seen, value);
            }
            done
        });
        let done = done.await.unwrap();
        sleep(fate.after).await;
        if fate.is_answer_lost {
            return Err(unreachable());
        }
        done
    }
}

#[async_trait]
impl LeaseStore for TroubledStore {
    async fn acquire_lease(
        &self,
        name: &str,
        owner: &str,
        time_to_live: Duration,
        now: Timestamp,
    ) -> Result<Acquisition, StoreError> {
        let (name, owner, node) = (name.to_owned(), owner.to_owned(), self.node);
        self.call(
            async move |store| store.acquire_lease(&name, &owner, time_to_live, now).await,
            move |seen, answer| {
                if let Acquisition::Granted(lease) = answer {
                    seen.granted(node, lease);
                }
            },
        )
        .await
    }

    async fn renew_lease(
        &self,
        lease: &Lease,
        time_to_live: Duration,
        now: Timestamp,
    ) -> Result<Option<Lease>, StoreError> {
        let lease = lease.clone();
        self.call(
            async move |store| store.renew_lease(&lease, time_to_live, now).await,
            |seen, answer| seen.refused += usize::from(answer.is_none()),
        )
        .await
    }

    async fn release_lease(&self, lease: &Lease) -> Result<bool, StoreError> {
        let lease = lease.clone();
        self.call(
            async move |store| store.release_lease(&lease).await,
            |_, _| (),
        )
        .await
    }

    async fn remove_expired_leases(
        &self,
        expired_before: Timestamp,
        limit: usize,
    ) -> Result<usize, StoreError> {
        self.call(
            async move |store| store.remove_expired_leases(expired_before, limit).await,
            |_, _| (),
        )
        .await
    }
}

#[async_trait]
impl GenerationStore for TroubledStore {
    async fn current(&self) -> Result<Option<Generation>, StoreError> {
        self.call(async |store| store.current().await, |_, _| ())
            .await
    }

    async fn generation(&self, number: u64) -> Result<Option<Generation>, StoreError> {
        self.call(async move |store| store.generation(number).await, |_, _| ())
            .await
    }

    async fn generations(&self, limit: usize) -> Result<Vec<Generation>, StoreError> {
        self.call(async move |store| store.generations(limit).await, |_, _| ())
            .await
    }

    async fn pointer_moves(&self, limit: usize) -> Result<Vec<PointerMove>, StoreError> {
        self.call(
            async move |store| store.pointer_moves(limit).await,
            |_, _| (),
        )
        .await
    }

    async fn activate(
        &self,
        expected: Option<u64>,
        feeds: &BTreeMap<String, FeedSnapshot>,
        lease: Option<&Lease>,
        now: Timestamp,
    ) -> Result<Activation, StoreError> {
        let (feeds, lease, node) = (feeds.clone(), lease.cloned(), self.node);
        let content = feeds.clone();
        self.call(
            async move |store| {
                let lease = lease.as_ref();
                store.activate(expected, &feeds, lease, now).await
            },
            move |seen, answer| match answer {
                Activation::Done(number) => seen.activated(node, *number, &content),
                Activation::LeaseLost => seen.refused += 1,
                _ => {}
            },
        )
        .await
    }

    async fn roll_back(
        &self,
        expected: Option<u64>,
        to: Option<u64>,
        now: Timestamp,
    ) -> Result<Activation, StoreError> {
        self.call(
            async move |store| store.roll_back(expected, to, now).await,
            |_, _| (),
        )
        .await
    }

    async fn pin(
        &self,
        generation: u64,
        owner: &str,
        time_to_live: Duration,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let owner = owner.to_owned();
        self.call(
            async move |store| store.pin(generation, &owner, time_to_live, now).await,
            |_, _| (),
        )
        .await
    }

    async fn unpin(&self, generation: u64, owner: &str) -> Result<(), StoreError> {
        let owner = owner.to_owned();
        self.call(
            async move |store| store.unpin(generation, &owner).await,
            |_, ()| (),
        )
        .await
    }

    async fn retire_generations(
        &self,
        keep: usize,
        lease: Option<&Lease>,
        now: Timestamp,
    ) -> Result<Option<BTreeSet<Digest>>, StoreError> {
        let lease = lease.cloned();
        self.call(
            async move |store| store.retire_generations(keep, lease.as_ref(), now).await,
            |seen, answer| seen.refused += usize::from(answer.is_none()),
        )
        .await
    }

    async fn forget_snapshot(
        &self,
        feed: &str,
        snapshot: &Digest,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let (feed, snapshot) = (feed.to_owned(), snapshot.clone());
        self.call(
            async move |store| store.forget_snapshot(&feed, &snapshot, now).await,
            |_, _| (),
        )
        .await
    }

    async fn record_run(
        &self,
        run: &UpdateRun,
        build: Option<&Build>,
        lease: Option<&Lease>,
    ) -> Result<bool, StoreError> {
        let (run, build, lease) = (run.clone(), build.cloned(), lease.cloned());
        let (node, recorded) = (self.node, run.clone());
        self.call(
            async move |store| store.record_run(&run, build.as_ref(), lease.as_ref()).await,
            move |seen, answer| {
                if *answer {
                    seen.recorded(node, &recorded);
                } else {
                    seen.refused += 1;
                }
            },
        )
        .await
    }

    async fn runs(&self, feed: Option<&str>, limit: usize) -> Result<Vec<UpdateRun>, StoreError> {
        let feed = feed.map(str::to_owned);
        self.call(
            async move |store| store.runs(feed.as_deref(), limit).await,
            |_, _| (),
        )
        .await
    }

    async fn feed_states(&self) -> Result<Vec<FeedState>, StoreError> {
        self.call(async |store| store.feed_states().await, |_, _| ())
            .await
    }
}
