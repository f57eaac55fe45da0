//! Where a process keeps its state: the embedded store, or one or two databases.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use limpid_blob::{DirectoryBlobs, S3Blobs, S3Settings};
use limpid_config::{ConnectionString, Database, Mode};
use limpid_store::{BlobStore, ErrorKind, Measured, Store, StoreMetrics};
use limpid_store_postgres::{PostgresSettings, PostgresStore};
use limpid_store_sqlite::SqliteStore;
use limpid_telemetry::{PoolMetrics, PoolSnapshot};
use prometheus_client::registry::Registry;
use url::Url;

use super::Plan;

/// How long to wait between two attempts to reach it.
const PAUSE: Duration = Duration::from_secs(1);
/// Connections of a pool when the connection string says nothing.
const CONNECTIONS: u32 = 4;

/// What the roles of a process keep their state in. Roles with the same database share a pool.
pub(super) struct Stores {
    indexer: Option<Arc<dyn Store>>,
    matcher: Option<Arc<dyn Store>>,
    blobs: Option<Arc<dyn BlobStore>>,
    pools: Vec<(&'static str, PostgresStore)>,
    metrics: StoreMetrics,
}

impl Stores {
    /// Returns the indexer's store.
    pub(super) fn indexer(&self) -> anyhow::Result<Arc<dyn Store>> {
        self.indexer.clone().context("this mode has no indexer")
    }

    /// Returns the matcher's store.
    pub(super) fn matcher(&self) -> anyhow::Result<Arc<dyn Store>> {
        self.matcher.clone().context("this mode has no matcher")
    }

    /// Returns where snapshots are kept for all nodes; none when there is only one node.
    pub(super) fn blobs(&self) -> Option<Arc<dyn BlobStore>> {
        self.blobs.clone()
    }

    /// Adds the metrics of stores and pools.
    pub(super) fn register(&self, registry: &mut Registry) {
        self.metrics.register(registry);
        let mut pools = PoolMetrics::default();
        for (name, store) in &self.pools {
            let store = store.clone();
            pools = pools.with_pool(*name, move || snapshot(&store));
        }
        pools.register(registry);
    }
}

/// A place for state.
#[derive(Clone, PartialEq, Eq)]
enum Place {
    Embedded,
    Database(Box<Database>),
}

/// A role that has a store.
struct Role {
    /// The name by which Clair's dashboards know its pool.
    pool: &'static str,
    place: Place,
    migrate: bool,
}

/// Tells whether anything is kept in the data folder.
pub(super) fn uses_embedded(plan: &Plan) -> bool {
    roles(plan).is_ok_and(|roles| roles.iter().any(|role| role.place == Place::Embedded))
}

/// Opens what the mode needs, and says how many connections that can be. A database that is not
/// there is waited for as long as the patience lasts.
pub(super) async fn open(
    plan: &Plan,
    data_dir: &Path,
    patience: Duration,
) -> anyhow::Result<Stores> {
    let metrics = StoreMetrics::default();
    let mut stores = Stores {
        indexer: None,
        matcher: None,
        blobs: None,
        pools: Vec::new(),
        metrics: metrics.clone(),
    };
    let mut opened: Vec<(Place, Arc<dyn Store>)> = Vec::new();
    let mut shared: Option<Arc<dyn BlobStore>> = None;
    for role in roles(plan)? {
        let known = opened.iter().find(|(place, _)| *place == role.place);
        let store: Arc<dyn Store> = match (known, &role.place) {
            (Some((_, store)), _) => Arc::clone(store),
            (None, Place::Embedded) => {
                let store = SqliteStore::open(data_dir.join("limpid.sqlite"))?;
                Arc::new(Measured::new(store, metrics.clone()))
            }
            (None, Place::Database(database)) => {
                let store = connect(database, &role, patience).await?;
                stores.pools.push((role.pool, store.clone()));
                Arc::new(Measured::new(store, metrics.clone()))
            }
        };
        if role.pool == MATCHER {
            let of_matcher = stores.pools.iter().find(|(name, _)| *name == role.pool);
            // With one database for both it is the pool that was opened for the indexer.
            let pool = of_matcher.or(stores.pools.first());
            if role.place != Place::Embedded {
                shared = pool.map(|(_, store)| Arc::new(store.clone()) as Arc<dyn BlobStore>);
            }
            stores.matcher = Some(Arc::clone(&store));
        } else {
            stores.indexer = Some(Arc::clone(&store));
        }
        opened.push((role.place, store));
    }
    stores.blobs = match configured_blobs(plan)? {
        Some(blobs) => Some(blobs),
        None => shared,
    };
    announce(&stores);
    Ok(stores)
}

const INDEXER: &str = "libindex";
const MATCHER: &str = "libvuln";

/// Returns the roles of the mode that have a store. The notifier has nothing to keep yet.
fn roles(plan: &Plan) -> anyhow::Result<Vec<Role>> {
    let mut roles = Vec::new();
    let config = &plan.config;
    if plan.mode.indexes() {
        roles.push(Role {
            pool: INDEXER,
            place: place(&config.indexer.connstring, plan).context("indexer.connstring")?,
            migrate: config.indexer.migrations,
        });
    }
    if plan.mode.matches() {
        roles.push(Role {
            pool: MATCHER,
            place: place(&config.matcher.connstring, plan).context("matcher.connstring")?,
            migrate: config.matcher.migrations,
        });
    }
    let wants_migrations = roles.iter().any(|role| role.migrate);
    // Roles that share a database share its schema, whoever is asked to bring it up to date.
    for place in roles
        .iter()
        .map(|role| role.place.clone())
        .collect::<Vec<_>>()
    {
        let shares = roles.iter().filter(|role| role.place == place).count() > 1;
        if shares && wants_migrations {
            for role in roles.iter_mut().filter(|role| role.place == place) {
                role.migrate = true;
            }
        }
    }
    if plan.mode == Mode::Notifier {
        return Ok(Vec::new());
    }
    Ok(roles)
}

/// An empty connection string is the embedded store, unless libpq's variables name a database.
fn place(connstring: &ConnectionString, plan: &Plan) -> anyhow::Result<Place> {
    let database = connstring.database(&plan.environment)?;
    if connstring.is_empty() && !names_a_server(&database) {
        return Ok(Place::Embedded);
    }
    Ok(Place::Database(Box::new(database)))
}

fn names_a_server(database: &Database) -> bool {
    ["host", "service", "dbname"]
        .iter()
        .any(|name| database.parameters.contains_key(*name))
}

/// Connects, waiting for a while for a database that is not there yet.
async fn connect(
    database: &Database,
    role: &Role,
    patience: Duration,
) -> anyhow::Result<PostgresStore> {
    let max = database.pool.max_connections.unwrap_or(CONNECTIONS).max(2);
    let settings = PostgresSettings {
        max_connections: max as usize,
        application_name: role.pool.to_owned(),
        migrate: role.migrate,
        ..PostgresSettings::new(database.parameters.clone())
    };
    let started = Instant::now();
    loop {
        match PostgresStore::connect(&settings).await {
            Ok(store) => return Ok(store),
            Err(error) if error.kind == ErrorKind::Unavailable && started.elapsed() < patience => {
                tracing::warn!(
                    reason = format!("{:#}", anyhow::Error::new(error)),
                    "the database is not there yet"
                );
                tokio::time::sleep(PAUSE).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Returns the place for snapshots that the configuration names.
fn configured_blobs(plan: &Plan) -> anyhow::Result<Option<Arc<dyn BlobStore>>> {
    let snapshots = &plan.config.limpid.snapshots;
    if let Some(directory) = &snapshots.directory {
        return Ok(Some(Arc::new(DirectoryBlobs::new(directory.clone()))));
    }
    let Some(s3) = &snapshots.s3 else {
        return Ok(None);
    };
    let Ok(endpoint) = Url::parse(s3.endpoint.expose()) else {
        bail!("limpid.snapshots.s3.endpoint is no address");
    };
    let mut settings = S3Settings {
        prefix: s3.prefix.clone(),
        path_style: s3.path_style,
        access_key_id: s3.access_key_id.clone(),
        secret_access_key: s3.secret_access_key.expose().to_owned(),
        ..S3Settings::new(endpoint, s3.bucket.clone())
    };
    if !s3.region.is_empty() {
        settings.region.clone_from(&s3.region);
    }
    Ok(Some(Arc::new(S3Blobs::new(settings)?)))
}

/// Says how many connections this process can have, which is what an operator has to allow for.
fn announce(stores: &Stores) {
    let bound: usize = stores
        .pools
        .iter()
        .map(|(_, store)| store.pool_statistics().max)
        .sum();
    if bound > 0 {
        tracing::info!(
            connections = bound,
            "this process holds at most so many connections to PostgreSQL"
        );
    }
}

fn snapshot(store: &PostgresStore) -> PoolSnapshot {
    let statistics = store.pool_statistics();
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    PoolSnapshot {
        acquired: count(statistics.in_use),
        idle: count(statistics.idle),
        max: count(statistics.max),
        acquisitions: statistics.acquired,
        acquisition_seconds: statistics.waited.as_secs_f64(),
        ..PoolSnapshot::default()
    }
}
