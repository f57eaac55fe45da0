use std::path::{Path, PathBuf};
use std::sync::Arc;

use reqwest::header::{ACCEPT_ENCODING, HeaderMap, HeaderValue};
use reqwest::{Client, StatusCode, redirect};
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};
use url::Url;

use crate::attempt::{Download, Failure, Step, Validators, send};
use crate::backoff::{pause, retry_after};
use crate::pace::Pace;
use crate::source::Location;
use crate::spool::Spool;
use crate::{
    Document, FetchError, FetchFault, FetchSettings, Fetched, Fingerprint, Source, directory,
    redacted,
};

/// What everybody is told about who is asking.
const USER_AGENT: &str = concat!("limpid/", env!("CARGO_PKG_VERSION"));

/// Fetches documents. Clones share their connections and their pace.
#[derive(Clone, Debug)]
pub struct Fetcher {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    client: Client,
    settings: FetchSettings,
    source: Source,
    spool: PathBuf,
    pace: Pace,
}

/// A request for a document.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// Its address.
    pub url: &'a Url,
    /// What it looked like, if it need not be sent when it still looks so.
    pub previous: Option<&'a Fingerprint>,
    /// Bytes that it may have, if fewer than the settings say.
    pub max_bytes: Option<u64>,
}

impl<'a> Request<'a> {
    /// Makes a request for a document of any allowed size that is to be sent in any case.
    pub fn new(url: &'a Url) -> Self {
        Self {
            url,
            previous: None,
            max_bytes: None,
        }
    }

    /// Returns the same request for a document that need not be sent when it looks like this.
    #[must_use]
    pub fn unless(mut self, previous: Option<&'a Fingerprint>) -> Self {
        self.previous = previous;
        self
    }

    /// Returns the same request for a document that may have only so many bytes.
    #[must_use]
    pub fn at_most(mut self, bytes: u64) -> Self {
        self.max_bytes = Some(bytes);
        self
    }
}

impl Fetcher {
    /// Makes a fetcher that keeps documents in a spool directory, which must be there.
    ///
    /// # Errors
    ///
    /// The encryption library may refuse to work, for example without trusted certificates.
    pub fn new(
        settings: FetchSettings,
        source: Source,
        spool: impl Into<PathBuf>,
    ) -> Result<Self, reqwest::Error> {
        // Content is stored as it is, so it must come as it is.
        let headers =
            HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static("identity"))]);
        let mut client = Client::builder()
            .user_agent(USER_AGENT)
            .default_headers(headers)
            .connect_timeout(settings.connect_timeout)
            .redirect(redirect_policy(settings.redirects));
        if !settings.use_system_proxy {
            client = client.no_proxy();
        }
        Ok(Self {
            inner: Arc::new(Inner {
                client: client.build()?,
                pace: Pace::new(settings.host_interval),
                settings,
                source,
                spool: spool.into(),
            }),
        })
    }

    /// Returns the spool directory.
    pub fn spool(&self) -> &Path {
        &self.inner.spool
    }

    /// Fetches a document.
    pub async fn fetch(&self, request: Request<'_>) -> Result<Fetched, FetchError> {
        let mut attempts = 0;
        let work = self.fetch_from_source(&request, &mut attempts);
        let fetched = self.in_time(work).await;
        fetched.map_err(|fault| FetchError {
            url: redacted(request.url),
            attempts,
            fault,
        })
    }

    /// Tells whether there is a document, without fetching it.
    pub async fn exists(&self, url: &Url) -> Result<bool, FetchError> {
        let mut attempts = 0;
        let work = self.ask_source(url, &mut attempts);
        let exists = self.in_time(work).await;
        exists.map_err(|fault| FetchError {
            url: redacted(url),
            attempts,
            fault,
        })
    }

    async fn in_time<T>(
        &self,
        work: impl Future<Output = Result<T, FetchFault>>,
    ) -> Result<T, FetchFault> {
        let limit = self.inner.settings.total_timeout;
        let done = timeout(limit, work).await;
        done.unwrap_or(Err(FetchFault::TooSlow { limit }))
    }

    async fn fetch_from_source(
        &self,
        request: &Request<'_>,
        attempts: &mut u32,
    ) -> Result<Fetched, FetchFault> {
        let max_bytes = self.inner.settings.max_bytes;
        let max_bytes = request
            .max_bytes
            .map_or(max_bytes, |own| own.min(max_bytes));
        match self.inner.source.locate(request.url)? {
            Location::File { mirror, path } => {
                *attempts += 1;
                let previous = request.previous.cloned();
                let spool = self.inner.spool.clone();
                blocking(move || {
                    directory::fetch(&mirror, &path, previous.as_ref(), max_bytes, &spool)
                })
                .await
            }
            Location::Http(url) => {
                let download = Download {
                    client: &self.inner.client,
                    url: &url,
                    previous: request.previous,
                    stall_timeout: self.inner.settings.stall_timeout,
                    max_bytes,
                    spool: Spool::new(&self.inner.spool),
                    validators: Validators::default(),
                };
                self.download(download, attempts).await
            }
        }
    }

    async fn download(
        &self,
        mut download: Download<'_>,
        attempts: &mut u32,
    ) -> Result<Fetched, FetchFault> {
        loop {
            *attempts += 1;
            self.wait_for_turn(download.url).await;
            let failure = match download.attempt().await {
                Ok(Step::Unchanged) => return Ok(Fetched::Unchanged),
                Ok(Step::NotFound) => return Ok(Fetched::NotFound),
                Ok(Step::Received) => break,
                Err(failure) => failure,
            };
            self.pause_or_give_up(download.url, failure, *attempts)
                .await?;
        }
        let bytes = download.spool.received();
        let (file, digest) = download.spool.finish().await.map_err(FetchFault::Spool)?;
        Ok(Fetched::Document(Document {
            file,
            bytes,
            fingerprint: Fingerprint {
                etag: download.validators.etag,
                last_modified: download.validators.last_modified,
                digest,
            },
        }))
    }

    async fn ask_source(&self, url: &Url, attempts: &mut u32) -> Result<bool, FetchFault> {
        let url = match self.inner.source.locate(url)? {
            Location::File { mirror, path } => {
                *attempts += 1;
                return blocking(move || directory::exists(&mirror, &path)).await;
            }
            Location::Http(url) => url,
        };
        loop {
            *attempts += 1;
            self.wait_for_turn(&url).await;
            match self.ask(&url).await {
                Ok(exists) => return Ok(exists),
                Err(failure) => self.pause_or_give_up(&url, failure, *attempts).await?,
            }
        }
    }

    async fn ask(&self, url: &Url) -> Result<bool, Failure> {
        let stall_timeout = self.inner.settings.stall_timeout;
        let request = self.inner.client.head(url.clone());
        let mut response = send(request, stall_timeout).await?;
        if matches!(
            response.status(),
            StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED
        ) {
            // Some servers do not know HEAD. The content of this answer is never read.
            response = send(self.inner.client.get(url.clone()), stall_timeout).await?;
        }
        match response.status() {
            status if status.is_success() => Ok(true),
            StatusCode::NOT_FOUND | StatusCode::GONE => Ok(false),
            status => Err(Failure {
                fault: FetchFault::Status(status.as_u16()),
                retry_after: retry_after(response.headers(), jiff::Timestamp::now()),
            }),
        }
    }

    async fn wait_for_turn(&self, url: &Url) {
        let host = url.host_str().unwrap_or_default();
        self.inner.pace.wait(host).await;
    }

    async fn pause_or_give_up(
        &self,
        url: &Url,
        failure: Failure,
        attempts: u32,
    ) -> Result<(), FetchFault> {
        let settings = &self.inner.settings;
        if !failure.fault.is_temporary() || attempts >= settings.attempts {
            return Err(failure.fault);
        }
        let pause = pause(settings, attempts, failure.retry_after);
        tracing::debug!(
            url = redacted(url),
            attempts,
            pause_ms = pause.as_millis(),
            cause = %failure.fault,
            "trying again"
        );
        sleep(pause).await;
        Ok(())
    }
}

/// Follows a number of redirections, but never from an encrypted address to a plain one.
fn redirect_policy(limit: usize) -> redirect::Policy {
    redirect::Policy::custom(move |attempt| {
        let was_encrypted = attempt
            .previous()
            .last()
            .is_some_and(|url| url.scheme() == "https");
        if attempt.previous().len() > limit {
            attempt.error("too many redirections")
        } else if was_encrypted && attempt.url().scheme() != "https" {
            attempt.error("redirection to an address without encryption")
        } else {
            attempt.follow()
        }
    })
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, FetchFault> + Send + 'static,
) -> Result<T, FetchFault> {
    let done = spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(FetchFault::Mirror(std::io::Error::other(error))))
}
