//! The service under load, as a process of its own, and what it takes.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use limpid_testkit::postgres::{PgBouncer, PostgresCluster};
use rustix::process::{Pid, Signal, kill_process};

use super::StoreKind;

/// How long a service may take until it is ready.
const PATIENCE: Duration = Duration::from_mins(2);

/// Where the service keeps its state.
pub(super) struct Store {
    kind: StoreKind,
    directory: PathBuf,
    // Dropped in this order.
    bouncer: Option<PgBouncer>,
    database: Option<Database>,
}

/// A database in a cluster of its own.
struct Database {
    cluster: PostgresCluster,
    parameters: BTreeMap<String, String>,
}

impl Database {
    fn query(&self, statement: &str) -> String {
        let name = self.parameters.get("dbname").map_or("", String::as_str);
        self.cluster.sql(name, statement).trim().to_owned()
    }
}

impl Store {
    /// Prepares an empty store in a folder.
    pub(super) fn prepare(kind: StoreKind, directory: &Path) -> Self {
        let mut store = Self {
            kind,
            directory: directory.to_owned(),
            bouncer: None,
            database: None,
        };
        if kind != StoreKind::Sqlite {
            // As an operator would have it: what is acknowledged is on the disk.
            let settings = [
                ("fsync", "on"),
                ("full_page_writes", "on"),
                ("shared_buffers", "512MB"),
            ];
            let cluster = PostgresCluster::start_with(&settings);
            if kind == StoreKind::Pgbouncer {
                store.bouncer = Some(PgBouncer::start(&cluster, 8));
            }
            let parameters = cluster.database();
            store.database = Some(Database {
                cluster,
                parameters,
            });
        }
        store
    }

    /// Returns the connection string for the service; empty for the embedded store.
    pub(super) fn connection_string(&self) -> String {
        let parameters = self.parameters();
        let words: Vec<String> = parameters
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        words.join(" ")
    }

    /// Returns the parameters of a connection; none for the embedded store.
    pub(super) fn parameters(&self) -> BTreeMap<String, String> {
        match (&self.bouncer, &self.database) {
            (Some(bouncer), Some(database)) => bouncer.through(&database.parameters),
            (None, Some(database)) => database.parameters.clone(),
            _ => BTreeMap::new(),
        }
    }

    /// Returns the bytes that the store takes, snapshots left out.
    pub(super) fn bytes(&self) -> Result<u64> {
        let Some(database) = &self.database else {
            return ["limpid.sqlite", "limpid.sqlite-wal"]
                .iter()
                .map(|name| size(&self.directory.join(name)))
                .sum();
        };
        let text = database.query("SELECT pg_database_size(current_database())");
        text.parse().context("the size of the database")
    }

    /// Returns how many connections PostgreSQL has for the service.
    pub(super) fn connections(&self) -> Result<u64> {
        let Some(database) = &self.database else {
            return Ok(0);
        };
        let text = database.query(
            "SELECT count(*) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        );
        text.parse().context("the number of connections")
    }

    /// Says what it is, for a heading.
    pub(super) fn name(&self) -> &'static str {
        match self.kind {
            StoreKind::Sqlite => "SQLite",
            StoreKind::Postgres => "PostgreSQL",
            StoreKind::Pgbouncer => "PostgreSQL behind PgBouncer",
        }
    }
}

/// A running service.
pub(super) struct Service {
    process: Child,
    /// Where its API is.
    pub(super) api: String,
    introspection: String,
}

impl Service {
    /// Starts the service and waits until it is ready.
    pub(super) async fn start(
        binary: &Path,
        directory: &Path,
        store: &Store,
        feeds: SocketAddr,
        period: &str,
    ) -> Result<Self> {
        let (api, introspection) = (free_port()?, free_port()?);
        let configuration = directory.join("config.yaml");
        let connection = store.connection_string();
        fs::write(
            &configuration,
            format!(
                "http_listen_addr: 127.0.0.1:{api}\n\
                 introspection_addr: 127.0.0.1:{introspection}\n\
                 log_level: warn\n\
                 indexer: {{connstring: \"{connection}\", migrations: true}}\n\
                 matcher: {{connstring: \"{connection}\", migrations: true, period: {period}}}\n\
                 notifier: {{connstring: \"{connection}\", migrations: true}}\n\
                 updaters: {{sets: [debian]}}\n\
                 limpid:\n  data_dir: {}\n  feeds: {{mirror: \"http://{feeds}/feeds\"}}\n  \
                 layers: {{allow_networks: [127.0.0.0/8]}}\n",
                directory.display()
            ),
        )?;
        let log = fs::File::create(directory.join("service.log"))?;
        let process = Command::new(binary)
            .args(["serve", "--mode", "combo", "--conf"])
            .arg(&configuration)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .with_context(|| format!("cannot start: {}", binary.display()))?;
        let mut service = Self {
            process,
            api: format!("http://127.0.0.1:{api}"),
            introspection: format!("http://127.0.0.1:{introspection}"),
        };
        service.wait_until_ready(directory).await?;
        Ok(service)
    }

    async fn wait_until_ready(&mut self, directory: &Path) -> Result<()> {
        let client = reqwest::Client::new();
        let address = format!("{}/readyz", self.introspection);
        let started = Instant::now();
        loop {
            let is_ready = client
                .get(&address)
                .send()
                .await
                .is_ok_and(|response| response.status().is_success());
            if is_ready {
                return Ok(());
            }
            let log = directory.join("service.log");
            ensure!(
                self.process.try_wait()?.is_none(),
                "the service has ended, see {}",
                log.display()
            );
            ensure!(
                started.elapsed() < PATIENCE,
                "the service does not become ready, see {}",
                log.display()
            );
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Returns the resident memory now and at its highest, in MiB.
    pub(super) fn memory(&self) -> Result<(f64, f64)> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let field = |name: &str| -> Result<f64> {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let kilobytes: f64 = line
                .and_then(|line| line.trim().strip_suffix(" kB"))
                .context("cannot read the memory of the service")?
                .trim()
                .parse()?;
            Ok(kilobytes / 1024.0)
        };
        Ok((field("VmRSS:")?, field("VmHWM:")?))
    }

    /// Returns the processor time so far, user and system, in seconds.
    pub(super) fn cpu(&self) -> Result<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.process.id()))?;
        let fields: Vec<&str> = stat
            .rsplit_once(')')
            .map(|(_, rest)| rest.split_ascii_whitespace().collect())
            .unwrap_or_default();
        let ticks = |place: usize| -> Result<f64> {
            Ok(fields
                .get(place)
                .context("cannot read the stat line")?
                .parse()?)
        };
        // Linux counts in hundredths of a second wherever limpid runs.
        Ok((ticks(11)? + ticks(12)?) / 100.0)
    }

    /// Asks the service to end, and waits for it.
    pub(super) fn stop(mut self) -> Result<()> {
        if let Some(pid) = i32::try_from(self.process.id())
            .ok()
            .and_then(Pid::from_raw)
        {
            kill_process(pid, Signal::TERM)?;
        }
        let status = self.process.wait()?;
        ensure!(status.success(), "the service ended with: {status}");
        Ok(())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // After `stop` there is nothing left to kill.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Returns the size of a file; of one that is not there it is nothing.
fn size(path: &Path) -> Result<u64> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(metadata.len()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error.into()),
    }
}

fn free_port() -> Result<u16> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    Ok(listener.local_addr()?.port())
}
