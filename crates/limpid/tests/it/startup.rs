//! A service that does not get as far as serving.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStderr, Command, Stdio};

use serde_json::json;

use crate::service::{Backend, Service, eventually, free_port};
use crate::workplace::{Workplace, text};

/// Starts a service that waits for a database that is not there, and returns it as soon as it says
/// so.
fn waiting(workplace: &Workplace, flags: &[&str]) -> (Child, BufReader<ChildStderr>) {
    let connstring = format!(
        "host=127.0.0.1 port={} user=limpid dbname=limpid sslmode=disable",
        free_port()
    );
    let configuration = json!({
        "http_listen_addr": "127.0.0.1:0",
        "introspection_addr": "127.0.0.1:0",
        "indexer": { "connstring": connstring },
        "matcher": { "connstring": connstring },
        "limpid": { "data_dir": workplace.data() },
    });
    let conf = workplace.write("conf.json", configuration.to_string());
    let mut process = Command::new(env!("CARGO_BIN_EXE_limpid"))
        .args(["serve", "-conf", &conf, "-mode", "combo"])
        .args(flags)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(process.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("the database is not there yet") {
        line.clear();
        assert_ne!(log.read_line(&mut line).unwrap(), 0, "it ended before");
    }
    (process, log)
}

#[test]
fn a_service_that_waits_for_its_database_ends_at_the_first_signal() {
    for signal in [rustix::process::Signal::TERM, rustix::process::Signal::INT] {
        let workplace = Workplace::new();
        let (mut process, log) = waiting(&workplace, &[]);
        let pid = rustix::process::Pid::from_child(&process);
        rustix::process::kill_process(pid, signal).unwrap();
        let lines: Vec<String> = log.lines().map(Result::unwrap).collect();
        // Had it waited to the end, the code would be 1.
        assert_eq!(process.wait().unwrap().code(), Some(0), "{lines:?}");
        assert!(
            !lines.iter().any(|line| line.contains("failed")),
            "{lines:?}"
        );
    }
}

#[test]
fn a_service_that_ends_before_its_profiles_are_there_writes_none_and_says_so() {
    let workplace = Workplace::new();
    let (cpu, heap) = (workplace.path("cpu.pb"), workplace.path("heap.pb"));
    let flags = ["-cpuprofile", text(&cpu), "-memprofile", text(&heap)];
    let (mut process, log) = waiting(&workplace, &flags);
    let pid = rustix::process::Pid::from_child(&process);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let lines: Vec<String> = log.lines().map(Result::unwrap).collect();
    let warning = "warning: the service ended before its profiles were there";
    assert!(lines.iter().any(|line| line == warning), "{lines:?}");
    assert_eq!(process.wait().unwrap().code(), Some(0), "{lines:?}");
    assert!(!cpu.try_exists().unwrap() && !heap.try_exists().unwrap());
}

#[test]
fn a_matcher_without_any_of_its_snapshots_is_not_ready() {
    let (workplace, _) = Workplace::ready();
    let mut snapshot = None;
    for (path, _) in workplace.contents() {
        if path
            .extension()
            .is_some_and(|extension| extension == "snapshot")
        {
            snapshot = Some((std::fs::read(&path).unwrap(), path));
        }
    }
    let (content, path) = snapshot.unwrap();
    std::fs::remove_file(&path).unwrap();
    let service = Service::start(Backend::Embedded, "combo", |configuration| {
        configuration["updaters"]["sets"] = json!([]);
        configuration["limpid"]["data_dir"] = json!(workplace.data());
    });
    eventually(|| {
        let is_missing = service.log().contains("the data of a feed cannot be had");
        is_missing.then_some(())
    });
    assert_eq!(service.introspected("/readyz"), Some(503));
    std::fs::write(&path, content).unwrap();
    eventually(|| (service.introspected("/readyz") == Some(200)).then_some(()));
}
