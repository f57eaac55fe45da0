//! The services as they are, over a store in a folder and layers in memory.

use std::collections::BTreeMap;
use std::io::{self, Cursor, Read};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use limpid_api::{
    Api, ApiSettings, HttpMetrics, IndexerRoutes, LocalReports, MatcherRoutes, Presentation,
};
use limpid_index::{IndexService, IndexSettings, LayerOpener, Reading};
use limpid_layer::{Budget, Hashing, LayerLimits, Spool};
use limpid_match::{MatchService, MatchSettings, ServedData};
use limpid_store::{FeedSnapshot, GenerationStore};
use limpid_store_sqlite::SqliteStore;
use limpid_testkit::layer::LayerBuilder;
use limpid_types::{
    Advisory, AffectedPackage, Details, Digest, ManifestLayer, PackageKind, Rating, Severity,
    Status, VersionConstraint,
};
use limpid_version::Scheme;
use limpid_vulndb::{BuildLimits, SnapshotBuilder, SnapshotMeta};
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::client::{Answer, Running, get_path, post, serve_plainly};

pub(crate) const INDEX: &str = "/indexer/api/v1/index_report";

/// An indexer and a matcher, served.
pub(crate) struct Installation {
    pub(crate) server: Running,
    pub(crate) layers: Arc<Layers>,
    pub(crate) indexer: IndexService,
    pub(crate) metrics: HttpMetrics,
    pub(crate) data: ServedData,
    store: Arc<SqliteStore>,
    directory: TempDir,
    _let_go: LetGo,
}

impl Installation {
    pub(crate) async fn new() -> Self {
        Self::with(ApiSettings::default(), IndexSettings::default()).await
    }

    pub(crate) async fn with(settings: ApiSettings, index_settings: IndexSettings) -> Self {
        Self::presenting(settings, index_settings, Arc::new(|report| report)).await
    }

    /// Makes an installation that shows index reports in a way.
    pub(crate) async fn presenting(
        settings: ApiSettings,
        index_settings: IndexSettings,
        presentation: Presentation,
    ) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = Arc::new(SqliteStore::open(directory.path().join("store.sqlite")).unwrap());
        let layers = Arc::<Layers>::default();
        let reading = Reading {
            budget: Budget::new(64 << 20),
            limits: LayerLimits::default(),
            spool: Spool::new(directory.path(), 1 << 30),
            patience: Duration::from_mins(1),
            parallel: 2,
            hashing: Hashing::InLine,
        };
        let opener = Arc::<Layers>::clone(&layers);
        let indexer = IndexService::new(Arc::clone(&store) as _, reading, opener, index_settings);
        let generations = Arc::<SqliteStore>::clone(&store);
        let data = ServedData::new(generations, directory.path().into(), None);
        let reports = Arc::new(LocalReports::new(indexer.clone()));
        let matcher = MatchService::new(reports, data.clone(), MatchSettings::default());
        let metrics = settings.metrics.clone();
        let urgencies = BTreeMap::new();
        let indexer_routes = IndexerRoutes::new(indexer.clone(), urgencies, metrics.clone())
            .with_presentation(presentation);
        let matcher_routes = MatcherRoutes::new(matcher, Duration::from_secs(90));
        let api = Api::new(settings)
            .with(indexer_routes.router())
            .with(matcher_routes.router());
        Self {
            server: serve_plainly(api.finish()).await,
            _let_go: LetGo(Arc::clone(&layers)),
            layers,
            indexer,
            metrics,
            data,
            store,
            directory,
        }
    }

    /// Serves a generation in which a source package of Debian 12 has vulnerabilities below
    /// version 2.
    pub(crate) async fn serve(&self, source: &str, ids: &[&str]) {
        let mut builder =
            SnapshotBuilder::new(self.directory.path(), BuildLimits::default()).unwrap();
        for id in ids {
            builder.add(&advisory(source, id)).unwrap();
        }
        let meta = SnapshotMeta::new("debian", 1);
        let built = builder.finish(meta, self.directory.path()).unwrap();
        let now = Timestamp::now();
        let snapshot = FeedSnapshot {
            snapshot: built.digest,
            records: built.records,
            quarantined: 0,
            bytes: built.bytes,
            built: now,
            checked: now,
        };
        let feeds = BTreeMap::from([("debian".to_owned(), snapshot)]);
        let current = self.store.current().await.unwrap();
        let current = current.map(|generation| generation.number);
        let activated = self.store.activate(current, &feeds, None, now).await;
        activated.unwrap();
        self.data.refresh().await.unwrap();
    }

    /// Indexes an image with one package, built from the source of the same name, and returns its
    /// digest.
    pub(crate) async fn index(&self, package: &str) -> String {
        let manifest = self.manifest(package, GOOD);
        let answer = post(self.server.address, INDEX, &manifest.to_string()).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        manifest["hash"].as_str().unwrap().to_owned()
    }

    /// Makes the manifest of an image with one package, whose layer is at some place.
    pub(crate) fn manifest(&self, package: &str, place: &str) -> Value {
        let status = format!("Package: {package}\nStatus: install ok installed\nVersion: 1\n");
        let layer = LayerBuilder::new()
            .file(
                "etc/os-release",
                "ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n",
            )
            .file("var/lib/dpkg/status", status)
            .build();
        let layer = self.layers.add(layer);
        let hash = Digest::sha256(package.as_bytes());
        json!({"hash": hash, "layers": [{"hash": layer, "uri": place, "headers": {}}]})
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        get_path(self.server.address, path).await
    }

    /// Returns the value of a metric of the requests or of the indexer; 0 when there is none.
    pub(crate) fn metric(&self, name: &str) -> f64 {
        let mut registry = Registry::default();
        self.metrics.register(&mut registry);
        self.indexer.register(&mut registry);
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        let value = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.map_or(0.0, |value| value.parse().unwrap())
    }

    /// Waits until a metric has a value.
    pub(crate) async fn wait_for(&self, name: &str, value: f64) {
        while (self.metric(name) - value).abs() > 0.5 {
            tokio::task::yield_now().await;
        }
    }
}

fn advisory(source: &str, id: &str) -> Advisory {
    Advisory {
        id: id.into(),
        namespace: "debian:bookworm".into(),
        package: AffectedPackage {
            name: source.into(),
            kind: PackageKind::Source,
            ..AffectedPackage::default()
        },
        status: Status::Affected,
        versions: VersionConstraint::below(Scheme::Dpkg, "2"),
        rating: Rating {
            text: "high".into(),
            severity: Severity::High,
        },
        // Long enough for a report to be worth compressing.
        details: Details {
            description: format!("{id} {}", "is bad. ".repeat(500)),
            ..Details::default()
        },
    }
}

/// The bytes come.
pub(crate) const GOOD: &str = "good";
/// The connection breaks.
pub(crate) const BROKEN: &str = "broken";
/// There is no such layer, and there never will be.
pub(crate) const GONE: &str = "gone";

/// Layers in memory, which can be held back.
#[derive(Default)]
pub(crate) struct Layers {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    layers: BTreeMap<Digest, Vec<u8>>,
    opened: usize,
    are_held: bool,
}

impl Layers {
    fn add(&self, layer: Vec<u8>) -> Digest {
        let digest = Digest::sha256(&layer);
        let mut state = self.state.lock().unwrap();
        state.layers.insert(digest.clone(), layer);
        digest
    }

    /// Keeps who opens layers waiting.
    pub(crate) fn hold(&self) {
        self.state.lock().unwrap().are_held = true;
    }

    /// Lets who waits go on.
    pub(crate) fn let_go(&self) {
        self.state.lock().unwrap().are_held = false;
        self.changed.notify_all();
    }

    /// Waits until so many layers were opened.
    pub(crate) async fn wait_for(&self, count: usize) {
        while self.state.lock().unwrap().opened < count {
            tokio::task::yield_now().await;
        }
    }
}

impl LayerOpener for Layers {
    fn open(&self, layer: &ManifestLayer) -> io::Result<Box<dyn Read + Send>> {
        let mut state = self.state.lock().unwrap();
        state.opened += 1;
        while state.are_held {
            state = self.changed.wait(state).unwrap();
        }
        match layer.uri.as_str() {
            GOOD => Ok(Box::new(Cursor::new(state.layers[&layer.hash].clone()))),
            GONE => Err(io::ErrorKind::NotFound.into()),
            _ => Err(io::Error::other("the connection broke")),
        }
    }

    fn is_lasting(&self, error: &io::Error) -> bool {
        error.kind() == io::ErrorKind::NotFound
    }
}

/// Lets all readers go when a test ends, so that no thread outlives it.
struct LetGo(Arc<Layers>);

impl Drop for LetGo {
    fn drop(&mut self) {
        if let Ok(mut state) = self.0.state.lock() {
            state.are_held = false;
        }
        self.0.changed.notify_all();
    }
}
