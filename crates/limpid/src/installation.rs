//! The data folder: the store, the snapshots, and what is made from the global options.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use limpid_index::{Indexer, Reading};
use limpid_layer::{Budget, Hashing, LayerLimits, Spool};
use limpid_match::{FeedSnapshot, Generation};
use limpid_store::GenerationStore as _;
use limpid_store_sqlite::SqliteStore;
use limpid_vulndb::Snapshot;
use tempfile::TempDir;

use crate::cli::Global;
use crate::{memory, output};

/// The most that spooled files may take on disk at once.
const SPOOL_BYTES: u64 = 8 << 30;

/// How long a layer waits for memory before it is given up.
const PATIENCE: Duration = Duration::from_mins(10);

/// Everything that lives in one data folder.
///
/// A folder that cannot be written, on a read-only mount or of another user, is only read. What
/// then has to be written while an image is read goes to a temporary folder.
pub(crate) struct Installation {
    directory: PathBuf,
    is_new: bool,
    /// Stands in for a data folder that cannot be written.
    scratch: Option<TempDir>,
    pub(crate) budget: Budget,
}

/// The stores that a report is made with.
pub(crate) struct Stores {
    /// What keeps what images consist of.
    pub(crate) images: Arc<SqliteStore>,
    /// What knows the vulnerability data; none when there is none.
    pub(crate) data: Option<Arc<SqliteStore>>,
}

impl Installation {
    /// Finds the data folder, making it when it is not there.
    pub(crate) fn open(global: &Global) -> anyhow::Result<Self> {
        let budget = Budget::new(memory::budget(global.memory_budget.map(|size| size.0))?);
        let asked = global.data_dir.as_deref();
        let (directory, is_new) = memory::data_directory(asked)?;
        let scratch = if is_writable(&directory) {
            None
        } else {
            Some(tempfile::tempdir().context("cannot make a temporary folder")?)
        };
        Ok(Self {
            directory,
            is_new,
            scratch,
            budget,
        })
    }

    /// Returns a folder that can be written, for spooled files without names.
    pub(crate) fn spool(&self) -> &Path {
        self.scratch.as_ref().map_or(&self.directory, TempDir::path)
    }

    /// Returns the folder of the snapshot files.
    pub(crate) fn snapshots(&self) -> PathBuf {
        self.directory.join("snapshots")
    }

    /// Opens the store to change it.
    pub(crate) fn store(&self) -> anyhow::Result<Arc<SqliteStore>> {
        ensure!(
            self.scratch.is_none(),
            "the data folder cannot be written: {}",
            self.directory.display()
        );
        Ok(Arc::new(SqliteStore::open(database(&self.directory))?))
    }

    /// Opens the store to read it; none when there is none and none can be made.
    pub(crate) fn store_to_read(&self) -> anyhow::Result<Option<Arc<SqliteStore>>> {
        if self.scratch.is_none() {
            return Ok(Some(self.store()?));
        }
        output::warn(&format!(
            "the data folder cannot be written, so it is only read: {}",
            self.directory.display()
        ));
        let store = SqliteStore::open_read_only(database(&self.directory))?;
        Ok(store.map(Arc::new))
    }

    /// Opens the stores that an image is read into and judged by.
    pub(crate) fn stores(&self) -> anyhow::Result<Stores> {
        let data = self.store_to_read()?;
        let images = match (&self.scratch, &data) {
            (None, Some(store)) => Arc::clone(store),
            _ => Arc::new(SqliteStore::open(database(self.spool()))?),
        };
        Ok(Stores { images, data })
    }

    /// Makes an indexer over the store.
    pub(crate) fn indexer(&self, store: Arc<SqliteStore>) -> Indexer {
        let cores = available_parallelism().map_or(1, usize::from);
        let reading = Reading {
            budget: self.budget.clone(),
            limits: LayerLimits::default(),
            spool: Spool::new(self.spool(), SPOOL_BYTES),
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
        store: Option<&SqliteStore>,
        asked: Option<u64>,
    ) -> anyhow::Result<Option<Generation>> {
        let stored = match (store, asked) {
            (Some(store), Some(number)) => store.generation(number).await?,
            (Some(store), None) => store.current().await?,
            (None, _) => None,
        };
        let (Some(store), Some(stored)) = (store, stored) else {
            return match asked {
                Some(number) => bail!("there is no generation: {number}"),
                None => Ok(None),
            };
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

fn database(directory: &Path) -> PathBuf {
    directory.join("limpid.sqlite")
}

/// Tells whether files can be made in a folder. Other failures than being forbidden to, such as a
/// full disk, show where something is to be written.
fn is_writable(directory: &Path) -> bool {
    let made = tempfile::tempfile_in(directory).map_err(|error| error.kind());
    !matches!(
        made,
        Err(ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem)
    )
}
