use std::fs;
use std::sync::Arc;

use limpid_http::{LayerFaultKind, TrustRoots};
use limpid_testkit::registry::Registry;
use rcgen::CertifiedKey;
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, Stream};
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener};

use crate::layer_support::{bytes, client_with, fault};

/// Starts a registry with a certificate of its own making, and returns its address and the
/// certificate.
fn encrypted_registry() -> (String, String) {
    let CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(signing_key.serialize_der().into());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("https://{}/x", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut encrypted = Stream::new(&mut connection, &mut stream);
            // A client that does not trust us goes.
            if encrypted.read(&mut [0; 4096]).is_ok_and(|count| count > 0) {
                let answer =
                    "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello";
                encrypted.write_all(answer.as_bytes()).unwrap();
            }
        }
    });
    (url, cert.pem())
}

#[test]
fn a_registry_is_trusted_by_the_certificates_of_the_system_and_by_no_others() {
    let (url, certificate) = encrypted_registry();
    let (_, other) = encrypted_registry();
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    fs::create_dir(path("roots")).unwrap();
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let damaged = broken.replace("AAAA", "!");
    fs::write(
        path("other.pem"),
        format!("{damaged}{broken}{other}{other}"),
    )
    .unwrap();

    let roots = |file: &str, directories: &str| {
        let directories = directories.replace('@', directory.path().to_str().unwrap());
        TrustRoots::of_system(Some(path(file).as_os_str()), Some(directories.as_ref()))
    };
    let untrusted = roots("other.pem", "@/absent");
    assert_eq!(untrusted.len(), 1);
    let client = client_with(|settings| settings.roots = Some(untrusted));
    let (kind, attempts, text) = fault(&client, &url);
    assert_eq!((kind, attempts), (LayerFaultKind::Tls, 1), "{text}");

    fs::write(path("roots/own.crt"), &certificate).unwrap();
    fs::write(path("roots/README"), "no certificate").unwrap();
    for trusted in [
        roots("other.pem", "@/absent:@/roots"),
        roots("absent.pem", "@/roots"),
    ] {
        let client = client_with(|settings| settings.roots = Some(trusted));
        assert_eq!(bytes(&client, &url), b"hello");
    }
}

#[test]
fn a_registry_without_encryption_is_not_taken_for_an_encrypted_one() {
    let registry = Registry::start().unwrap();
    let url = format!("https://{}/x", registry.address());
    let (kind, _, text) = fault(&client_with(|_| ()), &url);
    assert!(
        matches!(kind, LayerFaultKind::Tls | LayerFaultKind::Broken),
        "{text}"
    );
}
