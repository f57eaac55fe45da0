use std::path::{Path, PathBuf};
use std::sync::Arc;

use reqwest::header::{ACCEPT_ENCODING, HeaderMap, HeaderValue};
use reqwest::{Client, Method, StatusCode, redirect};
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};
use url::Url;

use crate::attempt::{Download, Step, Validators};
use crate::backoff::{pause, retry_after};
use crate::caller::{Caller, Failure};
use crate::pace::Pace;
use crate::settings::USER_AGENT;
use crate::silence::SilentHosts;
use crate::source::Location;
use crate::spool::Spool;
use crate::{
    Document, FetchError, FetchFault, FetchSettings, Fetched, Fingerprint, Source, directory,
    folder, redacted,
};

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
    silent_hosts: SilentHosts,
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
            .redirect(redirect::Policy::none());
        if !settings.use_system_proxy {
            client = client.no_proxy();
        }
        if let Some(roots) = &settings.roots {
            client = roots.apply(client);
        }
        Ok(Self {
            inner: Arc::new(Inner {
                client: client.build()?,
                pace: Pace::new(settings.host_interval),
                silent_hosts: SilentHosts::new(settings.silence),
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
        fetched.map_err(|fault| self.error(request.url, attempts, fault))
    }

    /// Reads a document of this machine, whatever the source: a file, or a folder as an archive of
    /// tar with the JSON files in it.
    pub async fn fetch_local(
        &self,
        path: &str,
        previous: Option<&Fingerprint>,
        max_bytes: Option<u64>,
    ) -> Result<Fetched, FetchError> {
        let limit = self.inner.settings.max_bytes;
        let max_bytes = max_bytes.map_or(limit, |own| own.min(limit));
        let (file, previous) = (PathBuf::from(path), previous.cloned());
        let spool = self.inner.spool.clone();
        let fetched = blocking(move || {
            if file.is_dir() {
                return folder::fetch(&file, max_bytes, &spool);
            }
            let above = file.parent().unwrap_or(&file);
            directory::fetch(above, &file, previous.as_ref(), max_bytes, &spool)
        });
        fetched.await.map_err(|fault| FetchError {
            url: path.to_owned(),
            mirrored: None,
            attempts: 1,
            fault,
        })
    }

    /// Tells whether there is a document, without fetching it.
    pub async fn exists(&self, url: &Url) -> Result<bool, FetchError> {
        let mut attempts = 0;
        let work = self.ask_source(url, &mut attempts);
        let exists = self.in_time(work).await;
        exists.map_err(|fault| self.error(url, attempts, fault))
    }

    fn error(&self, url: &Url, attempts: u32, fault: FetchFault) -> FetchError {
        let is_mirrored = self.inner.source != Source::Direct;
        let location = self.inner.source.locate(url).ok();
        FetchError {
            url: redacted(url),
            mirrored: location
                .filter(|_| is_mirrored)
                .map(|location| match location {
                    Location::Http(url) => redacted(&url),
                    Location::File { path, .. } => path.display().to_string(),
                }),
            attempts,
            fault,
        }
    }

    fn caller(&self) -> Caller<'_> {
        let inner = &self.inner;
        Caller::new(&inner.client, &inner.settings, &inner.silent_hosts)
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
                    caller: self.caller(),
                    url: &url,
                    previous: request.previous,
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
            self.pause_or_give_up(&download.caller, download.url, failure, *attempts)
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
        let mut caller = self.caller();
        loop {
            *attempts += 1;
            self.wait_for_turn(&url).await;
            match ask(&mut caller, &url).await {
                Ok(exists) => return Ok(exists),
                Err(failure) => {
                    self.pause_or_give_up(&caller, &url, failure, *attempts)
                        .await?;
                }
            }
        }
    }

    async fn wait_for_turn(&self, url: &Url) {
        let host = url.host_str().unwrap_or_default();
        self.inner.pace.wait(host).await;
    }

    async fn pause_or_give_up(
        &self,
        caller: &Caller<'_>,
        url: &Url,
        failure: Failure,
        attempts: u32,
    ) -> Result<(), FetchFault> {
        let settings = &self.inner.settings;
        if !failure.fault.is_temporary() || attempts >= settings.attempts {
            return Err(caller.give_up(failure));
        }
        let pause = pause(settings.pauses(), attempts, failure.retry_after);
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

async fn ask(caller: &mut Caller<'_>, url: &Url) -> Result<bool, Failure> {
    let headers = HeaderMap::new();
    let mut response = caller.send(Method::HEAD, url, &headers).await?;
    if matches!(
        response.status(),
        StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED
    ) {
        // Some servers do not know HEAD. The content of this answer is never read.
        response = caller.send(Method::GET, url, &headers).await?;
    }
    match response.status() {
        status if status.is_success() => Ok(true),
        StatusCode::NOT_FOUND | StatusCode::GONE => Ok(false),
        status => Err(Failure::answered(
            FetchFault::Status(status.as_u16()),
            retry_after(response.headers(), jiff::Timestamp::now()),
        )),
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, FetchFault> + Send + 'static,
) -> Result<T, FetchFault> {
    let done = spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(FetchFault::Mirror(std::io::Error::other(error))))
}
