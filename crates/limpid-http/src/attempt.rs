//! One request for a document and what becomes of the answer.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{
    CONTENT_RANGE, ETAG, HeaderMap, HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE,
    LAST_MODIFIED, RANGE,
};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use tokio::time::timeout;
use url::Url;

use crate::backoff::retry_after;
use crate::spool::Spool;
use crate::{FetchFault, Fingerprint};

/// A download, which may take several attempts.
pub(crate) struct Download<'a> {
    pub(crate) client: &'a Client,
    pub(crate) url: &'a Url,
    pub(crate) previous: Option<&'a Fingerprint>,
    pub(crate) stall_timeout: Duration,
    pub(crate) max_bytes: u64,
    pub(crate) spool: Spool,
    /// What the server says about the document that is in the spool.
    pub(crate) validators: Validators,
}

/// By what a server tells versions of a document apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Validators {
    pub(crate) etag: Option<String>,
    pub(crate) last_modified: Option<String>,
}

/// How an attempt ended, when it did not fail.
pub(crate) enum Step {
    Unchanged,
    NotFound,
    Received,
}

/// How an attempt failed.
pub(crate) struct Failure {
    pub(crate) fault: FetchFault,
    /// How long the server asks to be left alone.
    pub(crate) retry_after: Option<Duration>,
}

impl From<FetchFault> for Failure {
    fn from(fault: FetchFault) -> Self {
        Self {
            fault,
            retry_after: None,
        }
    }
}

impl Validators {
    fn of(headers: &HeaderMap) -> Self {
        let text = |name: HeaderName| Some(headers.get(name)?.to_str().ok()?.to_owned());
        Self {
            etag: text(ETAG),
            last_modified: text(LAST_MODIFIED),
        }
    }

    /// Returns what proves that a part belongs to the same version. A weak tag does not.
    fn strong(&self) -> Option<&str> {
        let etag = self.etag.as_deref().filter(|tag| !tag.starts_with("W/"));
        etag.or(self.last_modified.as_deref())
    }
}

impl Download<'_> {
    /// Asks for the document, or for the rest of it when an earlier attempt received a part.
    pub(crate) async fn attempt(&mut self) -> Result<Step, Failure> {
        if self.spool.received() > 0 && self.validators.strong().is_none() {
            self.spool.restart();
        }
        let request = self.request();
        let response = send(request, self.stall_timeout).await?;
        let status = response.status();
        match status {
            StatusCode::NOT_MODIFIED if self.previous.is_some() && self.spool.received() == 0 => {
                Ok(Step::Unchanged)
            }
            StatusCode::NOT_FOUND | StatusCode::GONE => Ok(Step::NotFound),
            StatusCode::OK => {
                self.spool.restart();
                self.validators = Validators::of(response.headers());
                self.receive(response).await
            }
            StatusCode::PARTIAL_CONTENT => {
                self.expect_continuation(response.headers())?;
                self.receive(response).await
            }
            StatusCode::RANGE_NOT_SATISFIABLE if self.spool.received() > 0 => {
                self.spool.restart();
                Err(FetchFault::InvalidAnswer("the rest of the document is not there").into())
            }
            _ => Err(Failure {
                fault: FetchFault::Status(status.as_u16()),
                retry_after: retry_after(response.headers(), Timestamp::now()),
            }),
        }
    }

    fn request(&self) -> RequestBuilder {
        let mut request = self.client.get(self.url.clone());
        let received = self.spool.received();
        if let Some(validator) = self.validators.strong().filter(|_| received > 0) {
            return request
                .header(RANGE, format!("bytes={received}-"))
                .header(IF_RANGE, validator);
        }
        if let Some(previous) = self.previous {
            if let Some(etag) = &previous.etag {
                request = request.header(IF_NONE_MATCH, etag);
            }
            if let Some(date) = &previous.last_modified {
                request = request.header(IF_MODIFIED_SINCE, date);
            }
        }
        request
    }

    /// Makes sure that a part begins where the part in the spool ends. If not, everything is asked
    /// for anew.
    fn expect_continuation(&mut self, headers: &HeaderMap) -> Result<(), FetchFault> {
        let received = self.spool.received();
        let start = headers.get(CONTENT_RANGE).and_then(|value| {
            let range = value.to_str().ok()?.strip_prefix("bytes ")?;
            range.split_once('-')?.0.trim().parse::<u64>().ok()
        });
        if received > 0 && start == Some(received) {
            return Ok(());
        }
        self.spool.restart();
        Err(FetchFault::InvalidAnswer(
            "another part than the one asked for",
        ))
    }

    async fn receive(&mut self, mut response: Response) -> Result<Step, Failure> {
        let too_large = FetchFault::TooLarge {
            limit: self.max_bytes,
        };
        let announced = response.content_length();
        let expected = announced.map(|length| self.spool.received().saturating_add(length));
        if expected.is_some_and(|expected| expected > self.max_bytes) {
            return Err(too_large.into());
        }
        while let Some(chunk) = within(self.stall_timeout, response.chunk()).await? {
            if self.spool.received() + chunk.len() as u64 > self.max_bytes {
                return Err(too_large.into());
            }
            self.spool.push(&chunk).await.map_err(FetchFault::Spool)?;
        }
        let received = self.spool.received();
        match expected {
            Some(expected) if expected != received => {
                Err(FetchFault::Incomplete { received, expected }.into())
            }
            _ => Ok(Step::Received),
        }
    }
}

/// Sends a request and waits for the head of the answer.
pub(crate) async fn send(
    request: RequestBuilder,
    stall_timeout: Duration,
) -> Result<Response, FetchFault> {
    within(stall_timeout, request.send()).await
}

async fn within<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, reqwest::Error>>,
) -> Result<T, FetchFault> {
    match timeout(limit, work).await {
        Err(_) => Err(FetchFault::Stalled { limit }),
        Ok(result) => result.map_err(fault),
    }
}

/// The address is taken out of the error, because it may carry secrets.
fn fault(error: reqwest::Error) -> FetchFault {
    // Our own addresses have been looked at, so one that no request can be made of is one that the
    // server sent us to.
    let is_redirect = error.is_redirect() || error.is_builder();
    let error = error.without_url();
    if is_redirect {
        FetchFault::Redirect(error)
    } else {
        FetchFault::Connection(error)
    }
}
