use std::collections::BTreeSet;

use limpid_store::StoreMetrics;
use limpid_telemetry::{
    BuildInfo, Metrics, PoolMetrics, PoolSnapshot, Telemetry, TelemetrySettings,
};

fn metrics() -> Metrics {
    let mut metrics = Metrics::new(&BuildInfo {
        version: "1.2.3".to_owned(),
        revision: "abc".to_owned(),
        is_modified: true,
    });
    let (telemetry, _) = Telemetry::new(&TelemetrySettings::default(), std::io::sink()).unwrap();
    let registry = metrics.registry_mut();
    telemetry.register(registry);
    StoreMetrics::default().register(registry);
    let pool = PoolSnapshot {
        acquired: 2,
        idle: 3,
        max: 10,
        acquisitions: 40,
        acquisition_seconds: 0.5,
        ..PoolSnapshot::default()
    };
    PoolMetrics::default()
        .with_pool("libindex", move || pool)
        .with_pool("libvuln", PoolSnapshot::default)
        .register(registry);
    metrics
}

/// Returns the names of all samples.
fn names(text: &str) -> BTreeSet<&str> {
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split(['{', ' ']).next())
        .collect()
}

fn assert_has(text: &str, line: &str) {
    assert!(text.lines().any(|found| found == line), "{line}\n{text}");
}

/// The names that the shipped dashboards query and that belong to what is registered here.
const DASHBOARDS: [&str; 29] = [
    "clair_cmd_version_info",
    "claircore_indexer_layerscanned_total",
    "claircore_indexer_layerscanned_duration_seconds_bucket",
    "claircore_indexer_manifestscanned_total",
    "claircore_indexer_manifestscanned_duration_seconds_bucket",
    "claircore_indexer_persistmanifest_total",
    "claircore_indexer_persistmanifest_duration_seconds_bucket",
    "claircore_indexer_setindexedfinished_total",
    "claircore_indexer_setindexfinished_duration_seconds_bucket",
    "claircore_indexer_setindexreport_total",
    "claircore_indexer_setindexreport_duration_seconds_bucket",
    "claircore_vulnstore_getlatestrefs_total",
    "claircore_vulnstore_getlatestupdateref_total",
    "claircore_vulnstore_getupdateoperations_total",
    "claircore_vulnstore_updatevulnerabilities_total",
    "claircore_vulnstore_updatevulnerabilities_duration_seconds_bucket",
    "claircore_vulnstore_gc_total",
    "claircore_vulnstore_gc_duration_seconds_bucket",
    "pgxpool_acquire_count",
    "pgxpool_acquire_duration_seconds_total",
    "pgxpool_canceled_acquire_count",
    "pgxpool_empty_acquire",
    "pgxpool_acquired_conns",
    "pgxpool_constructing_conns",
    "pgxpool_idle_conns",
    "pgxpool_max_conns",
    "pgxpool_total_conns",
    "go_goroutines",
    "go_memstats_heap_inuse_bytes",
];

/// What Prometheus's own clients have of every process.
const PROCESS: [&str; 6] = [
    "process_cpu_seconds_total",
    "process_resident_memory_bytes",
    "process_virtual_memory_bytes",
    "process_open_fds",
    "process_max_fds",
    "process_start_time_seconds",
];

#[tokio::test]
async fn every_name_of_the_dashboards_is_there_in_both_formats() {
    let metrics = metrics();
    for accept in [None, Some("application/openmetrics-text;version=1.0.0")] {
        let rendered = metrics.render(accept).unwrap();
        let names = names(&rendered.body);
        for name in DASHBOARDS.iter().chain(&PROCESS) {
            assert!(names.contains(name), "{name}\n{}", rendered.body);
        }
    }
}

#[tokio::test]
async fn prometheus_gets_its_own_format() {
    let rendered = metrics().render(Some("text/plain")).unwrap();
    assert_eq!(
        rendered.content_type,
        "text/plain; version=0.0.4; charset=utf-8"
    );
    let text = rendered.body;
    for line in [
        "# TYPE process_cpu_seconds_total counter",
        "# TYPE pgxpool_acquire_count counter",
        "# TYPE pgxpool_max_conns gauge",
        "# TYPE claircore_vulnstore_gc_duration_seconds histogram",
        r#"clair_cmd_version_info{claircore_version="",goversion="",modified="true",revision="abc",version="1.2.3"} 1"#,
        r#"pgxpool_acquire_count{application_name="libindex"} 40"#,
        r#"pgxpool_acquire_duration_seconds_total{application_name="libindex"} 0.5"#,
        r#"pgxpool_total_conns{application_name="libindex"} 5"#,
        r#"pgxpool_max_conns{application_name="libvuln"} 0"#,
        r#"claircore_vulnstore_gc_duration_seconds_bucket{le="+Inf",query="updateOps"} 0"#,
        "limpid_log_lines_dropped_total 0",
    ] {
        assert_has(&text, line);
    }
    assert!(!text.contains("# EOF") && !text.contains("# UNIT"));
}

#[tokio::test]
async fn openmetrics_is_well_formed() {
    let rendered = metrics()
        .render(Some(
            "application/openmetrics-text;version=1.0.0,text/plain;q=0.5",
        ))
        .unwrap();
    assert!(
        rendered
            .content_type
            .starts_with("application/openmetrics-text")
    );
    let text = rendered.body;
    assert!(text.ends_with("\n# EOF\n"));
    assert_has(&text, "# TYPE process_cpu_seconds counter");
    assert_has(&text, "# TYPE pgxpool_acquire_count unknown");
    assert_has(
        &text,
        r#"pgxpool_acquire_count{application_name="libindex"} 40"#,
    );
}

#[tokio::test]
async fn each_metric_is_described_once_and_its_samples_follow() {
    let text = metrics().render(None).unwrap().body;
    let mut described = BTreeSet::new();
    let mut current = "";
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            current = rest.split(' ').next().unwrap();
            assert!(described.insert(current), "{current}");
        } else if !line.starts_with('#') {
            assert!(line.starts_with(current), "{current}: {line}");
            let value = line.rsplit(' ').next().unwrap();
            assert!(value.parse::<f64>().is_ok(), "{line}");
        }
    }
    assert!(described.len() > 40, "{described:?}");
}

#[tokio::test]
async fn the_process_is_measured() {
    let metrics = Metrics::new(&BuildInfo::default());
    let kept = vec![1_u8; 8 << 20];
    let text = metrics.render(None).unwrap().body;
    let value = |name: &str| -> f64 {
        let line = text
            .lines()
            .find(|line| line.starts_with(&format!("{name} ")));
        line.unwrap().rsplit(' ').next().unwrap().parse().unwrap()
    };
    assert!(value("process_resident_memory_bytes") > f64::from(1 << 20));
    assert!(value("process_open_fds") >= 3.0);
    assert!(value("process_threads") >= 1.0);
    assert!(value("process_start_time_seconds") > 1.7e9);
    assert!(value("go_memstats_heap_inuse_bytes") >= f64::from(8 << 20));
    assert!(value("limpid_heap_allocated_bytes") <= value("limpid_heap_resident_bytes"));
    assert!((value("limpid_runtime_workers") - 1.0).abs() < f64::EPSILON);
    drop(kept);
}
