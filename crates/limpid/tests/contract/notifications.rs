//! The notifier's routes, which answer as if there had never been a notification.

use serde_json::json;

use crate::client::{Client, NOTIFICATION};
use crate::on_both_stores;
use crate::service::Service;

on_both_stores!(
    an_unknown_notification_is_an_empty_last_page,
    what_is_no_id_or_page_is_400,
    deleting_an_unknown_notification_is_404_which_quay_takes_for_success,
);

const ID: &str = "5f0b5d9e-0000-4000-8000-000000000001";

async fn an_unknown_notification_is_an_empty_last_page(service: &Service) {
    let client = Client::of(service);
    let nil = "00000000-0000-0000-0000-000000000000";
    for (query, size) in [
        (String::new(), 500),
        ("?page_size=0".to_owned(), 500),
        ("?page_size=7".to_owned(), 7),
        ("?page_size=999999999999999999".to_owned(), 10_000),
        (format!("?next={ID}"), 500),
        (format!("?next={nil}"), 500),
    ] {
        let reply = client.get(&format!("{NOTIFICATION}/{ID}{query}")).await;
        assert_eq!(reply.status, 200, "{query}: {}", reply.text());
        let expected = json!({ "page": { "size": size }, "notifications": [] });
        assert_eq!(reply.json(), expected, "{query}");
    }
}

async fn what_is_no_id_or_page_is_400(service: &Service) {
    let client = Client::of(service);
    for path in [
        "/x".to_owned(),
        "/".to_owned(),
        format!("/{ID}?page_size=-1"),
        format!("/{ID}?page_size=-99999999999999999999999"),
        format!("/{ID}?page_size=many"),
        format!("/{ID}?next=x"),
    ] {
        let reply = client.get(&format!("{NOTIFICATION}{path}")).await;
        assert_eq!(reply.status, 400, "{path}: {}", reply.text());
        reply.error(400, "bad-request");
    }
    let reply = client.delete(&format!("{NOTIFICATION}/x")).await;
    reply.error(400, "bad-request");
}

async fn deleting_an_unknown_notification_is_404_which_quay_takes_for_success(service: &Service) {
    let client = Client::of(service);
    let reply = client.delete(&format!("{NOTIFICATION}/{ID}")).await;
    reply.error(404, "not-found");
}
