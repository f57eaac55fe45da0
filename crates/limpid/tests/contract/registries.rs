//! Registries that lie, fail or stall. 400 is only for what is bad for ever, because Quay never
//! sends such an image again.

use limpid_testkit::layer::gzip;
use limpid_testkit::registry::{Answer, Blob};
use limpid_types::Digest;
use serde_json::{Value, json};

use crate::client::{Client, INDEX_REPORT, Reply, body_of, unknown};
use crate::on_both_stores;
use crate::service::{Backend, Service};

on_both_stores!(
    a_layer_that_is_no_archive_is_400,
    a_layer_with_another_digest_may_be_tried_again,
    a_registry_that_refuses_may_be_asked_again,
    a_layer_at_a_forbidden_address_is_not_fetched,
    a_layer_without_a_proper_address_is_400,
    a_connection_that_breaks_is_resumed,
);

/// Indexes an image whose upper layer is somewhere else.
async fn index(service: &Service, name: &str, uri: &str, hash: &str) -> (Value, Reply) {
    let mut body = body_of(&service.image(name));
    body["layers"][1]["uri"] = json!(uri);
    body["layers"][1]["hash"] = json!(hash);
    body["layers"][1]["headers"] = json!({ "Authorization": ["Bearer secret-of-quay"] });
    let reply = Client::of(service).post(INDEX_REPORT, &body).await;
    assert!(!reply.text().contains("secret"), "{}", reply.text());
    (body, reply)
}

async fn a_layer_that_is_no_archive_is_400(service: &Service) {
    for (name, bytes) in [
        ("text", b"this is no archive at all".to_vec()),
        ("packed text", gzip(&[b'x'; 2000])),
    ] {
        let hash = Digest::sha256(&bytes).to_string();
        let uri = service
            .registry
            .serve(&format!("/{hash}"), [Answer::blob(bytes)]);
        let (body, reply) = index(service, name, &uri, &hash).await;
        assert_eq!(reply.status, 400, "{name}: {}", reply.text());
        let message = reply.error(400, "bad-request");
        assert!(message.starts_with("failed to start scan: "), "{message}");
        let path = format!("{INDEX_REPORT}/{}", body["hash"].as_str().unwrap());
        let report = Client::of(service).get(&path).await.json();
        assert_eq!(report["state"], "IndexError", "{report}");
    }
}

async fn a_layer_with_another_digest_may_be_tried_again(service: &Service) {
    let layer = service.image("wrong digest").layers[1].uri.clone();
    let (_, reply) = index(service, "wrong digest", &layer, &unknown("digest")).await;
    reply.error(500, "internal-error");
    // An error page of a proxy is no archive, but nor is it the layer.
    let page = service
        .registry
        .serve("/page", [Answer::blob(b"<html>".to_vec())]);
    let (_, reply) = index(service, "error page", &page, &unknown("page")).await;
    reply.error(500, "internal-error");
}

async fn a_registry_that_refuses_may_be_asked_again(service: &Service) {
    for line in [
        "401 Unauthorized",
        "403 Forbidden",
        "404 Not Found",
        "418 Odd",
    ] {
        let path = format!("/refuses/{}", &line[..3]);
        let uri = service
            .registry
            .serve(&path, [Answer::status(line, &[], "<caf\u{e9}>")]);
        let (_, reply) = index(service, line, &uri, &unknown(line)).await;
        let message = reply.error(500, "internal-error");
        assert!(message.contains(&line[..3]), "{message}");
    }
    // The same image is fine once the registry is.
    let image = service.image("401 Unauthorized");
    assert_eq!(Client::of(service).index(&image).await.status, 201);
}

async fn a_layer_at_a_forbidden_address_is_not_fetched(service: &Service) {
    let metadata = "http://169.254.169.254/latest/meta-data";
    let redirected = service
        .registry
        .serve("/redirected", [Answer::redirect(metadata)]);
    let loops = service.registry.url("/loops");
    service.registry.serve("/loops", [Answer::redirect(&loops)]);
    for (name, uri) in [
        ("link-local", metadata),
        ("link-local by redirect", &redirected),
        ("other loopback", "http://[::1]:1/layer"),
        ("redirect loop", &loops),
    ] {
        let (_, reply) = index(service, name, uri, &unknown(name)).await;
        reply.error(500, "internal-error");
    }
}

async fn a_layer_without_a_proper_address_is_400(service: &Service) {
    for uri in [
        "",
        "layer",
        "/etc/passwd",
        "file:///etc/passwd",
        "ftp://127.0.0.1/layer",
    ] {
        let (_, reply) = index(service, &format!("uri {uri}"), uri, &unknown(uri)).await;
        assert_eq!(reply.status, 400, "{uri}: {}", reply.text());
        reply.error(400, "bad-request");
    }
}

async fn a_connection_that_breaks_is_resumed(service: &Service) {
    let noise: Vec<u8> = (0..200_000_u32)
        .flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes())
        .collect();
    let tar = limpid_testkit::layer::LayerBuilder::new().file("srv/noise", &noise);
    let bytes = gzip(&tar.build());
    let hash = Digest::sha256(&bytes).to_string();
    let cut = bytes.len() / 2;
    let blob = Blob::new(bytes).etag("\"1\"");
    let uri = service.registry.serve(
        &format!("/breaks/{hash}"),
        [
            Answer::Blob(blob.clone().cut_after(cut)),
            Answer::Blob(blob),
        ],
    );
    let (_, reply) = index(service, "breaks", &uri, &hash).await;
    assert_eq!(reply.status, 201, "{}", reply.text());
    let requests = service.registry.requests();
    let ranges = requests
        .iter()
        .filter(|one| one.target.contains(&hash) && one.target.contains("breaks"));
    let ranges: Vec<_> = ranges.filter_map(|one| one.header("range")).collect();
    assert_eq!(ranges, [format!("bytes={cut}-")]);
}

#[tokio::test]
async fn a_registry_that_announces_too_much_is_not_waited_for() {
    let service = Service::embedded();
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999999\r\n\r\n".to_vec();
    let uri = service.registry.serve("/announces", [Answer::Stall(head)]);
    let (_, reply) = index(service, "announces", &uri, &unknown("announces")).await;
    assert!([400, 500].contains(&reply.status), "{reply:?}");
}

#[tokio::test]
async fn a_layer_without_an_end_takes_no_memory_and_others_are_served() {
    let service = Service::ready(Backend::Embedded, |_| {});
    let endless = service.registry.serve("/endless", [Answer::Endless]);
    let mut body = body_of(&service.image("endless"));
    body["layers"][1]["uri"] = json!(endless);
    body["layers"][1]["hash"] = json!(unknown("endless"));
    let waiting = tokio::spawn({
        let port = service.port;
        async move { Client::at(port).post(INDEX_REPORT, &body).await }
    });
    for number in 0..20 {
        let image = service.image(&format!("beside {number}"));
        assert_eq!(Client::of(&service).index(&image).await.status, 201);
    }
    let peak = service.peak_memory();
    assert!(peak < 300 << 20, "{peak}");
    assert!(!waiting.is_finished());
    waiting.abort();
}
