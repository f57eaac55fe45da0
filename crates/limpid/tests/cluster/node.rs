//! One process of limpid.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// How long a process may take until it is ready, or has ended.
const PATIENCE: Duration = Duration::from_mins(1);

/// A process of limpid in one mode.
pub(crate) struct Node {
    process: Child,
    configuration: PathBuf,
    mode: &'static str,
    pub(crate) port: u16,
    introspection: u16,
    log: PathBuf,
}

impl Node {
    /// Starts a process; `configuration` is what it is told besides its addresses.
    pub(crate) fn start(
        directory: &Path,
        name: &str,
        mode: &'static str,
        configuration: &str,
    ) -> Self {
        let (port, introspection) = (free_port(), free_port());
        let data = directory.join(name);
        fs::create_dir_all(&data).unwrap();
        let file = directory.join(format!("{name}.yaml"));
        let text = format!(
            "http_listen_addr: 127.0.0.1:{port}\nintrospection_addr: 127.0.0.1:{introspection}\n\
             {configuration}\n  data_dir: {}\n",
            data.display()
        );
        fs::write(&file, text).unwrap();
        let log = directory.join(format!("{name}.log"));
        Self {
            process: spawn(&file, mode, &log),
            configuration: file,
            mode,
            port,
            introspection,
            log,
        }
    }

    /// Ends the process without a chance to do anything.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Asks the process to end, and waits until it has.
    pub(crate) async fn stop(&mut self) {
        let pid = rustix::process::Pid::from_child(&self.process);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        let waiting = async {
            loop {
                if let Some(ended) = self.process.try_wait().unwrap() {
                    return ended;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let ended = tokio::time::timeout(PATIENCE, waiting)
            .await
            .expect("it should have ended by now");
        assert!(ended.success(), "ended with {ended}, see {}", self.log());
    }

    /// Starts the process again where it was.
    pub(crate) fn start_again(&mut self) {
        self.process = spawn(&self.configuration, self.mode, &self.log);
    }

    /// Waits until the process says that it is ready.
    pub(crate) async fn ready(&mut self) {
        let client = reqwest::Client::new();
        let address = format!("http://127.0.0.1:{}/readyz", self.introspection);
        eventually(|| async {
            let answer = client.get(&address).send().await.ok()?;
            answer.status().is_success().then_some(())
        })
        .await;
    }

    fn log(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().rev().take(20).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        if std::thread::panicking() {
            let (file, log) = (self.configuration.display(), self.log());
            std::io::Write::write_fmt(
                &mut std::io::stderr(),
                format_args!("the last lines of the process of {file}:\n{log}\n"),
            )
            .unwrap();
        }
    }
}

fn spawn(configuration: &Path, mode: &str, log: &Path) -> Child {
    let log = fs::File::options()
        .create(true)
        .append(true)
        .open(log)
        .unwrap();
    Command::new(env!("CARGO_BIN_EXE_limpid"))
        .args(["serve", "-conf"])
        .arg(configuration)
        .args(["-mode", mode])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap()
}

/// Asks again and again until there is an answer.
pub(crate) async fn eventually<T, R: Future<Output = Option<T>>>(mut ask: impl FnMut() -> R) -> T {
    let asking = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, asking)
        .await
        .expect("it should have come about by now")
}

pub(crate) fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
