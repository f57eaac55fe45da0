//! One request for a document and what becomes of the answer.

use jiff::Timestamp;
use reqwest::header::{
    CONTENT_RANGE, ETAG, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH,
    IF_RANGE, LAST_MODIFIED, RANGE,
};
use reqwest::{Method, Response, StatusCode};
use url::Url;

use crate::backoff::retry_after;
use crate::caller::{Caller, Failure};
use crate::content_range::ContentRange;
use crate::spool::Spool;
use crate::{FetchFault, Fingerprint};

/// A download, which may take several attempts.
pub(crate) struct Download<'a> {
    pub(crate) caller: Caller<'a>,
    pub(crate) url: &'a Url,
    pub(crate) previous: Option<&'a Fingerprint>,
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
        let headers = self.headers();
        let response = self.caller.send(Method::GET, self.url, &headers).await?;
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
            _ => Err(Failure::answered(
                FetchFault::Status(status.as_u16()),
                retry_after(response.headers(), Timestamp::now()),
            )),
        }
    }

    fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        // What a server said about a document can be said back to it.
        let mut add = |name: HeaderName, text: &str| {
            if let Ok(value) = HeaderValue::from_str(text) {
                headers.insert(name, value);
            }
        };
        let received = self.spool.received();
        if let Some(validator) = self.validators.strong().filter(|_| received > 0) {
            add(RANGE, &format!("bytes={received}-"));
            add(IF_RANGE, validator);
        } else if let Some(previous) = self.previous {
            if let Some(etag) = &previous.etag {
                add(IF_NONE_MATCH, etag);
            }
            if let Some(date) = &previous.last_modified {
                add(IF_MODIFIED_SINCE, date);
            }
        }
        headers
    }

    /// Makes sure that a part begins where the part in the spool ends. If not, everything is asked
    /// for anew.
    fn expect_continuation(&mut self, headers: &HeaderMap) -> Result<(), FetchFault> {
        let received = self.spool.received();
        let range = headers.get(CONTENT_RANGE).and_then(ContentRange::of);
        if let Some(ContentRange::Part { first, .. }) = range
            && received > 0
            && first == received
        {
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
        while let Some(chunk) = self.caller.within(response.chunk()).await? {
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
