//! `/openapi/v1` and `/robots.txt`.

use crate::client::Client;
use crate::on_both_stores;
use crate::service::Service;

on_both_stores!(the_api_describes_itself, robots_are_sent_away,);

async fn the_api_describes_itself(service: &Service) {
    let client = Client::of(service);
    let reply = client.get("/openapi/v1").await;
    assert_eq!(reply.status, 200);
    let document = reply.json();
    assert_eq!(document["openapi"], "3.1.0");
    for path in [
        "/indexer/api/v1/index_report",
        "/indexer/api/v1/index_report/{digest}",
        "/indexer/api/v1/index_state",
        "/indexer/api/v1/internal/affected_manifest",
        "/matcher/api/v1/vulnerability_report/{digest}",
        "/matcher/api/v1/internal/update_operation",
        "/matcher/api/v1/internal/update_operation/{digest}",
        "/matcher/api/v1/internal/update_diff",
        "/notifier/api/v1/notification/{id}",
    ] {
        assert!(document["paths"][path].is_object(), "{path}");
    }
    let tag = reply.header("etag");
    assert!(tag.starts_with('"') && tag.ends_with('"'), "{tag}");
    let same = client.get_with("/openapi/v1", "if-none-match", tag).await;
    assert_eq!((same.status, same.body.len()), (304, 0));
}

async fn robots_are_sent_away(service: &Service) {
    let client = Client::of(service);
    for method in ["GET", "POST", "DELETE"] {
        let reply = client.send(method, "/robots.txt", &[], "").await;
        assert_eq!(reply.status, 200);
        assert_eq!(reply.header("content-type"), "text/plain; charset=utf-8");
        assert_eq!(reply.header("cache-control"), "no-store");
        assert!(reply.text().contains("Disallow: /"), "{}", reply.text());
    }
}
