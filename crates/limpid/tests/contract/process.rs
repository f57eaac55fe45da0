//! A process from its start to its end.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::sync::mpsc;

use limpid_testkit::layer::{LayerBuilder, gzip};
use limpid_testkit::registry::{Answer, Registry};
use limpid_types::Digest;
use serde_json::json;

use crate::client::{Client, INDEX_REPORT, INDEX_STATE, body_of, unknown};
use crate::service::{Backend, Service, eventually, free_port};

/// Serves one layer when it is told to. Says when it is asked for.
fn held_layer(bytes: Vec<u8>) -> (String, mpsc::Receiver<()>, mpsc::Sender<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let uri = format!("http://{}/layer", listener.local_addr().unwrap());
    let (asked, is_asked) = mpsc::channel();
    let (release, is_released) = mpsc::channel();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 4096];
        assert!(stream.read(&mut request).unwrap() > 0);
        asked.send(()).unwrap();
        is_released.recv().unwrap();
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", bytes.len());
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(&bytes).unwrap();
    });
    (uri, is_asked, release)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_is_told_to_end_finishes_what_it_has_begun() {
    for backend in Backend::BOTH {
        let mut service = Service::ready(backend, |_| {});
        let bytes = gzip(&LayerBuilder::new().file("srv/held", "held").build());
        let hash = Digest::sha256(&bytes).to_string();
        let (uri, asked, release) = held_layer(bytes);
        let mut body = body_of(&service.image("drain"));
        body["layers"][1]["uri"] = json!(uri);
        body["layers"][1]["hash"] = json!(hash);
        let port = service.port;
        let posting = tokio::spawn(async move { Client::at(port).post(INDEX_REPORT, &body).await });
        eventually(|| asked.try_recv().ok());

        service.terminate();
        // Load balancers see first that it is not ready; it lives on all the same.
        eventually(|| (service.introspected("/readyz") == Some(503)).then_some(()));
        assert_eq!(service.introspected("/healthz"), Some(200));
        release.send(()).unwrap();
        let reply = posting.await.unwrap();
        assert_eq!(reply.status, 201, "{backend:?}: {reply:?}");
        let ended = service.ended();
        assert_eq!(ended.code(), Some(0), "{backend:?}: {}", service.log());
    }
}

/// Starts a service with a request that does not end.
fn stuck(drain: &str) -> (Service, tokio::task::JoinHandle<()>) {
    let service = Service::ready(Backend::Embedded, |configuration| {
        configuration["limpid"]["server"] = json!({ "drain": drain });
    });
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n".to_vec();
    let stalled = service.registry.serve("/stalls", [Answer::Stall(head)]);
    let mut body = body_of(&service.image("stuck"));
    body["layers"][1]["uri"] = json!(stalled);
    body["layers"][1]["hash"] = json!(unknown("stuck layer"));
    let address = format!("http://127.0.0.1:{}{INDEX_REPORT}", service.port);
    let posting = tokio::spawn(async move {
        // It is to be cut off.
        let _ = reqwest::Client::new()
            .post(address)
            .body(body.to_string())
            .send()
            .await;
    });
    service.wait_for_fetch("/stalls");
    (service, posting)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_does_not_end_in_time_is_cut_off_and_the_code_is_1() {
    let (mut service, posting) = stuck("1s");
    service.terminate();
    assert_eq!(service.ended().code(), Some(1), "{}", service.log());
    posting.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_signal_ends_a_process_at_once() {
    let (mut service, posting) = stuck("10m");
    service.terminate();
    eventually(|| (service.introspected("/readyz") == Some(503)).then_some(()));
    service.terminate();
    assert!(!service.ended().success(), "{}", service.log());
    posting.await.unwrap();
}

#[tokio::test]
async fn a_service_that_starts_again_knows_its_images() {
    for backend in Backend::BOTH {
        let connection = backend.connection_string();
        let folder = tempfile::tempdir().unwrap();
        let start = || {
            Service::ready(backend, |configuration| {
                for role in ["indexer", "matcher"] {
                    configuration[role]["connstring"] = json!(connection);
                }
                configuration["limpid"]["data_dir"] = json!(folder.path());
            })
        };
        let first = start();
        let image = first.image("known for ever");
        let indexed = Client::of(&first).index(&image).await.json();
        drop(first);
        let second = start();
        let stored = Client::of(&second)
            .get(&format!("{INDEX_REPORT}/{}", image.hash))
            .await;
        assert_eq!(stored.json(), indexed, "{backend:?}");
    }
}

/// A configuration of the kind that Clair's local development environment has: one database for
/// each service, a key for Quay and clairctl, short intervals, traces to Jaeger by OTLP.
fn local_development(port: u16, introspection: u16, databases: &[String; 3]) -> String {
    let [indexer, matcher, notifier] = databases;
    format!(
        "---
log_level: debug-color
http_listen_addr: \":{port}\"
introspection_addr: \":{introspection}\"
indexer:
  connstring: {indexer}
  scanlock_retry: 10
  layer_scan_concurrency: 5
  migrations: true
matcher:
  indexer_addr: http://clair-indexer:6060/
  connstring: {matcher}
  max_conn_pool: 100
  migrations: true
  period: 1m
matchers: {{}}
updaters: {{}}
notifier:
  indexer_addr: http://clair-indexer:6060/
  matcher_addr: http://clair-matcher:6060/
  connstring: {notifier}
  migrations: true
  delivery_interval: 1m
  poll_interval: 1m
  webhook:
    target: http://localhost:1/secscan/notification
    callback: http://clair-notifier:6060/notifier/api/v1/notification/
auth:
  psk:
    key: c2VjcmV0
    iss:
      - quay
      - clairctl
trace:
  name: otlp
  probability: 1
  otlp:
    http:
      endpoint: localhost:1
      insecure: true
metrics:
  name: prometheus
"
    )
}

#[test]
fn the_name_clair_serves_a_configuration_of_clairs_unchanged() {
    let registry = Registry::start().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let clair = folder.path().join("clair");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_limpid"), &clair).unwrap();
    let (port, introspection) = (free_port(), free_port());
    let databases = [(); 3].map(|()| Backend::Postgres.connection_string());
    let file = folder.path().join("config.yaml");
    fs::write(&file, local_development(port, introspection, &databases)).unwrap();
    // Only what keeps the test on this machine is added.
    let further = json!({ "limpid": {
        "data_dir": folder.path().join("data"),
        "feeds": { "mirror": registry.url("/feeds") },
    }});
    let drop_ins = folder.path().join("config.yaml.d");
    fs::create_dir(&drop_ins).unwrap();
    fs::write(drop_ins.join("limpid.yaml"), further.to_string()).unwrap();
    let log = fs::File::create(folder.path().join("log")).unwrap();
    let mut process = Command::new(&clair)
        .env("CLAIR_CONF", &file)
        .env("CLAIR_MODE", "combo")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap();
    let read_log = || fs::read_to_string(folder.path().join("log")).unwrap();
    let answer = eventually(|| {
        assert_eq!(process.try_wait().unwrap(), None, "{}", read_log());
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).ok()?;
        let request = format!("GET {INDEX_STATE} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        Some(answer)
    });
    // Authentication is on, as the configuration says.
    let is_refused = answer.starts_with("HTTP/1.1 401");
    let pid = rustix::process::Pid::from_child(&process);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let ended = eventually(|| process.try_wait().unwrap());
    assert!(is_refused, "{answer}");
    assert_eq!(ended.code(), Some(0), "{}", read_log());
}
