use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use limpid_feed::Family;
use limpid_http::{FetchSettings, Fetcher, Source};
use limpid_update::{Clock, Schedule, UpdateOptions, Updater};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::monitor::Monitor;
use super::random::Random;
use super::store::{Network, TroubledStore};
use crate::bench::Bench;
use crate::periodic::PausedClock;
use crate::toy::Toy;

/// The most by which a clock is wrong.
const SKEW: Duration = Duration::from_hours(3);

/// A clock that is wrong.
struct WrongClock {
    right: PausedClock,
    ahead_ms: AtomicI64,
}

#[async_trait]
impl Clock for WrongClock {
    fn now(&self) -> Timestamp {
        let ahead = self.ahead_ms.load(Ordering::Relaxed);
        self.right.now() + SignedDuration::from_millis(ahead)
    }

    async fn sleep(&self, time: Duration) {
        self.right.sleep(time).await;
    }
}

/// One node, which updates in the background while it runs.
pub(super) struct Node {
    updater: Updater,
    clock: Arc<WrongClock>,
    network: Arc<Network>,
    schedule: Schedule,
    running: Option<(CancellationToken, JoinHandle<()>)>,
}

impl Node {
    pub(super) fn new(
        bench: &Bench,
        number: u64,
        seed: u64,
        monitor: &Arc<Monitor>,
        schedule: Schedule,
    ) -> Self {
        let directory = bench.path().join(format!("node {number}"));
        std::fs::create_dir_all(&directory).unwrap();
        let mirror = Source::MirrorDirectory(bench.path().join("mirror"));
        let fetcher = Fetcher::new(FetchSettings::default(), mirror, &directory).unwrap();
        let network = Arc::new(Network::new(seed * 100 + number));
        let store = Arc::new(TroubledStore {
            inner: Arc::clone(&bench.store),
            monitor: Arc::clone(monitor),
            network: Arc::clone(&network),
            node: number,
        });
        let clock = Arc::new(WrongClock {
            right: PausedClock::new(),
            ahead_ms: AtomicI64::new(0),
        });
        let snapshots = directory.join("snapshots");
        let updater = Updater::new(Arc::clone(&store) as _, store, fetcher, snapshots)
            .with_clock(Arc::clone(&clock) as _, &format!("node {number}"));
        Self {
            updater,
            clock,
            network,
            schedule,
            running: None,
        }
    }

    pub(super) fn start(&mut self) {
        if self.running.is_some() {
            return;
        }
        let stop = CancellationToken::new();
        let (updater, schedule, token) =
            (self.updater.clone(), self.schedule.clone(), stop.clone());
        let task = tokio::spawn(async move {
            let families = || vec![Box::new(Toy { name: "toy" }) as Box<dyn Family>];
            let options = UpdateOptions::default();
            updater
                .run_periodically(families, &schedule, &options, token)
                .await;
        });
        self.running = Some((stop, task));
    }

    /// Ends as a process does that is asked to.
    pub(super) async fn stop(&mut self) {
        if let Some((stop, task)) = self.running.take() {
            stop.cancel();
            task.await.unwrap();
        }
    }

    /// Ends as a process does that is killed: in the middle of whatever it does.
    pub(super) fn kill(&mut self) {
        if let Some((_, task)) = self.running.take() {
            task.abort();
        }
    }

    /// Sets the clock to something else.
    pub(super) fn jump(&mut self, random: &mut Random) {
        let ahead = random.up_to(2 * SKEW).as_millis();
        let ahead = i64::try_from(ahead).unwrap() - i64::try_from(SKEW.as_millis()).unwrap();
        self.clock.ahead_ms.store(ahead, Ordering::Relaxed);
    }

    /// Sets the clock right and mends the network.
    pub(super) fn recover(&mut self) {
        self.clock.ahead_ms.store(0, Ordering::Relaxed);
        self.network.mend();
    }
}
