use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use limpid_index::{Clock, IndexService, IndexSettings, LayerOpener, Reading};
use limpid_layer::{Budget, Hashing, LayerLimits, Spool};
use limpid_store::Store;
use limpid_store_sqlite::SqliteStore;
use limpid_testkit::layer::LayerBuilder;
use tempfile::TempDir;
use tokio::time::Instant;

use crate::registry::{LetGo, Registry};

/// A store, a registry and a clock that follows the paused time of the runtime.
pub(crate) struct Bench {
    pub(crate) registry: Arc<Registry>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) settings: IndexSettings,
    pub(crate) budget: Budget,
    pub(crate) directory: TempDir,
    _let_go: LetGo,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let registry = Arc::new(Registry::default());
        let began = Instant::now();
        let epoch: Timestamp = "2026-11-21T08:00:00Z".parse().unwrap();
        Self {
            store: Arc::new(SqliteStore::open(directory.path().join("store.sqlite")).unwrap()),
            settings: IndexSettings {
                clock: Clock::new(move || epoch + began.elapsed()),
                ..IndexSettings::default()
            },
            budget: Budget::new(64 << 20),
            directory,
            _let_go: LetGo(Arc::clone(&registry)),
            registry,
        }
    }

    /// Makes a service as another process would have it.
    pub(crate) fn service(&self) -> IndexService {
        self.service_over(Arc::clone(&self.registry) as Arc<_>)
    }

    /// Makes a service that gets layers from somewhere else.
    pub(crate) fn service_over(&self, opener: Arc<dyn LayerOpener>) -> IndexService {
        let reading = Reading {
            budget: self.budget.clone(),
            limits: LayerLimits::default(),
            spool: Spool::new(self.directory.path(), 1 << 30),
            patience: Duration::from_mins(1),
            parallel: 2,
            hashing: Hashing::InLine,
        };
        let store = Arc::clone(&self.store);
        IndexService::new(store, reading, opener, self.settings.clone())
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.settings.clock.now()
    }
}

/// Makes the archive of a layer with one package.
pub(crate) fn layer(package: &str) -> Vec<u8> {
    LayerBuilder::new()
        .file("etc/os-release", "ID=alpine\nVERSION_ID=3.18.0\n")
        .file("lib/apk/db/installed", format!("P:{package}\nV:1\n"))
        .build()
}
