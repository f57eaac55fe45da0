//! Bodies that are wrong, and bodies that are only odd.

use std::fmt::Write as _;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::client::{AFFECTED, Client, INDEX_REPORT, body_of};
use crate::on_both_stores;
use crate::service::Service;

on_both_stores!(
    what_is_no_manifest_is_400,
    odd_manifests_are_read_as_clair_reads_them,
    what_is_no_list_of_digests_is_400,
    a_message_is_ascii_whatever_the_client_sent,
    a_body_beyond_the_limit_is_413_and_others_are_served,
    vulnerabilities_without_anything_are_answered,
    vulnerabilities_that_are_none_are_400,
    affected_manifests_are_found,
);

async fn what_is_no_manifest_is_400(service: &Service) {
    let client = Client::of(service);
    let image = body_of(&service.image("wrong manifest")).to_string();
    let hash = service.image("wrong manifest").hash.to_string();
    let deep = "[".repeat(100_000);
    for body in [
        "",
        "null",
        "[]",
        "{}",
        "\"text\"",
        "{",
        "\u{fe}\u{ff}",
        deep.as_str(),
        &image.replace(&hash, ""),
        &image.replace(&hash, "sha256"),
        &image.replace(&hash, "sha256:abcd"),
        &image.replace(&hash, &hash.replace("sha256", "md5")),
        &image.replace(&hash, &hash.replace("sha256", "SHA256")),
        &image.replace("\"hash\"", "\"Hash\""),
        &image.replace("\"layers\"", "\"Layers\""),
        &image.replace("[\"application/gzip\"]", "\"application/gzip\""),
        &format!("{{\"hash\":\"{hash}\"}}"),
        &format!("{{\"hash\":\"{hash}\",\"layers\":[]}}"),
        &format!("{{\"hash\":\"{hash}\",\"layers\":{{}}}}"),
        &format!("{{\"hash\":\"{hash}\",\"layers\":\"none\"}}"),
    ] {
        let reply = client
            .send("POST", INDEX_REPORT, &[], body.to_owned())
            .await;
        let shown: String = body.chars().take(100).collect();
        assert_eq!(reply.status, 400, "{shown}: {}", reply.text());
        reply.error(400, "bad-request");
    }
}

async fn odd_manifests_are_read_as_clair_reads_them(service: &Service) {
    let client = Client::of(service);
    let mut image = body_of(&service.image("odd manifest"));
    image["further"] = json!({ "x": [1, 2] });
    image["layers"][0]["media_type"] = json!("application/x-tar");
    image["layers"][1]["headers"] = json!(null);
    let hash = image["hash"].as_str().unwrap().to_owned();
    image["hash"] = json!(hash.replace("sha256:", "").to_uppercase());
    image["hash"] = json!(format!("sha256:{}", image["hash"].as_str().unwrap()));
    let body = format!(" {image} trailing");
    let headers = [("content-type", "text/plain")];
    let reply = client.send("POST", INDEX_REPORT, &headers, body).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    assert_eq!(reply.json()["manifest_hash"], hash);
}

async fn what_is_no_list_of_digests_is_400(service: &Service) {
    let client = Client::of(service);
    for body in [
        "",
        "\"text\"",
        "[\"sha256:abcd\"]",
        "[\"\"]",
        "[{}]",
        "{\"a\":1",
        "[1",
    ] {
        let reply = client.send("DELETE", INDEX_REPORT, &[], body).await;
        assert_eq!(reply.status, 400, "{body}: {}", reply.text());
        reply.error(400, "bad-request");
    }
}

async fn a_message_is_ascii_whatever_the_client_sent(service: &Service) {
    let client = Client::of(service);
    let body = "{\"hash\":\"caf\u{e9}:\u{1f600}\"}";
    let reply = client.send("POST", INDEX_REPORT, &[], body).await;
    reply.error(400, "bad-request");
    for path in [
        "/indexer/api/v1/index_report/caf%C3%A9",
        "/matcher/api/v1/vulnerability_report/%FF%FE",
        "/matcher/api/v1/internal/update_operation?kind=%F0%9F%98%80",
        "/matcher/api/v1/internal/update_diff?cur=%C3%A9",
        "/notifier/api/v1/notification/%C3%A9",
    ] {
        client.get(path).await.error(400, "bad-request");
    }
}

async fn a_body_beyond_the_limit_is_413_and_others_are_served(service: &Service) {
    let client = Client::of(service);
    // It says so, and nothing of it need be sent.
    let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", service.port))
        .await
        .unwrap();
    let head = format!(
        "POST {INDEX_REPORT} HTTP/1.1\r\nHost: limpid\r\nContent-Length: 1073741824\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413");
    let image = service.image("beside a large body");
    assert_eq!(client.index(&image).await.status, 201);
}

async fn vulnerabilities_without_anything_are_answered(service: &Service) {
    let client = Client::of(service);
    let nothing = json!({ "vulnerabilities": {}, "vulnerable_manifests": {} });
    for body in [
        "{}",
        "[]",
        "null",
        "{\"vulnerabilities\":[]}",
        "{\"vulnerabilities\":null}",
    ] {
        let reply = client.send("POST", AFFECTED, &[], body).await;
        assert_eq!(reply.status, 200, "{body}: {}", reply.text());
        assert_eq!(reply.json(), nothing, "{body}");
    }
    for body in [
        json!({ "vulnerabilities": [{}] }),
        json!([{}]),
        json!([{ "package": {} }]),
        json!({ "vulnerabilities": [{ "id": "1", "package": null }] }),
        json!({ "vulnerabilities": [{
            "id": "1", "package": { "name": "openssl", "kind": "source" },
            "distribution": null, "repository": null,
        }] }),
    ] {
        let reply = client.post(AFFECTED, &body).await;
        assert_eq!(reply.status, 200, "{body}: {}", reply.text());
        let answer = reply.json();
        assert_eq!(
            answer["vulnerabilities"].as_object().unwrap().len(),
            1,
            "{answer}"
        );
        assert_eq!(answer["vulnerable_manifests"], json!({}), "{body}");
    }
}

async fn vulnerabilities_that_are_none_are_400(service: &Service) {
    let client = Client::of(service);
    for body in [
        json!({ "vulnerabilities": [{ "normalized_severity": "Terrible" }] }),
        json!([{ "normalized_severity": "Terrible" }]),
        json!({ "vulnerabilities": "none" }),
        json!("text"),
    ] {
        client.post(AFFECTED, &body).await.error(400, "bad-request");
    }
    for issued in ["yesterday", "2026-01-01", "2026-13-01T00:00:00Z"] {
        let body = json!({ "vulnerabilities": [{ "issued": issued }] });
        let message = client.post(AFFECTED, &body).await.error(400, "bad-request");
        let beginning = "failed to deserialize vulnerabilities: invalid issued time: ";
        assert!(message.starts_with(beginning), "{message}");
    }
}

async fn affected_manifests_are_found(service: &Service) {
    let client = Client::of(service);
    let image = service.image("affected");
    assert_eq!(client.index(&image).await.status, 201);
    let vulnerability = |id: &str, severity: &str| {
        json!({
            "id": id, "updater": "debian/updater", "name": "CVE-2026-0001", "description": "",
            "issued": "2026-01-01T00:00:00Z", "links": "", "severity": "",
            "normalized_severity": severity, "fixed_in_version": "3.0.11-1",
            "package": { "id": "", "name": "openssl", "version": "", "kind": "source" },
            "distribution": {
                "id": "", "did": "debian", "name": "Debian GNU/Linux",
                "version": "12 (bookworm)", "version_code_name": "bookworm", "version_id": "12",
                "arch": "", "cpe": "", "pretty_name": "Debian GNU/Linux 12 (bookworm)",
            },
        })
    };
    let mut fixed = vulnerability("9", "Critical");
    fixed["fixed_in_version"] = json!("3.0.8-1");
    let all = json!([vulnerability("7", "Low"), vulnerability("8", "High"), fixed]);
    let summaries = json!({ "vulnerabilities": all });
    for body in [&summaries, &all] {
        for path in [AFFECTED, AFFECTED.trim_end_matches('/')] {
            let reply = client.post(path, body).await;
            assert_eq!(reply.status, 200, "{}", reply.text());
            assert_eq!(
                reply.header("content-type"),
                "application/vnd.clair.affected_manifests.v1+json"
            );
            let answer = reply.json();
            let mut echoed = String::new();
            for id in answer["vulnerabilities"].as_object().unwrap().keys() {
                write!(echoed, "{id} ").unwrap();
            }
            assert_eq!(echoed, "7 8 9 ");
            // The most severe first, and not the one that is fixed.
            let ids = &answer["vulnerable_manifests"][image.hash.to_string()];
            assert_eq!(*ids, json!(["8", "7"]), "{answer}");
        }
    }
}
