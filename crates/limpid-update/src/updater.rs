use std::path::PathBuf;
use std::sync::Arc;

use limpid_feed::Family;
use limpid_http::Fetcher;
use limpid_store::{BlobStore, GenerationStore, LeaseStore};
use limpid_vulndb::remove_leftovers;
use tokio_util::sync::CancellationToken;

use crate::building::Quiet;
use crate::discovery::{discover, record_families};
use crate::round::run_round;
use crate::selection::Selection;
use crate::vanished::add_vanished;
use crate::workshop::Workshop;
use crate::{
    Clock, Progress, RollBack, Schedule, SystemClock, UpdateError, UpdateMetrics, UpdateOptions,
    UpdateSummary, periodic, process, roll_back,
};

/// Brings the vulnerability data up to date.
#[derive(Clone)]
pub struct Updater {
    workshop: Workshop,
}

impl Updater {
    /// Makes an updater that gets documents with a fetcher and keeps snapshots in a directory of
    /// this node. Temporary files go to the fetcher's spool directory.
    pub fn new(
        generations: Arc<dyn GenerationStore>,
        leases: Arc<dyn LeaseStore>,
        fetcher: Fetcher,
        snapshots: impl Into<PathBuf>,
    ) -> Self {
        Self {
            workshop: Workshop {
                generations,
                leases,
                blobs: None,
                fetcher,
                snapshots: snapshots.into(),
                clock: Arc::new(SystemClock),
                owner: process::name().into(),
                activation_hook: Arc::new(|| ()),
                metrics: UpdateMetrics::default(),
            },
        }
    }

    /// Returns the same updater that also keeps snapshots where other nodes can get them, and gets
    /// those of others from there.
    #[must_use]
    pub fn with_blobs(mut self, blobs: Arc<dyn BlobStore>) -> Self {
        self.workshop.blobs = Some(blobs);
        self
    }

    /// Returns the same updater that counts what it does.
    #[must_use]
    pub fn with_metrics(mut self, metrics: UpdateMetrics) -> Self {
        self.workshop.metrics = metrics;
        self
    }

    /// Returns the same updater that calls a function each time it has changed which generation is
    /// served. The function must return at once.
    #[must_use]
    pub fn with_activation_hook(mut self, hook: Arc<dyn Fn() + Send + Sync>) -> Self {
        self.workshop.activation_hook = hook;
        self
    }

    /// Returns the same updater with another clock and under another name among the nodes.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>, owner: &str) -> Self {
        self.workshop.clock = clock;
        self.workshop.owner = owner.into();
        self
    }

    /// Runs the feeds of some families and serves what they say.
    ///
    /// # Errors
    ///
    /// An error means that the update as a whole could not be done. A feed or a family that fails
    /// is in the summary, and so is a feed that another update runs.
    pub async fn update(
        &self,
        families: Vec<Box<dyn Family>>,
        options: &UpdateOptions,
    ) -> Result<UpdateSummary, UpdateError> {
        prepare(&self.workshop).await?;
        let selection = Selection::new(&options.only);
        let families = families
            .into_iter()
            .filter(|family| selection.has_family(family.name()));
        let mut discovery =
            discover(families.collect(), &self.workshop.fetcher, &options.stop).await;
        add_vanished(&self.workshop, &mut discovery).await?;
        let unmatched = discovery.select(&selection);
        record_families(&self.workshop, &discovery, &options.stop).await?;
        (options.progress)(Progress::Found {
            feeds: discovery.feeds.len(),
        });
        let previous = self.workshop.generations.current().await?;
        let previous = previous.map(|generation| generation.number);
        let round = run_round(&self.workshop, options, discovery.feeds, None).await?;
        let current = self.workshop.generations.current().await?;
        let states = self.workshop.generations.feed_states().await?;
        self.workshop.metrics.observe(&states, current.as_ref());
        Ok(UpdateSummary {
            previous,
            current: current.map(|generation| generation.number),
            runs: round.runs,
            skipped: round.skipped,
            failed_families: discovery.failed,
            unmatched,
            removed_snapshots: round.removed_snapshots,
        })
    }

    /// Runs the feeds of some families whenever they are due, until the token is cancelled. All
    /// nodes of a cluster may do this at the same time; each feed is run by one of them.
    ///
    /// `families` is asked for the families whenever it is time to find out which feeds they have.
    /// The token takes the place of that in the options.
    pub async fn run_periodically(
        &self,
        families: impl Fn() -> Vec<Box<dyn Family>> + Send,
        schedule: &Schedule,
        options: &UpdateOptions,
        stop: CancellationToken,
    ) {
        let options = UpdateOptions {
            stop,
            ..options.clone()
        };
        periodic::run(&self.workshop, &families, schedule, &options).await;
    }

    /// Serves an existing generation: `to`, or else the newest before the one that is served.
    pub async fn roll_back(&self, to: Option<u64>) -> Result<RollBack, UpdateError> {
        roll_back::roll_back(&self.workshop, to).await
    }
}

/// Makes the directories, and removes what killed updates left among the snapshots, unless another
/// process is building there.
pub(crate) async fn prepare(workshop: &Workshop) -> Result<(), UpdateError> {
    let path = workshop.snapshots.clone();
    let spool = workshop.fetcher.spool().to_owned();
    workshop
        .in_directory(move || {
            std::fs::create_dir_all(&spool)?;
            std::fs::create_dir_all(&path)?;
            let Some(_quiet) = Quiet::find(&path)? else {
                return Ok(());
            };
            let removed = remove_leftovers(&path)?;
            if removed > 0 {
                tracing::info!(removed, "removed what a killed update left");
            }
            Ok(())
        })
        .await
}
