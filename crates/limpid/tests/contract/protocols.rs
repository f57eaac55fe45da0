//! HTTP/2 and TLS.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use reqwest::{Certificate, ClientBuilder, Version};
use serde_json::json;

use crate::client::{INDEX_REPORT, INDEX_STATE, body_of};
use crate::service::{Backend, Service};

/// Has an image indexed by a client, which has to speak a version of HTTP.
async fn check(service: &Service, scheme: &str, client: ClientBuilder, version: Version) {
    let client = client.no_proxy().build().unwrap();
    let base = format!("{scheme}://127.0.0.1:{}", service.port);
    let image = body_of(&service.image(&format!("{scheme} {version:?}")));
    let requests = [
        (client.get(format!("{base}{INDEX_STATE}")), 200),
        (
            client
                .post(format!("{base}{INDEX_REPORT}"))
                .body(image.to_string()),
            201,
        ),
    ];
    for (request, status) in requests {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.version(), version, "{scheme}");
        assert_eq!(answer.status().as_u16(), status, "{scheme} {version:?}");
        let body: serde_json::Value =
            serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        assert!(body.is_object(), "{body}");
    }
}

#[tokio::test]
async fn http2_is_spoken_without_tls_when_the_client_begins_with_it() {
    let service = Service::embedded();
    let http2 = reqwest::Client::builder().http2_prior_knowledge();
    check(service, "http", http2, Version::HTTP_2).await;
    let http1 = reqwest::Client::builder().http1_only();
    check(service, "http", http1, Version::HTTP_11).await;
}

/// Makes a certificate for the loopback address, by the program that Debian's PostgreSQL needs as
/// well.
fn certify(folder: &Path) {
    let text = "[req]\ndistinguished_name = name\nx509_extensions = extensions\n[name]\n\
                [extensions]\nbasicConstraints = CA:FALSE\nsubjectAltName = IP:127.0.0.1\n";
    fs::write(folder.join("request.cnf"), text).unwrap();
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=limpid",
        ])
        .args(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"])
        .args([
            "-config",
            "request.cnf",
            "-keyout",
            "key.pem",
            "-out",
            "cert.pem",
        ])
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&made.stderr);
    assert!(made.status.success(), "{errors}");
}

#[tokio::test]
async fn both_versions_of_http_are_negotiated_under_tls() {
    let folder = tempfile::tempdir().unwrap();
    certify(folder.path());
    let certificate = fs::read(folder.path().join("cert.pem")).unwrap();
    let certificate = Certificate::from_pem(&certificate).unwrap();
    let service = Service::ready(Backend::Embedded, |configuration| {
        configuration["tls"] = json!({
            "cert": folder.path().join("cert.pem"),
            "key": folder.path().join("key.pem"),
        });
    });
    let trusting = || reqwest::Client::builder().tls_certs_only([certificate.clone()]);
    check(&service, "https", trusting(), Version::HTTP_2).await;
    check(&service, "https", trusting().http1_only(), Version::HTTP_11).await;

    let address = format!("https://127.0.0.1:{}{INDEX_STATE}", service.port);
    let distrusting = reqwest::Client::builder().tls_certs_only([]).no_proxy();
    assert!(
        distrusting
            .build()
            .unwrap()
            .get(address)
            .send()
            .await
            .is_err()
    );
}
