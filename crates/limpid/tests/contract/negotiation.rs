//! Types and codings.

use std::io::Read as _;

use crate::client::{
    AFFECTED, Client, DIFF, INDEX_REPORT, INDEX_STATE, NOTIFICATION, OPERATIONS, REPORT, body_of,
};
use crate::on_both_stores;
use crate::service::Service;

on_both_stores!(
    types_are_negotiated,
    the_openapi_document_can_be_had_as_yaml,
    bodies_are_compressed_as_the_client_likes,
    who_accepts_no_coding_gets_an_empty_415,
);

/// What is negotiated, and how each names its first type.
async fn negotiated(
    client: &Client,
    service: &Service,
) -> [(String, &'static str, &'static str); 5] {
    let image = service.image("negotiated");
    assert_eq!(client.index(&image).await.status, 201);
    [
        (
            format!("{INDEX_REPORT}/{}", image.hash),
            "GET",
            "application/vnd.clair.index_report.v1+json",
        ),
        (
            INDEX_STATE.to_owned(),
            "GET",
            "application/vnd.clair.index_state.v1+json",
        ),
        (
            AFFECTED.to_owned(),
            "POST",
            "application/vnd.clair.affected_manifests.v1+json",
        ),
        (
            format!("{NOTIFICATION}/5f0b5d9e-0000-4000-8000-000000000001"),
            "GET",
            "application/vnd.clair.notification_page.v1+json",
        ),
        ("/openapi/v1".to_owned(), "GET", "application/openapi+json"),
    ]
}

async fn types_are_negotiated(service: &Service) {
    let client = Client::of(service);
    for (path, method, first) in negotiated(&client, service).await {
        for (accept, expected) in [
            ("*/*", first),
            ("*", first),
            ("", first),
            (",", first),
            ("application/*", first),
            (first, first),
            ("application/json", "application/json"),
            ("application/json,", "application/json"),
            ("text/html, application/json;q=0.5, ", "application/json"),
            (
                &format!("{first};q=0, application/json"),
                "application/json",
            ),
            (&format!("application/json;q=0.3, {first};q=0.4"), first),
        ] {
            let reply = client
                .send(method, &path, &[("accept", accept)], "{}")
                .await;
            assert_eq!(reply.status, 200, "{path}: {accept}: {}", reply.text());
            assert_eq!(reply.header("content-type"), expected, "{path}: {accept}");
        }
        for accept in ["text/html", "application/x-msgpack", "image/*;q=0.9"] {
            let reply = client
                .send(method, &path, &[("accept", accept)], "{}")
                .await;
            let message = reply.error(415, "internal-error");
            let beginning = "unable to negotiate common media type for [";
            assert!(message.starts_with(beginning), "{message}");
        }
        for accept in ["json", "application/json/x", "/", "application/json, json"] {
            let reply = client
                .send(method, &path, &[("accept", accept)], "{}")
                .await;
            reply.error(400, "bad-request");
        }
    }
}

async fn the_openapi_document_can_be_had_as_yaml(service: &Service) {
    let client = Client::of(service);
    let reply = client
        .get_with("/openapi/v1", "accept", "application/yaml")
        .await;
    assert_eq!(reply.header("content-type"), "application/yaml");
    assert!(reply.text().contains("openapi: "), "{}", reply.text());
}

async fn bodies_are_compressed_as_the_client_likes(service: &Service) {
    let client = Client::of(service);
    let image = service.image("compressed");
    let reply = client.index(&image).await;
    assert_eq!(reply.header("content-encoding"), "");
    for path in [
        format!("{INDEX_REPORT}/{}", image.hash),
        format!("{REPORT}/{}", image.hash),
        "/openapi/v1".to_owned(),
    ] {
        let plain = client.get(&path).await;
        assert_eq!(plain.header("content-encoding"), "", "{path}");
        for (accepted, coding) in [
            ("gzip", "gzip"),
            ("deflate", "deflate"),
            ("zstd", "zstd"),
            ("gzip;q=0, zstd", "zstd"),
            ("br, gzip", "gzip"),
            ("br", ""),
            ("identity", ""),
            ("gzip;q=0", ""),
        ] {
            let reply = client.get_with(&path, "accept-encoding", accepted).await;
            assert_eq!(reply.status, 200, "{path}: {accepted}");
            assert_eq!(
                reply.header("content-encoding"),
                coding,
                "{path}: {accepted}"
            );
            assert_eq!(
                unpack(coding, &reply.body),
                plain.body,
                "{path}: {accepted}"
            );
            assert_eq!(reply.header("content-type"), plain.header("content-type"));
        }
        for quay in ["gzip, deflate", "gzip, deflate, br, zstd", "*"] {
            let reply = client.get_with(&path, "accept-encoding", quay).await;
            let coding = reply.header("content-encoding");
            assert_eq!(unpack(coding, &reply.body), plain.body, "{path}: {quay}");
        }
    }
}

async fn who_accepts_no_coding_gets_an_empty_415(service: &Service) {
    let client = Client::of(service);
    let image = service.image("no coding");
    assert_eq!(client.index(&image).await.status, 201);
    let (hash, id) = (image.hash, "5f0b5d9e-0000-4000-8000-000000000004");
    let body = body_of(&service.image("no coding at all")).to_string();
    for (method, path) in [
        ("GET", INDEX_STATE),
        ("POST", INDEX_REPORT),
        ("DELETE", INDEX_REPORT),
        ("GET", &format!("{INDEX_REPORT}/{hash}")),
        ("DELETE", &format!("{INDEX_REPORT}/{hash}")),
        ("POST", AFFECTED),
        ("GET", &format!("{REPORT}/{hash}")),
        ("GET", OPERATIONS),
        ("DELETE", &format!("{OPERATIONS}/{id}")),
        ("GET", &format!("{DIFF}?cur={id}")),
        ("GET", &format!("{NOTIFICATION}/{id}")),
        ("DELETE", &format!("{NOTIFICATION}/{id}")),
        ("GET", "/openapi/v1"),
    ] {
        for accepted in [
            "identity;q=0",
            "*;q=0",
            "br, identity;q=0",
            "gzip;q=0, *;q=0",
        ] {
            let headers = [("accept-encoding", accepted)];
            let reply = client.send(method, path, &headers, body.clone()).await;
            let what = format!("{method} {path}: {accepted}");
            assert_eq!((reply.status, reply.body.len()), (415, 0), "{what}");
            assert_eq!(reply.header("accept-encoding"), "zstd, gzip, deflate");
        }
    }
    // Nothing was done that could not be answered.
    let kept = client.get(&format!("{INDEX_REPORT}/{hash}")).await;
    assert_eq!(kept.status, 200);
}

fn unpack(coding: &str, body: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    let mut reader: Box<dyn std::io::Read + '_> = match coding {
        "gzip" => Box::new(flate2::read::GzDecoder::new(body)),
        "deflate" => Box::new(flate2::read::ZlibDecoder::new(body)),
        "zstd" => Box::new(zstd::Decoder::new(body).unwrap()),
        _ => Box::new(body),
    };
    reader.read_to_end(&mut plain).unwrap();
    plain
}
