//! Images whose layers are served here, with a count of who fetches what at the same time.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use futures_util::stream;
use limpid_testkit::feed::DebianTracker;
use limpid_testkit::layer::{LayerBuilder, gzip};
use limpid_types::{Digest, Manifest, ManifestLayer};
use tokio::net::TcpListener;

/// Images with a layer of their own on a base that all share.
#[derive(Clone)]
pub(crate) struct Images {
    address: SocketAddr,
    layers: Arc<Mutex<HashMap<String, Layer>>>,
    base: Digest,
}

struct Layer {
    bytes: Bytes,
    /// Bodies of it that are under way.
    open: usize,
    most_open: usize,
    fetched: usize,
}

impl Images {
    pub(crate) async fn serve() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let layers = Arc::default();
        let mut images = Self {
            address: listener.local_addr().unwrap(),
            layers,
            base: Digest::sha256(b""),
        };
        images.base = images.keep(
            &LayerBuilder::new()
                .file(
                    "etc/os-release",
                    "ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n",
                )
                .file(
                    "var/lib/dpkg/status",
                    "Package: openssl\nStatus: install ok installed\nArchitecture: amd64\n\
                     Version: 3.0.9-1\n\n",
                )
                .build(),
        );
        let router = Router::new()
            .route("/layers/{digest}", get(layer))
            .route("/feeds/{*path}", get(feed))
            .with_state(images.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        images
    }

    /// Where feeds are mirrored.
    pub(crate) fn mirror(&self) -> String {
        format!("http://{}/feeds", self.address)
    }

    pub(crate) fn image(&self, number: usize) -> Manifest {
        let own = self.keep(
            &LayerBuilder::new()
                .file("srv/number", number.to_string().repeat(20_000))
                .build(),
        );
        let layers = [self.base.clone(), own];
        Manifest {
            hash: Digest::sha256(format!("image {number}").as_bytes()),
            layers: layers
                .into_iter()
                .map(|hash| ManifestLayer {
                    uri: format!("http://{}/layers/{hash}", self.address),
                    hash,
                    headers: std::collections::BTreeMap::new(),
                })
                .collect(),
        }
    }

    /// The most that one layer was fetched at the same time, the base left out, which one process
    /// may fetch while another does.
    pub(crate) fn most_at_once(&self) -> usize {
        let layers = self.layers.lock().unwrap();
        layers
            .iter()
            .filter(|(digest, _)| **digest != self.base.to_string())
            .map(|(_, layer)| layer.most_open)
            .max()
            .unwrap_or(0)
    }

    /// How many layers were fetched more than once, the base left out.
    pub(crate) fn fetched_again(&self) -> usize {
        let layers = self.layers.lock().unwrap();
        layers
            .iter()
            .filter(|(digest, layer)| **digest != self.base.to_string() && layer.fetched > 1)
            .count()
    }

    fn keep(&self, tar: &[u8]) -> Digest {
        let bytes = gzip(tar);
        let digest = Digest::sha256(&bytes);
        let layer = Layer {
            bytes: bytes.into(),
            open: 0,
            most_open: 0,
            fetched: 0,
        };
        let mut layers = self.layers.lock().unwrap();
        layers.entry(digest.to_string()).or_insert(layer);
        digest
    }
}

/// Counts a body as open until it is sent or nobody takes it any more.
struct Open {
    images: Images,
    digest: String,
}

impl Drop for Open {
    fn drop(&mut self) {
        let mut layers = self.images.layers.lock().unwrap();
        if let Some(layer) = layers.get_mut(&self.digest) {
            layer.open -= 1;
        }
    }
}

async fn layer(State(images): State<Images>, Path(digest): Path<String>) -> Response {
    let bytes = {
        let mut layers = images.layers.lock().unwrap();
        let Some(layer) = layers.get_mut(&digest) else {
            return StatusCode::NOT_FOUND.into_response();
        };
        layer.open += 1;
        layer.fetched += 1;
        layer.most_open = layer.most_open.max(layer.open);
        layer.bytes.clone()
    };
    let open = Open { images, digest };
    // In pieces, so that a body is under way for a moment and a kill can hit it.
    let pieces = stream::unfold((bytes, open), |(mut bytes, open)| async move {
        if bytes.is_empty() {
            return None;
        }
        tokio::task::yield_now().await;
        let piece = bytes.split_to(bytes.len().min(512));
        Some((Ok::<_, std::convert::Infallible>(piece), (bytes, open)))
    });
    Body::from_stream(pieces).into_response()
}

async fn feed(Path(path): Path<String>) -> Response {
    if !path.ends_with("tracker/data/json") {
        return StatusCode::NOT_FOUND.into_response();
    }
    let mut tracker = DebianTracker::new().fix("openssl", "CVE-2026-0001", "bookworm", "3.0.11-1");
    for number in 0..2_000 {
        let package = format!("package-{number}");
        tracker = tracker.fix(&package, "CVE-2026-0002", "bookworm", "1.0-1");
    }
    tracker.to_json().into_response()
}
