use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use limpid_feed::Family;
use limpid_http::Fetcher;
use limpid_store::{Build, FeedSnapshot, FeedState, Outcome, Store, UpdateRun};
use limpid_vulndb::remove_leftovers;
use tokio::task::spawn_blocking;

use crate::activation::activate;
use crate::discovery::{Discovery, discover};
use crate::feed_run::{Ending, Job, Workshop};
use crate::holder::Holder;
use crate::parse::recipe;
use crate::schedule::run_all;
use crate::selection::Selection;
use crate::{Progress, RollBack, UpdateError, UpdateOptions, UpdateSummary, cleaning, roll_back};

/// Brings the vulnerability data up to date.
#[derive(Clone)]
pub struct Updater {
    store: Arc<dyn Store>,
    fetcher: Fetcher,
    snapshots: PathBuf,
}

impl Updater {
    /// Makes an updater that gets documents with a fetcher and keeps snapshots in a directory, which
    /// no other store may use. Temporary files go to the fetcher's spool directory.
    pub fn new(store: Arc<dyn Store>, fetcher: Fetcher, snapshots: impl Into<PathBuf>) -> Self {
        Self {
            store,
            fetcher,
            snapshots: snapshots.into(),
        }
    }

    /// Runs the feeds of some families and activates what they say.
    ///
    /// # Errors
    ///
    /// An error means that the update as a whole could not be done. A feed or a family that fails
    /// is in the summary.
    pub async fn update(
        &self,
        families: Vec<Box<dyn Family>>,
        options: &UpdateOptions,
    ) -> Result<UpdateSummary, UpdateError> {
        let holder = Holder::take(&self.store, options).await?;
        let summary = self.update_alone(&holder, families, options).await;
        let released = holder.release().await;
        let summary = summary?;
        released?;
        Ok(summary)
    }

    /// Serves an existing generation: `to`, or else the newest before the one that is served.
    pub async fn roll_back(&self, to: Option<u64>) -> Result<RollBack, UpdateError> {
        roll_back::roll_back(&self.store, &self.snapshots, to).await
    }

    async fn update_alone(
        &self,
        holder: &Holder,
        families: Vec<Box<dyn Family>>,
        options: &UpdateOptions,
    ) -> Result<UpdateSummary, UpdateError> {
        self.prepare_directories().await?;
        let selection = Selection::new(&options.only);
        let discovery = discover(families, &selection, &self.fetcher).await;
        let names: Vec<&str> = discovery.feeds.keys().map(String::as_str).collect();
        let unmatched = selection.unmatched(&names);
        self.record_families(&discovery).await?;
        (options.progress)(Progress::Found {
            feeds: discovery.feeds.len(),
        });

        let current = self.store.current().await?;
        let previous = current.as_ref().map(|generation| generation.number);
        let served = current
            .map(|generation| generation.feeds)
            .unwrap_or_default();
        let jobs = self.jobs(&discovery, &served).await?;
        let workshop = Workshop {
            fetcher: self.fetcher.clone(),
            snapshots: self.snapshots.clone(),
            options: options.clone(),
        };
        let finished = run_all(&workshop, jobs).await;

        let ready: BTreeMap<String, FeedSnapshot> = finished
            .values()
            .filter_map(|finished| match &finished.ending {
                Ending::Ready(snapshot) => Some((finished.feed.clone(), snapshot.clone())),
                _ => None,
            })
            .collect();
        let generation = activate(&self.store, &ready, holder.lease()).await?;
        let mut runs = Vec::with_capacity(finished.len());
        for finished in finished.values() {
            let run = finished.to_run(generation);
            self.store.record_run(&run, finished.build.as_ref()).await?;
            (options.progress)(Progress::Recorded(&run));
            runs.push(run);
        }
        Ok(UpdateSummary {
            previous,
            current: self.store.current().await?.map(|one| one.number),
            runs,
            failed_families: discovery.failed,
            unmatched,
            removed_snapshots: self.clean(holder, options).await?,
        })
    }

    /// Makes the directories, and removes what killed updates left among the snapshots. That is safe, because nobody else is building there while this update holds the lease.
    async fn prepare_directories(&self) -> Result<(), UpdateError> {
        let path = self.snapshots.clone();
        let spool = self.fetcher.spool().to_owned();
        self.in_directory(move || {
            std::fs::create_dir_all(&spool)?;
            std::fs::create_dir_all(&path)?;
            let removed = remove_leftovers(&path)?;
            if removed > 0 {
                tracing::info!(removed, "removed what a killed update left");
            }
            Ok(())
        })
        .await
    }

    /// Does something with the directory where the program can wait.
    async fn in_directory<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Box<dyn std::error::Error + Send + Sync>> + Send + 'static,
    ) -> Result<T, UpdateError> {
        let done = spawn_blocking(work).await;
        done.map_err(Into::into)
            .flatten()
            .map_err(|source| UpdateError::Directory {
                path: self.snapshots.clone(),
                source,
            })
    }

    /// Keeps the failures of families, under their own names, and their ends.
    async fn record_families(&self, discovery: &Discovery) -> Result<(), UpdateError> {
        for failed in &discovery.failed {
            let error = failed.error.clone();
            self.record_family(&failed.family, Outcome::Failed { error })
                .await?;
        }
        if discovery.families.is_empty() {
            return Ok(());
        }
        let states = self.store.feed_states().await?;
        for &family in &discovery.families {
            let has_failed = states
                .iter()
                .any(|state| state.feed == family && state.last_error.is_some());
            // Where a feed has the name of its family, its own run says how it is.
            if has_failed && !discovery.feeds.contains_key(family) {
                self.record_family(family, Outcome::Unchanged).await?;
            }
        }
        Ok(())
    }

    async fn record_family(&self, family: &str, outcome: Outcome) -> Result<(), UpdateError> {
        let now = Timestamp::now();
        let run = UpdateRun {
            feed: family.to_owned(),
            started: now,
            finished: now,
            outcome,
            fetched_bytes: 0,
            records: 0,
            quarantined: 0,
            samples: Vec::new(),
        };
        self.store.record_run(&run, None).await?;
        Ok(())
    }

    async fn jobs(
        &self,
        discovery: &Discovery,
        served: &BTreeMap<String, FeedSnapshot>,
    ) -> Result<Vec<Job>, UpdateError> {
        let states = self.store.feed_states().await?;
        let mut builds: BTreeMap<String, Build> = states
            .into_iter()
            .filter_map(|FeedState { feed, build, .. }| Some((feed, build?)))
            .filter(|(_, build)| is_usable(build, &self.snapshots))
            .collect();
        let jobs = discovery.feeds.iter().map(|(name, feed)| Job {
            feed: Arc::clone(feed),
            last: builds.remove(name),
            served: served.get(name).cloned(),
        });
        Ok(jobs.collect())
    }

    /// Forgets old generations and removes their files.
    async fn clean(&self, holder: &Holder, options: &UpdateOptions) -> Result<usize, UpdateError> {
        let keep = options.keep_generations;
        let needed = self
            .store
            .retire_generations(keep, Some(holder.lease()), Timestamp::now())
            .await?
            .ok_or(UpdateError::LeaseLost)?;
        let path = self.snapshots.clone();
        self.in_directory(move || Ok(cleaning::remove_others(&path, &needed)?))
            .await
    }
}

/// Tells whether it is enough to know that the documents of a build did not change. It is not when
/// they would be read by other rules now, or when what they became is gone.
fn is_usable(build: &Build, snapshots: &Path) -> bool {
    build.recipe == recipe() && cleaning::is_complete(snapshots, &build.snapshot).unwrap_or(false)
}
