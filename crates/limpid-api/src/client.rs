use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use axum::http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use limpid_match::{IndexReports, IndexReportsFault, IndexVersion};
use limpid_types::{Digest, IndexReport};
use lru::LruCache;
use reqwest::Client;
use reqwest::header::{ACCEPT, AUTHORIZATION};
use thiserror::Error;
use tokio::task::spawn_blocking;
use url::Url;

use crate::Signer;

/// How many reports are kept, to tell whether one is the same as before.
const KEPT: NonZeroUsize = NonZeroUsize::MIN.saturating_add(63);
/// Bytes of report that are kept with the others; larger ones are read again each time.
const LARGEST_KEPT: usize = 256 << 10;
/// The largest report that is read, in bytes of JSON.
const LARGEST: usize = 256 << 20;
/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(5);
/// How long an answer may take in all.
const ANSWER: Duration = Duration::from_secs(25);

/// Adds to a request what says which trace it belongs to.
pub type Propagation = Arc<dyn Fn(&mut HeaderMap) + Send + Sync>;

/// Asks the indexer of another process for index reports.
#[derive(Clone)]
pub struct IndexerClient {
    inner: Arc<Inner>,
}

struct Inner {
    client: Client,
    base: Url,
    signer: Option<Signer>,
    propagation: Option<Propagation>,
    /// Reports by manifest with the digest of their JSON: what has not changed is the same object.
    kept: Mutex<LruCache<Digest, (Digest, Arc<IndexReport>)>>,
}

/// Why the indexer did not give a report.
#[derive(Debug, Error)]
pub enum IndexerClientError {
    /// The client cannot be made, for want of trusted certificates for example.
    #[error("cannot prepare requests to the indexer")]
    Client {
        /// What went wrong.
        #[source]
        source: reqwest::Error,
    },
    /// The address of the indexer has no host.
    #[error("not an address of an indexer: {address}")]
    Address {
        /// The address.
        address: String,
    },
    /// There was no answer, or it broke off.
    #[error("cannot ask the indexer for: {path}")]
    Request {
        /// What was asked for.
        path: String,
        /// What went wrong; the address is left out, it may hold a password.
        #[source]
        source: reqwest::Error,
    },
    /// The answer is a failure.
    #[error("the indexer answered {status} for: {path}")]
    Status {
        /// What was asked for.
        path: String,
        /// The status.
        status: u16,
    },
    /// The answer is too large.
    #[error("the indexer's answer is larger than {limit} bytes for: {path}")]
    TooLarge {
        /// What was asked for.
        path: String,
        /// How large it may be.
        limit: usize,
    },
    /// The answer is no index report.
    #[error("the indexer's answer is no index report for: {path}")]
    Content {
        /// What was asked for.
        path: String,
        /// What is wrong.
        #[source]
        source: serde_json::Error,
    },
    /// The answer could not be decoded for want of a thread.
    #[error("decoding the indexer's answer was aborted")]
    Aborted,
}

impl IndexerClient {
    /// Makes a client of the indexer at an address, whose path does not count, as in Clair.
    pub fn new(
        address: &Url,
        signer: Option<Signer>,
        propagation: Option<Propagation>,
    ) -> Result<Self, IndexerClientError> {
        let base = address
            .has_host()
            .then(|| address.join("/indexer/api/v1/index_report/").ok())
            .flatten()
            .ok_or_else(|| IndexerClientError::Address {
                address: format!("{}:", address.scheme()),
            })?;
        let client = Client::builder()
            .user_agent(concat!("limpid/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT)
            .timeout(ANSWER)
            .build()
            .map_err(|source| IndexerClientError::Client { source })?;
        Ok(Self {
            inner: Arc::new(Inner {
                client,
                base,
                signer,
                propagation,
                kept: Mutex::new(LruCache::new(KEPT)),
            }),
        })
    }

    async fn fetch(&self, manifest: &Digest) -> Result<Option<Vec<u8>>, IndexerClientError> {
        let Inner {
            client,
            base,
            signer,
            propagation,
            ..
        } = &*self.inner;
        let mut url = base.clone();
        url.set_path(&format!("{}{manifest}", base.path()));
        let path = url.path().to_owned();
        let mut headers = HeaderMap::new();
        if let Some(propagation) = propagation {
            propagation(&mut headers);
        }
        let signer = signer.as_ref();
        if let Some(token) = signer.and_then(|it| it.authorization(&url, Timestamp::now())) {
            headers.insert(AUTHORIZATION, token);
        }
        let failed = |source: reqwest::Error| IndexerClientError::Request {
            path: path.clone(),
            source: source.without_url(),
        };
        let request = client
            .get(url)
            .header(ACCEPT, "application/vnd.clair.index_report.v1+json")
            .headers(headers);
        let mut response = request.send().await.map_err(failed)?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return Ok(None),
            status => {
                let status = status.as_u16();
                return Err(IndexerClientError::Status { path, status });
            }
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > LARGEST {
                let limit = LARGEST;
                return Err(IndexerClientError::TooLarge { path, limit });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Some(body))
    }

    fn kept(&self, manifest: &Digest, content: &Digest) -> Option<Arc<IndexReport>> {
        let mut kept = self.lock();
        let (known, report) = kept.get(manifest)?;
        (known == content).then(|| Arc::clone(report))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, LruCache<Digest, (Digest, Arc<IndexReport>)>> {
        self.inner
            .kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn decode(
        &self,
        manifest: &Digest,
        body: &[u8],
    ) -> Result<Arc<IndexReport>, IndexerClientError> {
        let content = Digest::sha256(body);
        if let Some(report) = self.kept(manifest, &content) {
            return Ok(report);
        }
        let report =
            serde_json::from_slice(body).map_err(|source| IndexerClientError::Content {
                path: format!("{}{manifest}", self.inner.base.path()),
                source,
            })?;
        let report = Arc::new(report);
        if body.len() <= LARGEST_KEPT {
            let entry = (content, Arc::clone(&report));
            self.lock().put(manifest.clone(), entry);
        }
        Ok(report)
    }
}

#[async_trait]
impl IndexReports for IndexerClient {
    async fn index_report(
        &self,
        manifest: &Digest,
    ) -> Result<Option<Arc<IndexReport>>, IndexReportsFault> {
        let Some(body) = self.fetch(manifest).await? else {
            return Ok(None);
        };
        let (client, manifest) = (self.clone(), manifest.clone());
        let decoded = spawn_blocking(move || client.decode(&manifest, &body)).await;
        Ok(Some(decoded.map_err(|_| IndexerClientError::Aborted)??))
    }

    /// Clair's API tells no version of a report: its `ETag` is that of the indexer.
    async fn version(&self, _: &Digest) -> Result<Option<IndexVersion>, IndexReportsFault> {
        Ok(None)
    }
}
