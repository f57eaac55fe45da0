use limpid_api::{ApiSettings, BodyLimits, ENDPOINTS};
use serde_json::{Value, json};
use std::time::Duration;

use crate::client::{exchange, get_path, post, request, serve_api, some_digest};

#[tokio::test]
async fn an_error_has_a_code_and_a_message_and_a_length() {
    let server = serve_api(ApiSettings::default()).await;
    let answer = get_path(server.address, "/indexer/api/v1/index_report/sha256:00").await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(
        answer.header("content-length"),
        Some(answer.body.len().to_string().as_str())
    );
    assert_eq!(
        serde_json::from_slice::<Value>(&answer.body).unwrap(),
        json!({"code": "bad-request", "message": "malformed path: digest has 2 hex digits, expected 64"})
    );
}

#[tokio::test]
async fn what_is_nowhere_is_gos_line_of_text() {
    let server = serve_api(ApiSettings::default()).await;
    for path in [
        "/",
        "/x",
        "/indexer/api/v1/x",
        "/notifier/api/v1/services/notifier/keys",
    ] {
        let answer = get_path(server.address, path).await;
        assert_eq!(
            (answer.status, answer.text()),
            (404, "404 page not found\n")
        );
        assert_eq!(
            answer.header("content-type"),
            Some("text/plain; charset=utf-8")
        );
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    }
}

#[tokio::test]
async fn a_method_that_a_path_does_not_have_is_405_with_those_that_it_has() {
    let server = serve_api(ApiSettings::default()).await;
    for (path, method, allow) in [
        ("/indexer/api/v1/index_report", "GET", "POST, DELETE"),
        ("/indexer/api/v1/index_report", "OPTIONS", "POST, DELETE"),
        ("/indexer/api/v1/index_report/x", "POST", "GET, DELETE"),
        ("/indexer/api/v1/index_state", "HEAD", "GET"),
        ("/indexer/api/v1/index_state", "BREW", "GET"),
        ("/openapi/v1", "POST", "GET"),
        ("/notifier/api/v1/notification/x", "PUT", "GET, DELETE"),
    ] {
        let answer = request(server.address, method, path, "").await;
        assert_eq!(answer.status, 405, "{method} {path}");
        assert_eq!(answer.header("allow"), Some(allow), "{method} {path}");
        if method != "HEAD" {
            let body: Value = serde_json::from_slice(&answer.body).unwrap();
            assert_eq!(body["code"], "method-not-allowed");
            assert_eq!(body["message"], format!("method disallowed: {method}"));
        }
    }
}

#[tokio::test]
async fn only_the_last_element_counts() {
    let server = serve_api(ApiSettings::default()).await;
    let digest = some_digest();
    for path in [
        digest.clone(),
        format!("a/b/{digest}"),
        digest.replace(':', "%3A"),
    ] {
        let path = format!("/indexer/api/v1/index_report/{path}");
        assert_eq!(get_path(server.address, &path).await.text(), digest);
    }
    let missing = get_path(server.address, "/indexer/api/v1/index_report/").await;
    assert_eq!(missing.status, 400);
}

#[tokio::test]
async fn odd_paths_are_redirected_and_keep_their_method() {
    let server = serve_api(ApiSettings::default()).await;
    for (path, location) in [
        ("//evil.example/a", "/evil.example/a"),
        (
            "/indexer//api/../api/v1/index_state?a=b",
            "/indexer/api/v1/index_state?a=b",
        ),
        (
            "/notifier/api/v1/notification",
            "/notifier/api/v1/notification/",
        ),
    ] {
        let answer = request(server.address, "GET", path, "").await;
        assert_eq!(
            (answer.status, answer.header("location")),
            (307, Some(location))
        );
    }
}

#[tokio::test]
async fn a_panic_is_one_clients_500_and_nobody_elses() {
    let server = serve_api(ApiSettings::default()).await;
    for _ in 0..3 {
        let answer = get_path(server.address, "/indexer/api/v1/index_state").await;
        assert_eq!(answer.status, 500);
        assert_eq!(
            answer.text(),
            r#"{"code":"internal-error","message":"internal error"}"#
        );
    }
    assert_eq!(get_path(server.address, "/openapi/v1").await.status, 200);
}

#[tokio::test]
async fn a_body_is_read_whatever_its_type_and_what_follows_it() {
    let server = serve_api(ApiSettings::default()).await;
    let manifest = format!(
        r#"{{"hash":"{}","layers":[],"more":1}} trailing"#,
        some_digest()
    );
    let answer = post(server.address, "/indexer/api/v1/index_report", &manifest).await;
    assert_eq!(answer.text(), format!("\"{}\"", some_digest()));
}

#[tokio::test]
async fn a_message_about_a_body_is_ascii() {
    let server = serve_api(ApiSettings::default()).await;
    let answer = post(
        server.address,
        "/indexer/api/v1/index_report",
        "{\"hash\":\"caf\u{e9}:00\"}",
    )
    .await;
    assert_eq!(answer.status, 400);
    assert!(answer.body.is_ascii(), "{:?}", answer.text());
}

#[tokio::test]
async fn a_length_beyond_the_limit_is_refused_before_the_body_comes() {
    let settings = ApiSettings {
        body_limits: BodyLimits::new(1000, Duration::from_secs(10), 1 << 20),
        ..ApiSettings::default()
    };
    let server = serve_api(settings).await;
    let head = "POST /indexer/api/v1/index_report HTTP/1.1\r\nHost: a\r\nContent-Length: 1073741824\r\n\r\n";
    let answer = exchange(server.address, head.as_bytes()).await;
    assert_eq!(answer.status, 413);
    assert_eq!(
        answer.text(),
        r#"{"code":"internal-error","message":"request body is too large, limit in bytes: 1000"}"#
    );
}

#[tokio::test]
async fn chunks_are_cut_at_the_limit() {
    let settings = ApiSettings {
        body_limits: BodyLimits::new(1000, Duration::from_secs(10), 1 << 20),
        ..ApiSettings::default()
    };
    let server = serve_api(settings).await;
    let mut bytes = b"POST /indexer/api/v1/index_report HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    for _ in 0..11 {
        bytes.extend_from_slice(b"64\r\n");
        bytes.extend_from_slice(&[b' '; 100]);
        bytes.extend_from_slice(b"\r\n");
    }
    let answer = exchange(server.address, &bytes).await;
    assert_eq!(answer.status, 413);
}

#[tokio::test]
async fn a_body_that_does_not_come_is_408() {
    let settings = ApiSettings {
        body_limits: BodyLimits::new(1000, Duration::from_millis(50), 1 << 20),
        ..ApiSettings::default()
    };
    let server = serve_api(settings).await;
    let head =
        "POST /indexer/api/v1/index_report HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n[";
    assert_eq!(exchange(server.address, head.as_bytes()).await.status, 408);
}

#[tokio::test]
async fn every_answer_has_the_id_of_its_request() {
    let server = serve_api(ApiSettings::default()).await;
    for path in ["/openapi/v1", "/nowhere", "/robots.txt"] {
        let answer = get_path(server.address, path).await;
        let id = answer.header("x-request-id").unwrap();
        assert!(id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let answer = request(server.address, "GET", path, "X-Request-Id: mine\r\n").await;
        assert_eq!(answer.header("x-request-id"), Some("mine"));
    }
}

#[tokio::test]
async fn a_notification_that_is_not_known_is_empty_and_cannot_be_deleted() {
    let server = serve_api(ApiSettings::default()).await;
    let path = "/notifier/api/v1/notification/1b4d0db2-e757-4150-bbbb-543658144205";
    let answer = get_path(server.address, path).await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.header("content-type"),
        Some("application/vnd.clair.notification_page.v1+json")
    );
    assert_eq!(answer.text(), r#"{"page":{"size":500},"notifications":[]}"#);
    let answer = request(server.address, "DELETE", path, "").await;
    assert_eq!(answer.status, 404);
    let answer = get_path(server.address, "/notifier/api/v1/notification/x").await;
    assert_eq!(answer.status, 400);
    assert!(answer.text().contains("could not parse notification id: "));
}

#[tokio::test]
async fn a_page_has_a_bounded_size() {
    let server = serve_api(ApiSettings::default()).await;
    let path = "/notifier/api/v1/notification/1b4d0db2e7574150bbbb543658144205?page_size=";
    for (asked, size) in [
        ("", Some(500)),
        ("0", Some(500)),
        ("7", Some(7)),
        ("10001", Some(10_000)),
        ("99999999999999999999", Some(10_000)),
        ("-1", None),
        ("1.5", None),
        ("x", None),
    ] {
        let answer = get_path(server.address, &format!("{path}{asked}")).await;
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        match size {
            Some(size) => assert_eq!(body["page"]["size"], size, "{asked}"),
            None => assert_eq!((answer.status, &body["code"]), (400, &json!("bad-request"))),
        }
    }
    let next = get_path(server.address, &format!("{path}1&next=x")).await;
    assert_eq!(next.status, 400);
}

#[tokio::test]
async fn accept_is_negotiated_and_never_a_crash() {
    let server = serve_api(ApiSettings::default()).await;
    let path = "/notifier/api/v1/notification/1b4d0db2e7574150bbbb543658144205";
    for (accept, status) in [
        ("*/*", 200),
        ("*", 200),
        ("", 200),
        ("application/json,", 200),
        ("application/json;q=x", 200),
        ("json", 400),
        (";", 200),
        ("text/html", 415),
        ("application/json;q=0", 415),
    ] {
        let header = format!("Accept: {accept}\r\n");
        let answer = request(server.address, "GET", path, &header).await;
        assert_eq!(answer.status, status, "{accept}");
    }
}

#[tokio::test]
async fn robots_are_kept_out_by_any_method() {
    let server = serve_api(ApiSettings::default()).await;
    for method in ["GET", "POST", "DELETE"] {
        let answer = request(server.address, method, "/robots.txt", "").await;
        assert_eq!(answer.text(), "User-agent: *\nDisallow: /\n");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
}

#[tokio::test]
async fn every_pattern_of_the_table_is_one_that_routers_take() {
    for endpoint in ENDPOINTS {
        let router = endpoint
            .patterns
            .iter()
            .fold(axum::Router::<()>::new(), |router, pattern| {
                router.route(pattern, axum::routing::any(|| async {}))
            });
        assert!(router.has_routes());
    }
}
