mod poll;

use std::path::PathBuf;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

use async_trait::async_trait;
use limpid_store::{BlobStore, GenerationStore, StoreError};
use prometheus_client::registry::Registry;
use tokio::sync::{Mutex, Notify, watch};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::metrics::DataMetrics;
use crate::opening::error_chain;
use crate::unique_name::unique_name;
use crate::{Generation, SnapshotFolder, VulnerabilityData as _};

/// How often the store is asked which generation is served.
const POLL: Duration = Duration::from_secs(5);

/// How long the end of the process waits until the store has forgotten its pin.
const FAREWELL: Duration = Duration::from_secs(2);

/// The vulnerability data that is served now.
///
/// It keeps one generation open and follows the store: when another generation is served there,
/// its snapshots are fetched and opened while the old one goes on serving, and then it takes over
/// at once. Whoever judges by a generation keeps it open for as long as that takes.
///
/// A generation of which some snapshots cannot be had does not take over for ten minutes, in the
/// hope that they come; then it serves without them, which reports show as gaps. Without an old
/// generation it serves at once. Either way what is missing is tried again.
///
/// The generation is pinned in the store while it is served, so that its snapshots are not
/// deleted before another node, or this one after a restart, had them.
#[derive(Clone)]
pub struct ServedData(Arc<Shared>);

struct Shared {
    store: Arc<dyn GenerationStore>,
    folder: SnapshotFolder,
    /// In whose name generations are pinned.
    owner: String,
    served: watch::Sender<Option<Served>>,
    /// The number of the last data that was to be served, whether or not it came to that.
    editions: AtomicU64,
    poll: Mutex<poll::State>,
    nudge: Notify,
    followers: std::sync::Mutex<Vec<Weak<dyn Follower>>>,
    metrics: DataMetrics,
}

/// Somebody who gets ready before other data is served.
#[async_trait]
pub(crate) trait Follower: Send + Sync {
    /// Gets ready for data that will be served next, in bounded time.
    async fn prepare(self: Arc<Self>, next: &Served);
}

/// A generation, under a number that no other data of this process has; numbers rise. The same
/// generation comes again when its feeds were checked again.
#[derive(Clone)]
pub(crate) struct Served {
    pub(crate) edition: u64,
    pub(crate) generation: Arc<Generation>,
}

impl Served {
    /// Tells whether it judges something. When nothing of what it should have can be had, every
    /// image would look as if it had no vulnerabilities to clients that do not look at gaps.
    fn is_usable(&self) -> bool {
        !self.generation.feeds().is_empty() || self.generation.missing().is_empty()
    }
}

impl ServedData {
    /// Makes data that serves nothing yet: [`ServedData::run`] or [`ServedData::refresh`] opens
    /// the first generation. Snapshots are in a directory; those that are missing there are
    /// fetched when there is a blob store.
    pub fn new(
        store: Arc<dyn GenerationStore>,
        snapshots: PathBuf,
        blobs: Option<Arc<dyn BlobStore>>,
    ) -> Self {
        Self(Arc::new(Shared {
            store,
            folder: SnapshotFolder::new(snapshots, blobs),
            owner: format!("match-{}", unique_name()),
            served: watch::Sender::new(None),
            editions: AtomicU64::new(0),
            poll: Mutex::default(),
            nudge: Notify::new(),
            followers: std::sync::Mutex::default(),
            metrics: DataMetrics::default(),
        }))
    }

    /// Returns the generation that is served; none before the first one.
    pub fn current(&self) -> Option<Arc<Generation>> {
        self.served().map(|served| served.generation)
    }

    /// Asks the store soon, because another generation is served there.
    pub fn nudge(&self) {
        self.0.nudge.notify_one();
    }

    /// Waits until a generation is served, and returns it.
    pub async fn first(&self) -> Arc<Generation> {
        self.wait_for(|_| true).await
    }

    /// Waits until a generation is served that judges something, and returns it: at least one of
    /// its feeds is open, or it has no feeds at all, which is what the operator chose.
    pub async fn first_usable(&self) -> Arc<Generation> {
        self.wait_for(Served::is_usable).await
    }

    async fn wait_for(&self, is_good: impl Fn(&Served) -> bool) -> Arc<Generation> {
        let mut receiver = self.0.served.subscribe();
        loop {
            let served = receiver.borrow_and_update().clone();
            if let Some(served) = served.filter(&is_good) {
                return served.generation;
            }
            // The sender lives as long as `self`, so this does not fail.
            if receiver.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Asks the store which generation is served, and opens it when it is another one or when
    /// something of it was missing.
    pub async fn refresh(&self) -> Result<(), StoreError> {
        let mut state = self.0.poll.lock().await;
        let polled = poll::poll(&self.0, &mut state).await;
        if polled.is_err() {
            self.0.metrics.store_failures.inc();
        }
        polled
    }

    /// Follows the store until it is cancelled. What fails is logged, counted and tried again.
    pub async fn run(&self, cancellation: CancellationToken) {
        loop {
            let refreshed = cancellation.run_until_cancelled(self.refresh()).await;
            if let Some(Err(error)) = refreshed {
                tracing::warn!(
                    error = error_chain(&error),
                    "cannot ask which vulnerability data is served"
                );
            }
            tokio::select! {
                () = cancellation.cancelled() => break,
                () = self.0.nudge.notified() => {}
                () = sleep(POLL) => {}
            }
        }
        let mut state = self.0.poll.lock().await;
        // A store that does not answer forgets the pin by itself, when it expires.
        let _ = timeout(FAREWELL, poll::unpin_all(&self.0, &mut state)).await;
    }

    /// Tells whether a generation is served that judges something, after asking the store once if
    /// there is none and nobody else is asking it.
    pub(crate) async fn is_there(&self) -> Result<bool, StoreError> {
        let is_usable = || self.served().is_some_and(|served| served.is_usable());
        if is_usable() {
            return Ok(true);
        }
        if let Ok(mut state) = self.0.poll.try_lock()
            && state.is_rested()
        {
            poll::poll(&self.0, &mut state).await?;
        }
        Ok(is_usable())
    }

    pub(crate) fn served(&self) -> Option<Served> {
        self.0.served.borrow().clone()
    }

    /// Lets somebody get ready before other data is served, for as long as it exists.
    pub(crate) fn follow(&self, follower: Weak<dyn Follower>) {
        let followers = &self.0.followers;
        let mut followers = followers.lock().unwrap_or_else(PoisonError::into_inner);
        followers.push(follower);
    }

    pub(crate) fn store(&self) -> &dyn GenerationStore {
        self.0.store.as_ref()
    }

    pub(crate) fn folder(&self) -> &SnapshotFolder {
        &self.0.folder
    }

    pub(crate) fn register(&self, registry: &mut Registry) {
        self.0.metrics.register(registry);
    }
}
