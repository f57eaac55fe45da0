//! What operators see.

use std::collections::BTreeSet;

use limpid_testkit::registry::Registry;
use serde_json::json;

use crate::client::{Client, INDEX_REPORT, INDEX_STATE, OPERATIONS, REPORT};
use crate::on_both_stores;
use crate::service::{Backend, Service};

on_both_stores!(
    metrics_have_the_names_of_clairs_dashboards,
    health_and_readiness_are_answered_in_plain_text,
    a_request_is_logged_with_its_id,
);

async fn metrics_have_the_names_of_clairs_dashboards(service: &Service) {
    let client = Client::of(service);
    let image = service.image("metrics");
    assert_eq!(client.index(&image).await.status, 201);
    client.get(&format!("{REPORT}/{}", image.hash)).await;
    client.get(OPERATIONS).await;
    client
        .delete(&format!("{INDEX_REPORT}/{}", image.hash))
        .await;
    let reply = Client::at(service.introspection).get("/metrics").await;
    assert_eq!(reply.status, 200);
    let content_type = reply.header("content-type");
    assert!(content_type.starts_with("text/plain"), "{content_type}");
    let names: BTreeSet<&str> = reply
        .text()
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split(['{', ' ']).next())
        .collect();
    let is_postgres = std::ptr::eq(service, Service::postgres());
    let of_pools = [
        "pgxpool_acquired_conns",
        "pgxpool_idle_conns",
        "pgxpool_max_conns",
        "pgxpool_total_conns",
    ];
    for name in [
        "clair_cmd_version_info",
        "clair_http_indexerv1_request_total",
        "clair_http_indexerv1_request_duration_seconds_bucket",
        "clair_http_indexerv1_in_flight_requests",
        "clair_http_matcherv1_request_total",
        "clair_http_matcherv1_request_duration_seconds_count",
        "claircore_indexer_layerscanned_total",
        "claircore_indexer_manifestscanned_total",
        "claircore_indexer_persistmanifest_total",
        "claircore_indexer_setindexfinished_duration_seconds_count",
        "claircore_indexer_setindexreport_total",
        "claircore_indexer_scanned_manifests",
        "claircore_indexer_deletemanifests_total",
        "claircore_vulnstore_getupdateoperations_total",
        "claircore_vulnstore_updatevulnerabilities_total",
        "claircore_vulnstore_gc_total",
        "go_goroutines",
        "go_memstats_heap_inuse_bytes",
        "process_resident_memory_bytes",
    ]
    .into_iter()
    .chain(of_pools.into_iter().filter(|_| is_postgres))
    {
        assert!(names.contains(name), "{name} of {names:?}");
    }
    let indexed = "clair_http_indexerv1_request_total{handler=\"/indexer/api/v1/index_report\",\
                   code=\"201\",method=\"post\"}";
    let line = |text: &str| {
        let labels: BTreeSet<_> = labels(text).collect();
        let mut lines = reply.text().lines();
        lines.any(|line| {
            line.starts_with("clair_http_indexerv1_request_total")
                && self::labels(line).collect::<BTreeSet<_>>() == labels
        })
    };
    assert!(line(indexed), "{indexed}");
    for line in reply.text().lines() {
        let is_ours = line.starts_with("limpid_");
        let mut values = labels(line).filter(|label| *label != "le=\"+Inf\"");
        let has_capitals = values.any(|label| label.contains(char::is_uppercase));
        assert!(!is_ours || !has_capitals, "{line}");
    }
}

fn labels(line: &str) -> impl Iterator<Item = &str> {
    let inside = line
        .split_once('{')
        .and_then(|(_, rest)| rest.split_once('}'));
    inside.map_or("", |(labels, _)| labels).split(',')
}

async fn health_and_readiness_are_answered_in_plain_text(service: &Service) {
    let client = Client::at(service.introspection);
    for method in ["GET", "POST", "DELETE"] {
        let reply = client.send(method, "/healthz", &[], "").await;
        assert_eq!((reply.status, reply.text()), (200, "ok"), "{method}");
        assert!(reply.header("content-type").starts_with("text/plain"));
        assert_eq!(reply.header("x-content-type-options"), "nosniff");
    }
    let ready = client.get("/readyz").await;
    assert_eq!((ready.status, ready.body.len()), (200, 0));
    assert_eq!(ready.header("content-length"), "0");
    assert_eq!(ready.header("cache-control"), "no-store");
    let posted = client.send("POST", "/readyz", &[], "").await;
    assert_eq!((posted.status, posted.body.len()), (405, 0));
    assert_eq!(client.get("/nowhere").await.status, 404);
    assert_eq!(client.get(INDEX_STATE).await.status, 404);
}

async fn a_request_is_logged_with_its_id(service: &Service) {
    let client = Client::of(service);
    client
        .get_with(INDEX_STATE, "x-request-id", "to-be-found-in-the-log")
        .await;
    let line = crate::service::eventually(|| {
        let log = service.log();
        let line = log
            .lines()
            .find(|line| line.contains("to-be-found-in-the-log"));
        line.map(str::to_owned)
    });
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line["msg"], "handled HTTP request");
    assert_eq!(line["level"], "INFO");
    assert_eq!(line["method"], "GET");
    assert_eq!(line["request_uri"], INDEX_STATE);
    assert_eq!(line["status"], 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_and_traces_go_each_to_a_collector_of_their_own() {
    let [metrics, traces] = [(); 2].map(|()| Registry::start().unwrap());
    let otlp = |collector: &Registry| {
        let endpoint = collector.address().to_string();
        json!({ "http": { "endpoint": endpoint, "insecure": true } })
    };
    let mut service = Service::ready(Backend::Embedded, |configuration| {
        configuration["metrics"] = json!({ "name": "otlp", "otlp": otlp(&metrics) });
        configuration["trace"] = json!({ "name": "otlp", "probability": 1, "otlp": otlp(&traces) });
    });
    assert_eq!(Client::of(&service).get(INDEX_STATE).await.status, 200);
    // What is left is sent before the end.
    service.terminate();
    assert_eq!(service.ended().code(), Some(0), "{}", service.log());
    for (collector, path) in [(metrics, "/v1/metrics"), (traces, "/v1/traces")] {
        let requests = collector.requests();
        let targets: BTreeSet<_> = requests.iter().map(|one| one.target.as_str()).collect();
        assert_eq!(targets, BTreeSet::from([path]));
    }
}
