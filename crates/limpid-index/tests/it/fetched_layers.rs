//! The service with layers that come over HTTP.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use limpid_http::{AddressPolicy, LayerClient, LayerSettings};
use limpid_index::{FailureKind, IndexFault, IndexService, Urgency};
use limpid_testkit::layer::gzip;
use limpid_types::{Digest, Manifest, ManifestLayer};

use crate::bench::{Bench, layer};

/// Serves some bytes to whoever has the token; returns the address.
fn serve(bytes: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = Vec::new();
            let mut buffer = [0; 1024];
            while !request.ends_with(b"\r\n\r\n") {
                let count = stream.read(&mut buffer).unwrap();
                request.extend_from_slice(&buffer[..count]);
            }
            let request = String::from_utf8(request).unwrap().to_lowercase();
            if request.contains("authorization: bearer secret\r\n") {
                let length = bytes.len();
                write!(
                    stream,
                    "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n"
                )
                .unwrap();
                stream.write_all(&bytes).unwrap();
            } else {
                stream
                    .write_all(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")
                    .unwrap();
            }
        }
    });
    format!("http://{address}/layer?signature=secret")
}

fn service(bench: &Bench, allow: &[&str]) -> IndexService {
    let networks = allow.iter().map(|network| network.parse().unwrap());
    let settings = LayerSettings {
        policy: AddressPolicy::new(false, networks.collect()),
        attempts: 1,
        first_pause: Duration::from_millis(1),
        ..LayerSettings::default()
    };
    bench.service_over(Arc::new(LayerClient::new(settings).unwrap()))
}

fn image(stored: &[u8], uri: &str, token: &str) -> Manifest {
    let header = ("Authorization".to_owned(), vec![format!("Bearer {token}")]);
    Manifest {
        hash: Digest::sha256(b"image"),
        layers: vec![ManifestLayer {
            hash: Digest::sha256(stored),
            uri: uri.to_owned(),
            headers: BTreeMap::from([header]),
        }],
    }
}

async fn fault(service: &IndexService, image: Manifest) -> IndexFault {
    let indexed = service.index(image, Urgency::default());
    let fault = indexed.await.unwrap_err();
    assert!(!fault.to_string().contains("secret"), "{fault}");
    fault
}

#[tokio::test]
async fn a_layer_comes_with_the_headers_of_its_manifest() {
    let bench = Bench::new();
    let stored = gzip(&layer("musl"));
    let uri = serve(stored.clone());
    let service = service(&bench, &["127.0.0.0/8"]);
    let denied = fault(&service, image(&stored, &uri, "wrong")).await;
    assert!(matches!(denied, IndexFault::Retryable { .. }), "{denied:?}");
    assert!(denied.to_string().contains("401"), "{denied}");
    let report = service.index(image(&stored, &uri, "secret"), Urgency::default());
    assert_eq!(report.await.unwrap().packages.len(), 1);
}

#[tokio::test]
async fn a_refused_address_may_be_allowed_later_and_one_that_is_none_never() {
    let bench = Bench::new();
    let stored = gzip(&layer("musl"));
    let service = service(&bench, &[]);
    let uri = serve(stored.clone());
    let refused = fault(&service, image(&stored, &uri, "secret")).await;
    assert!(
        matches!(refused, IndexFault::Retryable { .. }),
        "{refused:?}"
    );
    for uri in ["", "layer", "file:///etc/passwd", "http://"] {
        let bad = fault(&service, image(&stored, uri, "secret")).await;
        assert!(matches!(bad, IndexFault::Terminal { .. }), "{uri}: {bad:?}");
        assert_eq!(bad.kind(), Some(FailureKind::Fetch));
    }
}
