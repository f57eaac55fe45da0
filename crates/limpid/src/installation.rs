//! The data folder: the store, the snapshots, and what is made from the global options.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use anyhow::Context as _;
use limpid_index::{Indexer, Reading};
use limpid_layer::{Budget, Hashing, LayerLimits, Spool};
use limpid_match::{FeedSnapshot, Generation};
use limpid_store::GenerationStore as _;
use limpid_store_sqlite::SqliteStore;
use limpid_vulndb::Snapshot;

use crate::cli::Global;
use crate::{memory, output};

/// The most that spooled files may take on disk at once.
const SPOOL_BYTES: u64 = 8 << 30;

/// How long a layer waits for memory before it is given up.
const PATIENCE: Duration = Duration::from_mins(10);

/// Everything that lives in one data folder.
pub(crate) struct Installation {
    directory: PathBuf,
    is_new: bool,
    pub(crate) budget: Budget,
}

impl Installation {
    /// Finds the data folder, making it when it is not there.
    pub(crate) fn open(global: &Global) -> anyhow::Result<Self> {
        let budget = Budget::new(memory::budget(global.memory_budget.map(|size| size.0))?);
        let asked = global.data_dir.as_deref();
        let (directory, is_new) = memory::data_directory(asked)?;
        Ok(Self {
            directory,
            is_new,
            budget,
        })
    }

    /// Returns the folder itself, which also holds spooled files without names.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Returns the folder of the snapshot files.
    pub(crate) fn snapshots(&self) -> PathBuf {
        self.directory.join("snapshots")
    }

    /// Opens the store.
    pub(crate) fn store(&self) -> anyhow::Result<Arc<SqliteStore>> {
        let path = self.directory.join("limpid.sqlite");
        Ok(Arc::new(SqliteStore::open(path)?))
    }

    /// Makes an indexer over the store.
    pub(crate) fn indexer(&self, store: Arc<SqliteStore>) -> Indexer {
        let cores = available_parallelism().map_or(1, usize::from);
        let reading = Reading {
            budget: self.budget.clone(),
            limits: LayerLimits::default(),
            spool: Spool::new(&self.directory, SPOOL_BYTES),
            patience: PATIENCE,
            parallel: cores,
            hashing: if cores > 1 {
                Hashing::OnThread
            } else {
                Hashing::InLine
            },
        };
        Indexer::new(store, reading)
    }

    /// Opens the snapshots of a generation, or of the one that is served; none when there is none.
    pub(crate) async fn generation(
        &self,
        store: &SqliteStore,
        asked: Option<u64>,
    ) -> anyhow::Result<Option<Generation>> {
        let stored = match asked {
            Some(number) => {
                let found = store.generation(number).await?;
                Some(found.with_context(|| format!("there is no generation: {number}"))?)
            }
            None => store.current().await?,
        };
        let Some(stored) = stored else {
            return Ok(None);
        };
        // A feed that was asked again and had nothing new is current, whatever the generation says.
        let states = store.feed_states().await?;
        let mut generation = Generation::new(stored.number);
        for (name, feed) in stored.feeds {
            let checked = states
                .iter()
                .filter(|state| state.feed == name)
                .filter_map(|state| state.build.as_ref())
                .filter(|build| build.snapshot.snapshot == feed.snapshot)
                .map(|build| build.snapshot.checked)
                .fold(feed.checked, jiff::Timestamp::max);
            let path = self
                .snapshots()
                .join(format!("{}.snapshot", feed.snapshot.hex()));
            // Without one feed's data the others still judge; what they cannot judge is a gap.
            let snapshot = match Snapshot::open(&path) {
                Ok(snapshot) => snapshot,
                Err(error) => {
                    output::warn(&format!(
                        "cannot open the data of feed {name}, run `limpid update`: {error}"
                    ));
                    continue;
                }
            };
            let feed = FeedSnapshot {
                name,
                snapshot: feed.snapshot.to_string(),
                checked: Some(checked),
            };
            generation = generation.with_feed(feed, Arc::new(snapshot));
        }
        Ok(Some(generation))
    }

    /// Takes the data folder away again if this command made it and nothing came into it.
    pub(crate) fn leave_no_trace(&self) {
        if self.is_new {
            // Only an empty folder can be removed, and that is the one that is meant.
            let _ = std::fs::remove_dir(&self.directory);
        }
    }
}
