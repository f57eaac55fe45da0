//! A place to run updates in.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use limpid_feed::Family;
use limpid_http::{FetchSettings, Fetcher, Source};
use limpid_store::{FeedState, GenerationStore as _, Outcome};
use limpid_store_sqlite::SqliteStore;
use limpid_update::{UpdateError, UpdateOptions, UpdateSummary, Updater};
use limpid_vulndb::{Snapshot, SnapshotMeta};
use tempfile::TempDir;

use crate::toy::{HOST, Toy};

/// A store, a mirror and an updater between them.
pub(crate) struct Bench {
    directory: TempDir,
    pub(crate) store: Arc<SqliteStore>,
    pub(crate) updater: Updater,
}

/// Returns the lines `from` up to, without, `to`.
pub(crate) fn lines(from: usize, to: usize) -> String {
    let lines = (from..to).map(|number| format!("package-{number}\n"));
    lines.collect::<Vec<_>>().concat()
}

impl Bench {
    /// Makes a place with one family `toy` that has one feed `toy`, without a document.
    pub(crate) fn new() -> Self {
        let bench = Self::with(|directory| Source::MirrorDirectory(directory.join("mirror")));
        fs::create_dir_all(bench.directory.path().join("mirror").join(HOST)).unwrap();
        bench.index("toy", "toy");
        bench
    }

    /// Makes a place with another source.
    pub(crate) fn with(source: impl FnOnce(&std::path::Path) -> Source) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let settings = FetchSettings {
            attempts: 1,
            use_system_proxy: false,
            host_interval: Duration::ZERO,
            ..FetchSettings::default()
        };
        let source = source(directory.path());
        let fetcher = Fetcher::new(settings, source, directory.path().join("spool")).unwrap();
        let store = Arc::new(SqliteStore::open(directory.path().join("state.db")).unwrap());
        let snapshots = directory.path().join("snapshots");
        let updater = Updater::new(
            Arc::clone(&store) as _,
            Arc::clone(&store) as _,
            fetcher,
            snapshots,
        );
        Self {
            directory,
            store,
            updater,
        }
    }

    pub(crate) fn path(&self) -> &std::path::Path {
        self.directory.path()
    }

    pub(crate) fn snapshots(&self) -> PathBuf {
        self.directory.path().join("snapshots")
    }

    /// Returns the names of the files among the snapshots.
    pub(crate) fn files(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.snapshots())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn write(&self, name: &str, content: &str) {
        let path = self.directory.path().join("mirror").join(HOST).join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        // Old enough to be trusted when it looks unchanged; its own time for each content.
        let age = Duration::from_secs(1000 + content.len() as u64);
        let file = fs::File::options().write(true).open(path).unwrap();
        file.set_modified(SystemTime::now() - age).unwrap();
    }

    /// Says which feeds a family has.
    pub(crate) fn index(&self, family: &str, feeds: &str) {
        self.write(&format!("{family}.index"), feeds);
    }

    /// Takes the index of a family away.
    pub(crate) fn lose_index(&self, family: &str) {
        let mirror = self.directory.path().join("mirror").join(HOST);
        fs::remove_file(mirror.join(format!("{family}.index"))).unwrap();
    }

    /// Writes a document.
    pub(crate) fn document(&self, name: &str, content: &str) {
        self.write(&format!("{name}.txt"), content);
    }

    /// Runs an update of the family `toy` that must succeed.
    pub(crate) async fn update(&self) -> UpdateSummary {
        self.update_with(&UpdateOptions::default()).await.unwrap()
    }

    /// Runs an update of the family `toy` that activates whatever comes.
    pub(crate) async fn force(&self) -> UpdateSummary {
        let options = UpdateOptions {
            force: true,
            ..UpdateOptions::default()
        };
        self.update_with(&options).await.unwrap()
    }

    pub(crate) async fn update_with(
        &self,
        options: &UpdateOptions,
    ) -> Result<UpdateSummary, UpdateError> {
        self.update_families(&["toy"], options).await
    }

    pub(crate) async fn update_families(
        &self,
        families: &[&'static str],
        options: &UpdateOptions,
    ) -> Result<UpdateSummary, UpdateError> {
        let families = families
            .iter()
            .map(|name| Box::new(Toy { name }) as Box<dyn Family>);
        self.updater.update(families.collect(), options).await
    }

    /// Returns what is served of a feed says of itself.
    pub(crate) async fn served(&self, feed: &str) -> SnapshotMeta {
        self.served_snapshot(feed).await.meta().clone()
    }

    /// Opens what is served of a feed.
    pub(crate) async fn served_snapshot(&self, feed: &str) -> Snapshot {
        let current = self.store.current().await.unwrap().unwrap();
        let digest = &current.feeds[feed].snapshot;
        let path = self.snapshots().join(format!("{}.snapshot", digest.hex()));
        Snapshot::open(&path).unwrap()
    }

    pub(crate) async fn state(&self, feed: &str) -> FeedState {
        let states = self.store.feed_states().await.unwrap();
        states.into_iter().find(|state| state.feed == feed).unwrap()
    }
}

/// Returns how the only run of an update ended.
pub(crate) fn outcome(summary: &UpdateSummary) -> &Outcome {
    match summary.runs.as_slice() {
        [run] => &run.outcome,
        runs => panic!("not one run: {runs:?}"),
    }
}
