//! A PostgreSQL cluster and a PgBouncer in front of it, as children of a test.
//!
//! Both listen on sockets in a folder of their own and nowhere else, trust everybody, and are gone
//! with their folder when the value is dropped or the test program ends in whatever way.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::postgres::supervisor::{Supervisor, program};

mod supervisor;

/// The user that owns everything in a cluster.
const USER: &str = "limpid";

/// The number in the names of the sockets.
const PORT: &str = "5432";

/// What a test may do without: what it keeps is gone at its end.
const SETTINGS: [(&str, &str); 5] = [
    ("fsync", "off"),
    ("full_page_writes", "off"),
    ("max_connections", "300"),
    ("shared_buffers", "64MB"),
    ("log_line_prefix", "%m %d "),
];

/// A cluster of databases with a server of its own.
#[derive(Debug)]
pub struct PostgresCluster {
    supervisor: Supervisor,
    binaries: PathBuf,
    databases: AtomicU32,
}

/// How a server is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shutdown {
    /// Clients are disconnected, and everything is written out.
    Fast,
    /// As if the server's processes were killed: the next start recovers.
    Immediate,
}

/// A PgBouncer in front of a cluster.
#[derive(Debug)]
pub struct PgBouncer {
    supervisor: Supervisor,
}

impl PostgresCluster {
    /// Starts a cluster that forgets everything when the machine stops, which is faster.
    ///
    /// # Panics
    ///
    /// When PostgreSQL is not installed or does not start.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts a cluster with some settings of the server, for example `fsync` = `on`.
    ///
    /// # Panics
    ///
    /// When PostgreSQL is not installed or does not start.
    pub fn start_with(settings: &[(&str, &str)]) -> Self {
        let binaries = binaries();
        let settings: Vec<_> = SETTINGS
            .iter()
            .chain(settings)
            .map(|(name, value)| format!("{name} = '{value}'\n"))
            .collect();
        let settings = settings.concat();
        let bin = binaries.display();
        let script = format!(
            "{bin}/initdb --no-sync --auth=trust --username={USER} --encoding=UTF8 \
                 --locale=C.UTF-8 --pgdata=data >initdb.log 2>&1 || {{ cat initdb.log >&2; exit 1; }}
             cat settings.conf >>data/postgresql.conf
             {bin}/pg_ctl --pgdata=data --log=server.log --silent --wait start \
                 || {{ cat server.log >&2; exit 1; }}
             echo ready
             read -r _
             {bin}/pg_ctl --pgdata=data --mode=immediate --silent --wait stop"
        );
        let supervisor = Supervisor::start("limpid-postgres-", &script, |folder| {
            let sockets = folder.display();
            let more = format!("listen_addresses = ''\nunix_socket_directories = '{sockets}'\n");
            vec![("settings.conf", settings.clone() + &more)]
        });
        Self {
            supervisor,
            binaries,
            databases: AtomicU32::new(0),
        }
    }

    /// Makes a new empty database, and returns its connection parameters in libpq's words.
    ///
    /// # Panics
    ///
    /// When the server does not make one.
    pub fn database(&self) -> BTreeMap<String, String> {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{number}");
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
        parameters(self.supervisor.folder(), &name)
    }

    /// Runs statements in a database, and returns the values that come back, a row on a line.
    ///
    /// # Panics
    ///
    /// When a statement fails.
    pub fn sql(&self, database: &str, statements: &str) -> String {
        let output = program(&self.binaries.join("psql"))
            .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align"])
            .args(["--set=ON_ERROR_STOP=1", "--port", PORT, "--username", USER])
            .arg("--host")
            .arg(self.supervisor.folder())
            .args(["--dbname", database, "--command", statements])
            .output()
            .expect("psql starts");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "cannot run {statements}: {errors}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Stops the server and starts it again; returns when it takes connections.
    ///
    /// # Panics
    ///
    /// When it does not stop or start.
    pub fn restart(&self, shutdown: Shutdown) {
        self.stop(shutdown);
        self.start_again();
    }

    /// Stops the server.
    ///
    /// # Panics
    ///
    /// When it does not stop.
    pub fn stop(&self, shutdown: Shutdown) {
        let mode = match shutdown {
            Shutdown::Fast => "--mode=fast",
            Shutdown::Immediate => "--mode=immediate",
        };
        self.control(&["stop", mode]);
    }

    /// Starts the server after [`PostgresCluster::stop`].
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub fn start_again(&self) {
        self.control(&["--log=server.log", "start"]);
    }

    fn control(&self, arguments: &[&str]) {
        let status = self
            .supervisor
            .program(&self.binaries.join("pg_ctl"))
            .args(["--pgdata=data", "--silent", "--wait"])
            .args(arguments)
            .status()
            .expect("pg_ctl starts");
        assert!(status.success(), "pg_ctl {arguments:?}: {status}");
    }
}

impl PgBouncer {
    /// Starts a pooler in transaction mode that uses at most so many connections for each database.
    ///
    /// # Panics
    ///
    /// When PgBouncer is not installed or does not start.
    pub fn start(cluster: &PostgresCluster, pool_size: u32) -> Self {
        let binary = Path::new("/usr/sbin/pgbouncer");
        assert!(binary.is_file(), "install the package pgbouncer");
        let script = format!(
            "{} --quiet --daemon pgbouncer.ini || {{ cat pgbouncer.log >&2; exit 1; }}
             echo ready
             read -r _
             kill $(cat pgbouncer.pid)",
            binary.display()
        );
        let server = cluster.supervisor.folder().display().to_string();
        let supervisor = Supervisor::start("limpid-pgbouncer-", &script, |folder| {
            let sockets = folder.display();
            let configuration = format!(
                "[databases]\n* = host={server} port={PORT}\n\
                 [pgbouncer]\nlisten_port = {PORT}\nunix_socket_dir = {sockets}\n\
                 logfile = {sockets}/pgbouncer.log\npidfile = {sockets}/pgbouncer.pid\n\
                 auth_type = trust\nauth_file = {sockets}/users.txt\n\
                 pool_mode = transaction\ndefault_pool_size = {pool_size}\n\
                 max_client_conn = 1000\nserver_login_retry = 1\n"
            );
            vec![
                ("pgbouncer.ini", configuration),
                ("users.txt", format!("\"{USER}\" \"\"\n")),
            ]
        });
        Self { supervisor }
    }

    /// Returns the connection parameters that lead to a database of the cluster through the pooler.
    pub fn through(&self, database: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let name = database.get("dbname").map_or("", String::as_str);
        parameters(self.supervisor.folder(), name)
    }
}

fn parameters(folder: &Path, database: &str) -> BTreeMap<String, String> {
    let folder = folder.display().to_string();
    [
        ("host", folder.as_str()),
        ("port", PORT),
        ("user", USER),
        ("dbname", database),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

/// Returns the folder of the newest PostgreSQL's programs, where Debian puts them.
fn binaries() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter();
    let newest = versions
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .max();
    let newest = newest.expect("install the package postgresql");
    PathBuf::from(format!("/usr/lib/postgresql/{newest}/bin"))
}
