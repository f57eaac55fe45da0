use limpid_api::{ApiSettings, HttpMetrics, ServerMetrics};
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;

use crate::client::{get_path, post, request, serve_api, some_digest};

async fn exposition() -> String {
    let metrics = HttpMetrics::default();
    let settings = ApiSettings {
        metrics: metrics.clone(),
        ..ApiSettings::default()
    };
    let server = serve_api(settings).await;
    let report = format!("/indexer/api/v1/index_report/{}", some_digest());
    get_path(server.address, &report).await;
    get_path(server.address, &report.replace("sha256", "a/sha256")).await;
    request(server.address, "DELETE", &report, "").await;
    post(server.address, "/indexer/api/v1/index_report", "x").await;
    request(server.address, "BREW", "/indexer/api/v1/index_state", "").await;
    get_path(server.address, "/matcher/api/v1/vulnerability_report/x").await;
    get_path(server.address, "/notifier/api/v1/notification/x").await;
    get_path(server.address, "/openapi/v1").await;
    get_path(server.address, "/nowhere").await;
    metrics.count_limited("/indexer/api/v1/index_report", "POST");
    let mut registry = Registry::default();
    metrics.register(&mut registry);
    ServerMetrics::default().register(&mut registry);
    let mut text = String::new();
    encode(&mut text, &registry).unwrap();
    text
}

#[tokio::test]
async fn requests_are_counted_under_clairs_names() {
    let text = exposition().await;
    for line in [
        r#"clair_http_indexerv1_request_total{handler="/indexer/api/v1/index_report/:digest",code="200",method="get"} 2"#,
        r#"clair_http_indexerv1_request_total{handler="/indexer/api/v1/index_report/:digest",code="204",method="delete"} 1"#,
        r#"clair_http_indexerv1_request_total{handler="/indexer/api/v1/index_report",code="400",method="post"} 1"#,
        r#"clair_http_indexerv1_request_total{handler="/indexer/api/v1/index_state",code="405",method="unknown"} 1"#,
        r#"clair_http_matcherv1_request_total{handler="/matcher/api/v1/vulnerability_report/",code="200",method="get"} 1"#,
        r#"clair_http_notificationv1_request_total{handler="/notifier/api/v1/notification/:id",code="400",method="get"} 1"#,
        r#"clair_http_discovery_request_total{handler="/openapi/v1",code="200",method="get"} 1"#,
        r#"clair_http_indexerv1_in_flight_requests{handler="/indexer/api/v1/index_report/:digest"} 0"#,
        r#"clair_http_indexerv1_request_size_bytes_bucket{le="256.0",handler="/indexer/api/v1/index_report",code="400",method="post"} 1"#,
        r#"clair_http_matcherv1_response_size_bytes_sum{handler="/matcher/api/v1/vulnerability_report/",code="200",method="get"} 1048576.0"#,
        r#"clair_http_concurrencylimited_total{endpoint="/indexer/api/v1/index_report",method="POST"} 1"#,
        "limpid_http_connections 0",
        "limpid_http_connections_evicted_total 0",
    ] {
        assert!(text.lines().any(|one| one == line), "{line}\n{text}");
    }
    assert!(!text.contains("nowhere"), "{text}");
}

#[tokio::test]
async fn durations_have_clairs_limits_among_theirs() {
    let text = exposition().await;
    for limit in [
        "0.5", "0.7", "1.1", "1.7", "2.7", "4.2", "6.5", "10.0", "15.0", "23.0", "36.0", "54.0",
        "83.0", "128.0", "196.0", "300.0",
    ] {
        let bucket =
            format!("clair_http_discovery_request_duration_seconds_bucket{{le=\"{limit}\"");
        assert!(text.contains(&bucket), "{limit}");
    }
}
