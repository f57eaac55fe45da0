//! Exit codes, and what the command line makes of configurations.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A folder with configurations.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }
}

fn run(arguments: &[&str]) -> Output {
    program(Path::new(env!("CARGO_BIN_EXE_limpid")), arguments)
}

fn program(path: &Path, arguments: &[&str]) -> Output {
    Command::new(path)
        .args(arguments)
        .env_remove("CLAIR_CONF")
        .env_remove("CLAIR_MODE")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

#[track_caller]
fn check(output: &Output, code: i32, says: &str) {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{errors}");
    assert!(errors.contains(says), "{says}: {errors}");
}

#[test]
fn flags_and_configurations_that_cannot_be_read_end_with_2() {
    let folder = Folder::new();
    let good = folder.write("good.yaml", "{}").display().to_string();
    for (name, text, says) in [
        ("unknown.yaml", "indexer: {airgapp: true}", "airgap"),
        ("period.yaml", "matcher: {period: 6}", "period"),
        ("level.yaml", "log_level: loud", "log_level"),
        ("kind.yml", "{}", "kind"),
        ("broken.yaml", "indexer: [", ""),
        ("space.json", " {}", ""),
        (
            "issuer.yaml",
            "auth: {psk: {key: c2VjcmV0, iss: quay}}",
            "iss",
        ),
    ] {
        let path = folder.write(name, text).display().to_string();
        let served = run(&["serve", "-conf", &path, "-mode", "combo"]);
        check(&served, 2, says);
        check(&run(&["check-config", &path]), 2, says);
    }
    check(&run(&["serve"]), 2, "conf");
    check(&run(&["serve", "-mode", "combo"]), 2, "conf");
    check(&run(&["serve", "-conf", &good]), 2, "mode");
    check(&run(&["serve", "-conf", &good, "-mode", "all"]), 2, "all");
    check(
        &run(&["serve", "-conf", &good, "-mode", "combo", "--odd"]),
        2,
        "odd",
    );
    check(
        &run(&["serve", "-conf", "/nowhere/a.yaml", "-mode", "combo"]),
        2,
        "/nowhere",
    );
}

#[test]
fn configurations_that_make_no_sense_end_with_1() {
    let folder = Folder::new();
    for (mode, text) in [
        ("matcher", "{}"),
        ("notifier", "{}"),
        (
            "notifier",
            "notifier: {indexer_addr: 'http://a/', matcher_addr: 'http://b/'}",
        ),
        ("combo", "http_listen_addr: nonsense"),
        ("combo", "tls: {cert: /nowhere/cert}"),
        ("combo", "auth: {psk: {key: c2VjcmV0, iss: []}}"),
        ("combo", "auth: {psk: {iss: [quay]}}"),
    ] {
        let path = folder.write("config.yaml", text).display().to_string();
        let served = run(&["serve", "-conf", &path, "-mode", mode]);
        check(&served, 1, "");
        assert!(!served.stderr.is_empty(), "{text}");
    }
}

#[test]
fn an_address_that_is_taken_ends_with_1() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = Folder::new();
    let text = format!(
        "http_listen_addr: {}\nintrospection_addr: 127.0.0.1:0\nupdaters: {{sets: []}}\n\
         limpid: {{data_dir: {}}}\n",
        taken.local_addr().unwrap(),
        folder.0.path().join("data").display()
    );
    let path = folder.write("config.yaml", &text).display().to_string();
    check(
        &run(&["serve", "-conf", &path, "-mode", "combo"]),
        1,
        "cannot listen",
    );
}

#[test]
fn help_ends_with_0_also_by_the_name_of_clair() {
    let folder = Folder::new();
    let clair = folder.0.path().join("clair");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_limpid"), &clair).unwrap();
    for output in [
        run(&["serve", "-h"]),
        program(&clair, &["-h"]),
        program(&clair, &["-help"]),
    ] {
        check(&output, 0, "");
        let help = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(help.contains("conf") && help.contains("mode"), "{help}");
    }
    check(&program(&clair, &[]), 2, "conf");
}

#[test]
fn a_checked_configuration_is_printed_with_its_drop_ins_and_oddities() {
    let folder = Folder::new();
    let path = folder.write("config.yaml", "log_level: warn\nmatcher: {period: 1h}\n");
    folder.write("config.yaml.d/1.yaml", "matcher: {cache_age: 2h}\n");
    folder.write(
        "config.yaml.d/2.yaml-patch",
        "- {op: replace, path: /log_level, value: debug}\n",
    );
    folder.write("config.yaml.d/3.json", "{\"log_level\": \"error\"}");
    let path = path.display().to_string();
    let output = run(&["check-config", "--mode", "combo", "-o", "json", &path]);
    check(&output, 0, "$.matcher.period");
    let shown: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(shown["log_level"], "debug");
    assert_eq!(shown["matcher"]["cache_age"], "2h0m0s");

    let output = run(&["check-config", "--mode", "matcher", &path]);
    check(&output, 1, "indexer_addr");
}

#[test]
fn what_clair_reads_without_effect_is_read_with_a_warning() {
    let folder = Folder::new();
    let text = "
indexer: {scanlock_retry: 5}
matcher: {max_conn_pool: 10, indexer_addr: \"localhost:6060\"}
updaters: {sets: [rhel, debian], filter: \".*\"}
notifier: {webhook: {target: \"http://a/\", callback: \"http://b/\", signed: true}}
trace:
  name: sentry
  jaeger: {service_name: clair}
  otlp: {http: {endpoint: \"localhost:4318\", compression: gzip}, grpc: {compression: 2}}
metrics:
  otlp: {http: {compression: none}}
";
    let path = folder.write("config.yaml", text).display().to_string();
    let output = run(&["check-config", "--mode", "combo", &path]);
    for key in [
        "$.indexer.scanlock_retry",
        "$.matcher.max_conn_pool",
        "$.updaters.sets",
        "$.updaters.filter",
        "$.notifier.webhook.signed",
        "$.trace.name",
        "$.trace.jaeger.service_name",
    ] {
        check(&output, 0, key);
    }
    // The address of an indexer may do without a scheme, as Clair's documents say.
    check(&run(&["check-config", "--mode", "matcher", &path]), 0, "");
}
