//! `update` and `feeds` with the configuration of a service that runs meanwhile.

use std::path::{Path, PathBuf};
use std::process::Command;

use limpid_testkit::feed::AlpineSecdb;
use serde_json::{Value, json};

use crate::client::{Client, REPORT};
use crate::service::{Backend, Service};
use crate::workplace::{Run, Workplace, secdb, text};

/// A service, its mirror of feeds, and its configuration once more for commands.
struct Installation {
    workplace: Workplace,
    service: Service,
    conf: PathBuf,
    /// The data folder of the commands; that of the configuration when there is none.
    data_dir: Option<PathBuf>,
}

impl Installation {
    fn new(backend: Backend) -> Self {
        let workplace = Workplace::new();
        workplace.mirror(&many(100));
        let mut conf = PathBuf::new();
        let service = Service::ready(backend, |configuration| {
            configuration["updaters"]["sets"] = json!(["alpine"]);
            configuration["limpid"]["feeds"]["mirror"] = json!(workplace.path("mirror"));
            conf = PathBuf::from(workplace.write("conf.json", configuration.to_string()));
        });
        // Commands may run on another machine of a cluster, which has none of the files.
        let data_dir = match backend {
            Backend::Embedded => None,
            Backend::Postgres => Some(workplace.path("elsewhere")),
        };
        Self {
            workplace,
            service,
            conf,
            data_dir,
        }
    }

    fn run(&self, arguments: &[&str]) -> Run {
        let mut command = limpid(&self.conf, arguments);
        if let Some(data_dir) = &self.data_dir {
            command.arg("--data-dir").arg(data_dir);
        }
        command.output().unwrap().into()
    }

    fn feed(&self) -> Value {
        let run = self.run(&["feeds", "--json"]);
        assert_eq!(run.code, 0, "{run:?}");
        let rows: Vec<Value> = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!(rows.len(), 1, "{rows:?}");
        rows[0].clone()
    }

    /// Waits until the service makes reports by a generation.
    async fn serves(&self, generation: u64) {
        let client = Client::of(&self.service);
        let image = self.service.image("followed");
        assert_eq!(client.index(&image).await.status, 201);
        let path = format!("{REPORT}/{}", image.hash);
        for _ in 0..600 {
            let report = client.get(&path).await.json();
            if report["limpid"]["generation"] == generation {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        panic!(
            "generation {generation} is not served: {}",
            self.service.log()
        );
    }
}

fn limpid(conf: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_limpid"));
    command.args(arguments).arg("--conf").arg(conf);
    command
}

fn many(count: usize) -> AlpineSecdb {
    (0..count).fold(secdb(), |feed, number| {
        let id = format!("CVE-2020-{}", 1000 + number);
        feed.fix(&format!("package-{number}"), "1.0-r0", &[&id])
    })
}

async fn a_held_feed_is_forced_and_rolled_back_beside_a_service(backend: Backend) {
    let installation = Installation::new(backend);
    installation.serves(1).await;
    installation.workplace.mirror(&secdb());
    let run = installation.run(&["update", "--only", "alpine"]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.stdout.contains("held back  alpine/v3.18"), "{run:?}");
    let feed = installation.feed();
    assert_eq!(feed["records"], 103, "{feed}");
    assert!(
        feed["state"].as_str().unwrap().contains("held back"),
        "{feed}"
    );

    let run = installation.run(&["update", "--force"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stdout.contains("generation 2 is active"), "{run:?}");
    assert_eq!(installation.feed()["records"], 3);
    installation.serves(2).await;

    let run = installation.run(&["feeds", "rollback"]);
    assert_eq!(run.code, 0, "{run:?}");
    let said = "generation 1 is active, it was 2";
    assert!(run.stdout.contains(said), "{run:?}");
    installation.serves(1).await;
    let run = installation.run(&["feeds", "--json", "generations"]);
    let rows: Vec<Value> = serde_json::from_str(&run.stdout).unwrap();
    let served = rows.iter().filter(|row| row["is_served"] == true);
    let served: Vec<_> = served.map(|row| &row["generation"]).collect();
    assert_eq!(served, [1], "{run:?}");
}

#[tokio::test]
async fn a_held_feed_is_forced_and_rolled_back_on_postgres() {
    a_held_feed_is_forced_and_rolled_back_beside_a_service(Backend::Postgres).await;
}

#[tokio::test]
async fn a_held_feed_is_forced_and_rolled_back_on_the_embedded_store() {
    a_held_feed_is_forced_and_rolled_back_beside_a_service(Backend::Embedded).await;
}

#[test]
fn updaters_that_are_switched_off_can_be_run_by_hand() {
    let workplace = Workplace::new();
    workplace.mirror(&secdb());
    let configuration = json!({
        "matcher": { "disable_updaters": true },
        "limpid": { "data_dir": workplace.data(), "feeds": { "mirror": "no/such/folder" } },
    });
    let conf = workplace.write("conf.json", configuration.to_string());
    let mirror = workplace.path("mirror");
    let arguments = ["update", "--only", "alpine", "--mirror", text(&mirror)];
    let run: Run = limpid(conf.as_ref(), &arguments).output().unwrap().into();
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stdout.contains("generation 1 is active"), "{run:?}");
    // It is the same place that the data folder names.
    let rows: Vec<Value> =
        serde_json::from_str(&workplace.run(&["feeds", "--json"]).stdout).unwrap();
    assert_eq!(rows.len(), 1);
}

#[test]
fn a_configuration_that_cannot_be_used_ends_with_2() {
    let workplace = Workplace::new();
    let bad = workplace.write("bad.json", r#"{"limpid":{"layers":{"max_bytes":0}}}"#);
    let absent = workplace.path("absent.json");
    let nobody = crate::service::free_port();
    let connstring =
        format!("host=127.0.0.1 port={nobody} user=limpid dbname=limpid sslmode=disable");
    let unreachable = json!({ "matcher": { "connstring": connstring } }).to_string();
    let unreachable = workplace.write("unreachable.json", unreachable);
    for (conf, says) in [
        (bad.as_ref(), "max_bytes"),
        (absent.as_path(), "absent.json"),
        (unreachable.as_ref(), "cannot reach the server"),
    ] {
        for arguments in [&["update"][..], &["feeds"], &["feeds", "rollback"]] {
            let mut command = limpid(conf, arguments);
            let command = command.arg("--data-dir").arg(workplace.data());
            let run: Run = command.output().unwrap().into();
            assert_eq!(run.code, 2, "{arguments:?}: {run:?}");
            assert!(run.stderr.contains(says), "{arguments:?}: {run:?}");
        }
    }
}
