//! Deletion, single and bulk.

use serde_json::json;

use crate::client::{Client, INDEX_REPORT, REPORT, unknown};
use crate::on_both_stores;
use crate::service::Service;

on_both_stores!(
    a_deleted_image_is_gone_and_can_be_indexed_again,
    a_bulk_deletion_names_what_it_deleted,
    what_shares_a_layer_with_a_deleted_image_stays,
);

async fn a_deleted_image_is_gone_and_can_be_indexed_again(service: &Service) {
    let client = Client::of(service);
    let image = service.image("deleted");
    let indexed = client.index(&image).await;
    let path = format!("{INDEX_REPORT}/{}", image.hash);
    for _ in 0..2 {
        let reply = client.delete(&path).await;
        assert_eq!((reply.status, reply.body.len()), (204, 0));
        assert_eq!(client.get(&path).await.status, 404);
        let report = client.get(&format!("{REPORT}/{}", image.hash)).await;
        assert_eq!(report.status, 404);
    }
    let again = client.index(&image).await;
    assert_eq!((again.status, again.json()), (201, indexed.json()));
    assert_eq!(client.get(&path).await.status, 200);
}

async fn a_bulk_deletion_names_what_it_deleted(service: &Service) {
    let client = Client::of(service);
    let images = ["bulk 1", "bulk 2", "bulk 3"].map(|name| service.image(name));
    for image in &images {
        assert_eq!(client.index(image).await.status, 201);
    }
    let digest = |number: usize| images[number].hash.to_string();
    let body = json!([digest(1), unknown("bulk"), digest(0), digest(1)]).to_string();
    let reply = client.send("DELETE", INDEX_REPORT, &[], body.clone()).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("content-type"), "application/json");
    assert_eq!(reply.json(), json!([digest(1), digest(0)]));
    for (number, status) in [(0, 404), (1, 404), (2, 200)] {
        let path = format!("{INDEX_REPORT}/{}", digest(number));
        assert_eq!(client.get(&path).await.status, status, "{number}");
    }
    for body in [body, "[]".to_owned(), "null".to_owned()] {
        let reply = client.send("DELETE", INDEX_REPORT, &[], body).await;
        assert_eq!((reply.status, reply.json()), (200, json!([])));
    }
}

async fn what_shares_a_layer_with_a_deleted_image_stays(service: &Service) {
    let client = Client::of(service);
    let (one, other) = (service.image("shares 1"), service.image("shares 2"));
    assert_eq!(one.layers[0].hash, other.layers[0].hash);
    assert_eq!(client.index(&one).await.status, 201);
    let indexed = client.index(&other).await.json();
    client.delete(&format!("{INDEX_REPORT}/{}", one.hash)).await;
    let stored = client.get(&format!("{INDEX_REPORT}/{}", other.hash)).await;
    assert_eq!(stored.json(), indexed);
    let report = client.get(&format!("{REPORT}/{}", other.hash)).await.json();
    assert!(
        !report["package_vulnerabilities"]
            .as_object()
            .unwrap()
            .is_empty()
    );
}
