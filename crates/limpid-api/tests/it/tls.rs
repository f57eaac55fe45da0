use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use limpid_api::{CertificateError, ReloadingCertificate, Server, ServerMetrics, ServerSettings};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_util::sync::CancellationToken;

use crate::client::{Running, serve};

/// Writes a new certificate for `localhost` and returns it.
fn certify(folder: &Path) -> CertificateDer<'static> {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    fs::write(folder.join("cert.pem"), cert.pem()).unwrap();
    fs::write(folder.join("key.pem"), signing_key.serialize_pem()).unwrap();
    cert.der().clone()
}

fn read(folder: &Path) -> Result<Arc<ReloadingCertificate>, CertificateError> {
    ReloadingCertificate::read(&folder.join("cert.pem"), &folder.join("key.pem"))
}

async fn serve_tls(certificate: &Arc<ReloadingCertificate>) -> Running {
    let router = Router::new().route("/", get(|| async { "secret" }));
    let server = Server::new(ServerSettings::default(), ServerMetrics::default());
    serve(server.with_tls(certificate), router).await
}

/// Connects with a client that trusts one certificate only, and returns protocol and answer.
async fn connect(
    server: &Running,
    trusted: &CertificateDer<'static>,
    version: &'static SupportedProtocolVersion,
    alpn: &[&str],
) -> Result<(Option<Vec<u8>>, String), std::io::Error> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    let stream = TcpStream::connect(server.address).await?;
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await?;
    let protocol = stream.get_ref().1.alpn_protocol().map(<[u8]>::to_vec);
    if protocol.as_deref() == Some(b"h2") {
        return Ok((protocol, String::new()));
    }
    let request = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    stream.write_all(request).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok((protocol, answer))
}

#[tokio::test]
async fn both_versions_of_tls_and_of_http_are_spoken() {
    let folder = tempfile::tempdir().unwrap();
    let trusted = certify(folder.path());
    let server = serve_tls(&read(folder.path()).unwrap()).await;
    for version in [&TLS12, &TLS13] {
        for alpn in [&["http/1.1"][..], &[]] {
            let (_, answer) = connect(&server, &trusted, version, alpn).await.unwrap();
            assert!(answer.ends_with("\r\n\r\nsecret"), "{answer}");
        }
        let (protocol, _) = connect(&server, &trusted, version, &["http/1.1", "h2"])
            .await
            .unwrap();
        assert_eq!(protocol.as_deref(), Some(&b"h2"[..]));
    }
}

#[tokio::test]
async fn a_changed_certificate_is_presented_and_a_broken_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let first = certify(folder.path());
    let certificate = read(folder.path()).unwrap();
    let server = serve_tls(&certificate).await;
    connect(&server, &first, &TLS13, &[]).await.unwrap();

    let second = certify(folder.path());
    certificate.reload().unwrap();
    connect(&server, &second, &TLS13, &[]).await.unwrap();
    assert!(connect(&server, &first, &TLS13, &[]).await.is_err());

    fs::write(folder.path().join("key.pem"), "nonsense").unwrap();
    assert!(matches!(
        certificate.reload(),
        Err(CertificateError::Pem { .. })
    ));
    connect(&server, &second, &TLS13, &[]).await.unwrap();
}

#[tokio::test]
async fn files_that_change_are_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let first = certify(folder.path());
    let certificate = read(folder.path()).unwrap();
    let server = serve_tls(&certificate).await;
    let stop = CancellationToken::new();
    let watch = Arc::clone(&certificate).watch(Duration::from_millis(5), stop.clone());
    let watch = tokio::spawn(watch);
    connect(&server, &first, &TLS13, &[]).await.unwrap();
    let second = certify(folder.path());
    // Until it is noticed the first one is presented.
    while connect(&server, &second, &TLS13, &[]).await.is_err() {}
    stop.cancel();
    watch.await.unwrap();
}

#[test]
fn a_key_of_another_certificate_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let other = tempfile::tempdir().unwrap();
    certify(folder.path());
    certify(other.path());
    fs::copy(other.path().join("key.pem"), folder.path().join("key.pem")).unwrap();
    assert!(matches!(
        read(folder.path()),
        Err(CertificateError::Unusable { .. })
    ));
    fs::remove_file(folder.path().join("key.pem")).unwrap();
    assert!(matches!(
        read(folder.path()),
        Err(CertificateError::Read { .. })
    ));
}
