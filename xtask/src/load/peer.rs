//! What the service fetches from: layers, and a feed that says something else each time.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, RwLock};

use anyhow::{Context as _, Result};
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use tokio::net::TcpListener;

use super::images::Feed;

/// Serves layers and feeds on the loopback address.
#[derive(Clone)]
pub(super) struct Peer {
    blobs: Arc<RwLock<HashMap<String, Bytes>>>,
    feed: Arc<LazyLock<Feed>>,
    edition: Arc<AtomicU64>,
}

impl Default for Peer {
    fn default() -> Self {
        Self {
            blobs: Arc::default(),
            // Made once and not for each request, so that it takes no time from what is measured.
            feed: Arc::new(LazyLock::new(Feed::new)),
            edition: Arc::default(),
        }
    }
}

impl Peer {
    /// Starts to serve; returns where.
    pub(super) async fn start(&self) -> Result<SocketAddr> {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .context("cannot listen on the loopback address")?;
        let address = listener.local_addr()?;
        let router = Router::new()
            .route("/blobs/{digest}", get(blob))
            .route("/feeds/{*path}", get(feed))
            .with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(address)
    }

    /// Offers further layers.
    pub(super) fn offer(&self, blobs: &HashMap<String, Bytes>) {
        if let Ok(mut offered) = self.blobs.write() {
            offered.extend(
                blobs
                    .iter()
                    .map(|(digest, blob)| (digest.clone(), blob.clone())),
            );
        }
    }

    /// Lets the feed say something else from now on.
    pub(super) fn next_edition(&self) {
        self.edition.fetch_add(1, Ordering::Relaxed);
    }
}

async fn blob(State(peer): State<Peer>, Path(digest): Path<String>) -> Response {
    let found = peer
        .blobs
        .read()
        .ok()
        .and_then(|blobs| blobs.get(&digest).cloned());
    match found {
        Some(blob) => blob.into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Answers only for Debian's tracker; the rest of the world has no feeds.
async fn feed(State(peer): State<Peer>, Path(path): Path<String>) -> Response {
    if path.ends_with("tracker/data/json") {
        let pieces = peer.feed.edition(peer.edition.load(Ordering::Relaxed));
        let pieces = pieces.map(Ok::<_, std::convert::Infallible>);
        Body::from_stream(futures_util::stream::iter(pieces)).into_response()
    } else {
        StatusCode::NOT_FOUND.into_response()
    }
}
