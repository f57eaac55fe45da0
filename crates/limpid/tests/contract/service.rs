//! One process of limpid, with a registry and a mirror of feeds of its own.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use limpid_testkit::feed::DebianTracker;
use limpid_testkit::layer::{LayerBuilder, gzip};
use limpid_testkit::postgres::PostgresCluster;
use limpid_testkit::registry::{Answer, Registry};
use limpid_types::{Digest, Manifest};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::client::Client;

/// How long a process may take until it is ready, or has ended.
const PATIENCE: Duration = Duration::from_mins(1);

/// Where the mirror keeps what Debian's tracker says.
const TRACKER: &str = "/feeds/security-tracker.debian.org/tracker/data/json";

/// What a service keeps its state in.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Backend {
    Embedded,
    Postgres,
}

impl Backend {
    pub(crate) const BOTH: [Self; 2] = [Self::Embedded, Self::Postgres];

    /// Returns a connection string; each call means a database of its own.
    pub(crate) fn connection_string(self) -> String {
        match self {
            Self::Embedded => String::new(),
            Self::Postgres => {
                static CLUSTER: OnceLock<PostgresCluster> = OnceLock::new();
                new_database(CLUSTER.get_or_init(PostgresCluster::start))
            }
        }
    }
}

/// Makes a database, and returns how to connect to it.
pub(crate) fn new_database(cluster: &PostgresCluster) -> String {
    let database = cluster.database();
    let words = database
        .iter()
        .map(|(name, value)| format!("{name}={value} "));
    words.collect::<String>().trim_end().to_owned()
}

/// A process of limpid. It ends with this value, and with the program of the tests.
pub(crate) struct Service {
    shell: Child,
    pub(crate) port: u16,
    pub(crate) introspection: u16,
    pub(crate) registry: Registry,
    log: PathBuf,
    pid: i32,
    directory: TempDir,
}

impl Service {
    /// Returns the service on the embedded store that all tests share.
    pub(crate) fn embedded() -> &'static Self {
        static SERVICE: OnceLock<Service> = OnceLock::new();
        SERVICE.get_or_init(|| Self::ready(Backend::Embedded, |_| {}))
    }

    /// Returns the service on PostgreSQL that all tests share.
    pub(crate) fn postgres() -> &'static Self {
        static SERVICE: OnceLock<Service> = OnceLock::new();
        SERVICE.get_or_init(|| Self::ready(Backend::Postgres, |_| {}))
    }

    /// Starts a process in mode combo and waits until it is ready. `change` gets the
    /// configuration before.
    pub(crate) fn ready(backend: Backend, change: impl FnOnce(&mut Value)) -> Self {
        let service = Self::start(backend, "combo", change);
        service.wait_for("/readyz");
        service
    }

    /// Starts a process and waits until it listens, which may be before it has data.
    pub(crate) fn start(backend: Backend, mode: &str, change: impl FnOnce(&mut Value)) -> Self {
        let registry = Registry::start().unwrap();
        registry.serve(TRACKER, [Answer::blob(tracker())]);
        let directory = tempfile::tempdir().unwrap();
        let (port, introspection) = (free_port(), free_port());
        let mut configuration = json!({
            "http_listen_addr": format!("127.0.0.1:{port}"),
            "introspection_addr": format!("127.0.0.1:{introspection}"),
            "indexer": { "migrations": true },
            "matcher": { "migrations": true },
            "updaters": { "sets": ["debian"] },
            "limpid": {
                "data_dir": directory.path().join("data"),
                "feeds": { "mirror": registry.url("/feeds") },
                "layers": { "allow_networks": ["127.0.0.0/8"] },
            },
        });
        let connection = backend.connection_string();
        configuration["indexer"]["connstring"] = json!(connection);
        configuration["matcher"]["connstring"] = json!(connection);
        change(&mut configuration);
        let file = directory.path().join("config.json");
        fs::write(&file, configuration.to_string()).unwrap();
        let log = directory.path().join("log");
        let mut shell = spawn(&file, mode, &log);
        let pid = first_line(&mut shell).parse().unwrap();
        let service = Self {
            shell,
            port,
            introspection,
            registry,
            log,
            pid,
            directory,
        };
        service.wait_for("/healthz");
        eventually(|| TcpStream::connect(("127.0.0.1", port)).ok());
        service
    }

    /// The file of the embedded store.
    pub(crate) fn database(&self) -> PathBuf {
        self.directory.path().join("data").join("limpid.sqlite")
    }

    /// Returns an image of Debian 12 with a package that has a vulnerability, and something of its
    /// own.
    pub(crate) fn image(&self, name: &str) -> Manifest {
        let base = LayerBuilder::new()
            .file(
                "etc/os-release",
                "ID=debian\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\n\
                 VERSION=\"12 (bookworm)\"\nVERSION_CODENAME=bookworm\n\
                 PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n",
            )
            .file(
                "var/lib/dpkg/status",
                "Package: libssl3\nStatus: install ok installed\nArchitecture: amd64\n\
                 Source: openssl\nVersion: 3.0.9-1\n\n\
                 Package: adduser\nStatus: install ok installed\nArchitecture: all\n\
                 Version: 3.134\n\n",
            );
        let own = LayerBuilder::new().file("srv/name", name);
        Manifest {
            hash: Digest::sha256(name.as_bytes()),
            layers: [base.build(), own.build()]
                .map(|tar| self.registry.add_layer(gzip(&tar)))
                .into(),
        }
    }

    /// Asks the process to end.
    pub(crate) fn terminate(&self) {
        let pid = rustix::process::Pid::from_raw(self.pid).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    }

    /// Waits until the process has ended, and returns how.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        eventually(|| self.shell.try_wait().unwrap())
    }

    /// Returns what the process has logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Returns how much memory the process has had at its worst, in bytes.
    pub(crate) fn peak_memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid)).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = peak.unwrap().trim().strip_suffix(" kB").unwrap();
        kilobytes.parse::<u64>().unwrap() << 10
    }

    /// Returns the value of a metric without labels.
    pub(crate) async fn metric(&self, name: &str) -> f64 {
        let metrics = Client::at(self.introspection).get("/metrics").await;
        let line = metrics
            .text()
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap().parse().unwrap()
    }

    /// Waits until the registry was asked for a path.
    pub(crate) fn wait_for_fetch(&self, path: &str) {
        eventually(|| {
            let requests = self.registry.requests();
            requests.iter().any(|one| one.target == path).then_some(())
        });
    }

    /// Returns the status of a path of the introspection listener; none when nobody listens.
    pub(crate) fn introspected(&self, path: &str) -> Option<u16> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.introspection)).ok()?;
        let request = format!("GET {path} HTTP/1.1\r\nHost: limpid\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        answer.split(' ').nth(1)?.parse().ok()
    }

    fn wait_for(&self, path: &str) {
        let waiting = Instant::now();
        while self.introspected(path) != Some(200) {
            assert!(waiting.elapsed() < PATIENCE, "{path}: {}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        // Nothing can be done about a shell that was killed.
        let _ = self.shell.wait();
        if std::thread::panicking() {
            let log = self.log();
            let from = log.len().saturating_sub(4000);
            // It is for who reads the failure, and no failure itself.
            let _ = writeln!(std::io::stderr(), "{}", log.get(from..).unwrap_or(&log));
        }
    }
}

/// Starts limpid below a shell that kills it when its input ends, however the tests end.
fn spawn(configuration: &Path, mode: &str, log: &Path) -> Child {
    let log = fs::File::create(log).unwrap();
    let script = "\"$0\" serve -conf \"$1\" -mode \"$2\" </dev/null >/dev/null &
        pid=$!
        echo $pid
        { read -r _ <&3; kill -KILL $pid; } >/dev/null 2>&1 &
        watcher=$!
        wait $pid
        code=$?
        kill $watcher 2>/dev/null
        exit $code";
    Command::new("/bin/sh")
        .args(["-c", &format!("exec 3<&0\n{script}")])
        .arg(env!("CARGO_BIN_EXE_limpid"))
        .arg(configuration)
        .arg(mode)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .unwrap()
}

fn first_line(shell: &mut Child) -> String {
    let mut output = std::io::BufReader::new(shell.stdout.take().unwrap());
    let mut line = String::new();
    std::io::BufRead::read_line(&mut output, &mut line).unwrap();
    line.trim().to_owned()
}

fn tracker() -> Vec<u8> {
    DebianTracker::new()
        .fix("openssl", "CVE-2026-0001", "bookworm", "3.0.11-1")
        .describe("openssl", "CVE-2026-0001", "A caf\u{e9} of <errors> & more")
        .open("openssl", "CVE-2026-0002", "bookworm", "high")
        .fix("curl", "CVE-2026-0003", "bookworm", "8.0-1")
        .to_json()
}

/// Asks again and again until there is an answer.
pub(crate) fn eventually<T>(mut ask: impl FnMut() -> Option<T>) -> T {
    let waiting = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(
            waiting.elapsed() < PATIENCE,
            "it should have come about by now"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
