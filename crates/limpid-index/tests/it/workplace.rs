use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use limpid_index::{IndexError, Indexer, Progress, Reading};
use limpid_layer::{Budget, Hashing, LayerLimits, Spool};
use limpid_registry::{OpenOptions, Platform, PlatformChoice, SourceLimits};
use limpid_store_sqlite::SqliteStore;
use limpid_testkit::image::ImageBuilder;
use limpid_types::IndexReport;
use tempfile::TempDir;

/// A folder with an image, a store and an indexer over it.
pub(crate) struct Workplace {
    pub(crate) directory: TempDir,
    pub(crate) budget: Budget,
    pub(crate) limits: LayerLimits,
}

/// Counts what is read.
#[derive(Default)]
pub(crate) struct Counter {
    pub(crate) layers: AtomicU64,
    pub(crate) bytes: AtomicU64,
}

impl Progress for Counter {
    fn begin(&self, layers: usize, _bytes: u64) {
        self.layers.fetch_add(layers as u64, Ordering::Relaxed);
    }

    fn read(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    fn layer_done(&self) {}
}

impl Workplace {
    pub(crate) fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
            budget: Budget::new(64 << 20),
            limits: LayerLimits::default(),
        }
    }

    /// Writes an image as a docker archive and returns its path.
    pub(crate) fn archive(&self, image: &ImageBuilder) -> PathBuf {
        let path = self.directory.path().join("image.tar");
        std::fs::write(&path, image.docker_archive()).unwrap();
        path
    }

    /// Indexes what is at a path, counting what is read.
    pub(crate) async fn index(
        &self,
        path: &str,
        progress: &Arc<Counter>,
    ) -> Result<IndexReport, Arc<IndexError>> {
        let store = SqliteStore::open(self.directory.path().join("store.sqlite")).unwrap();
        let indexer = Indexer::new(
            Arc::new(store),
            Reading {
                budget: self.budget.clone(),
                limits: self.limits.clone(),
                spool: Spool::new(self.directory.path(), 1 << 30),
                patience: Duration::from_mins(1),
                parallel: 2,
                hashing: Hashing::OnThread,
            },
        );
        let options = OpenOptions {
            platform: PlatformChoice::Default(Platform::of_machine("x86_64")),
            limits: SourceLimits::default(),
            spool_directory: self.directory.path().to_owned(),
            budget: self.budget.clone(),
            patience: Duration::from_mins(1),
        };
        let image = limpid_registry::open(&[path.parse().unwrap()], &options).unwrap();
        indexer.index(&image, progress.clone()).await
    }
}
