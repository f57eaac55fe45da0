//! Paths and methods.

use crate::client::{
    AFFECTED, Client, DIFF, INDEX_REPORT, INDEX_STATE, NOTIFICATION, OPERATIONS, REPORT,
};
use crate::on_both_stores;
use crate::service::Service;

on_both_stores!(
    a_method_that_a_path_does_not_have_is_405,
    digests_that_are_none_are_400,
    a_digest_may_be_escaped_in_upper_case_and_behind_other_elements,
    an_odd_path_leads_to_the_clean_one,
    a_path_that_nobody_has_is_gos_404,
    every_answer_has_a_request_id,
);

async fn a_method_that_a_path_does_not_have_is_405(service: &Service) {
    let client = Client::of(service);
    let digest = service.image("methods").hash;
    let id = "5f0b5d9e-0000-4000-8000-000000000001";
    for (path, allowed) in [
        (INDEX_REPORT.to_owned(), "POST, DELETE"),
        (format!("{INDEX_REPORT}/{digest}"), "GET, DELETE"),
        (INDEX_STATE.to_owned(), "GET"),
        (AFFECTED.to_owned(), "POST"),
        (format!("{REPORT}/{digest}"), "GET"),
        (OPERATIONS.to_owned(), "GET"),
        (format!("{OPERATIONS}/{id}"), "DELETE"),
        (DIFF.to_owned(), "GET"),
        (format!("{NOTIFICATION}/{id}"), "GET, DELETE"),
        ("/openapi/v1".to_owned(), "GET"),
    ] {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            if allowed.split(", ").any(|one| one == method) {
                continue;
            }
            let reply = client.send(method, &path, &[], "{}").await;
            assert_eq!(reply.status, 405, "{method} {path}: {}", reply.text());
            reply.error(405, "method-not-allowed");
            assert_eq!(reply.header("allow"), allowed, "{method} {path}");
        }
        let head = client.send("HEAD", &path, &[], "").await;
        assert_eq!(head.status, 405, "{path}");
    }
}

async fn digests_that_are_none_are_400(service: &Service) {
    let client = Client::of(service);
    let short = "sha256:abcd";
    let blake = format!("blake3:{}", "a".repeat(64));
    let odd = format!("sha256:{}", "g".repeat(64));
    let upper = format!("SHA256:{}", "a".repeat(64));
    for digest in ["", "x", "sha256", "sha256:", short, &blake, &odd, &upper] {
        for path in [INDEX_REPORT, REPORT] {
            let path = format!("{path}/{digest}");
            let reply = client.get(&path).await;
            assert_eq!(reply.status, 400, "{path}: {}", reply.text());
            let message = reply.error(400, "bad-request");
            assert!(message.starts_with("malformed path"), "{path}: {message}");
        }
        client
            .delete(&format!("{INDEX_REPORT}/{digest}"))
            .await
            .error(400, "bad-request");
    }
}

async fn a_digest_may_be_escaped_in_upper_case_and_behind_other_elements(service: &Service) {
    let client = Client::of(service);
    let image = service.image("paths");
    assert_eq!(client.index(&image).await.status, 201);
    let digest = image.hash.to_string();
    let hex = digest.strip_prefix("sha256:").unwrap();
    for element in [
        format!("sha256%3A{hex}"),
        format!("sha256%3a{hex}"),
        format!("sha256:{}", hex.to_uppercase()),
        format!("a/b/{digest}"),
    ] {
        for path in [INDEX_REPORT, REPORT] {
            let reply = client.get(&format!("{path}/{element}")).await;
            assert_eq!(reply.status, 200, "{path}/{element}");
            assert_eq!(reply.json()["manifest_hash"], digest);
        }
    }
    let long = format!("sha512:{}", "ab".repeat(64));
    assert_eq!(
        client.get(&format!("{INDEX_REPORT}/{long}")).await.status,
        404
    );
}

async fn an_odd_path_leads_to_the_clean_one(service: &Service) {
    let client = Client::of(service);
    for (path, clean) in [
        ("//indexer/api/v1/index_state", INDEX_STATE),
        ("/indexer//api/v1/index_state", INDEX_STATE),
        ("//example.com/indexer", "/example.com/indexer"),
        (
            "/matcher/api/v1//internal/update_operation?kind=x",
            "/matcher/api/v1/internal/update_operation?kind=x",
        ),
    ] {
        for method in ["GET", "POST"] {
            let reply = client.send(method, path, &[], "").await;
            assert_eq!(reply.status, 307, "{method} {path}");
            assert_eq!(reply.header("location"), clean);
        }
    }
}

async fn a_path_that_nobody_has_is_gos_404(service: &Service) {
    let client = Client::of(service);
    for path in [
        "/",
        "/x",
        "/indexer/api/v1/",
        "/indexer/api/v1/x",
        "/matcher/api/v2/x",
        "/notifier/api/v1/services/notifier/keys",
        "/notifier/api/v1/services/notifier/keys/x",
        "/metrics",
        "/healthz",
    ] {
        let reply = client.get(path).await;
        assert_eq!(reply.status, 404, "{path}");
        assert_eq!(reply.header("content-type"), "text/plain; charset=utf-8");
        assert_eq!(reply.header("x-content-type-options"), "nosniff");
        assert_eq!(reply.text(), "404 page not found\n");
    }
}

async fn every_answer_has_a_request_id(service: &Service) {
    let client = Client::of(service);
    let reply = client.get(INDEX_STATE).await;
    assert!(!reply.header("x-request-id").is_empty());
    let reply = client.get_with(INDEX_STATE, "x-request-id", "mine-1").await;
    assert_eq!(reply.header("x-request-id"), "mine-1");
}
