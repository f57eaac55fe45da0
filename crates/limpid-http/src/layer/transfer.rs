use std::time::Duration;

use jiff::Timestamp;
use reqwest::Response;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, IF_RANGE, RANGE};
use tokio::time::timeout;
use url::Url;

use super::answer::{Answer, Head, Known, printable};
use super::client::LayerClient;
use super::fault::{LayerFault, LayerProblem};
use super::headers::{GivenHeaders, is_same_host};
use super::patience::Patience;
use super::sink::Sink;
use crate::RedirectFault;
use crate::address::without_query;
use crate::backoff::{pause, retry_after};
use crate::redirect::next_address;

/// Bytes of an answer that is not the layer that are told.
const ANSWER_BYTES: usize = 256;

/// How long they are waited for.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);

/// The transfer of one layer, which may take several attempts. The reader gets each byte once.
pub(super) struct Transfer {
    client: LayerClient,
    url: Url,
    headers: GivenHeaders,
    sink: Sink,
    patience: Patience,
    attempts: u32,
    /// Bytes that the reader got.
    received: u64,
    known: Known,
    /// Whether the registry has shown that it cannot give parts.
    gives_no_parts: bool,
}

/// How an attempt failed.
struct Failure {
    problem: LayerProblem,
    /// How long the registry asks to be left alone.
    retry_after: Option<Duration>,
}

impl From<LayerProblem> for Failure {
    fn from(problem: LayerProblem) -> Self {
        Self {
            problem,
            retry_after: None,
        }
    }
}

impl Transfer {
    pub(super) fn new(client: LayerClient, url: Url, headers: GivenHeaders, sink: Sink) -> Self {
        Self {
            patience: Patience::new(client.settings()),
            client,
            url,
            headers,
            sink,
            attempts: 0,
            received: 0,
            known: Known::default(),
            gives_no_parts: false,
        }
    }

    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    /// Fetches the layer.
    pub(super) async fn run(mut self) {
        let result = self.fetch().await.map_err(|problem| LayerFault {
            url: without_query(&self.url),
            attempts: self.attempts,
            received: self.received,
            problem,
        });
        self.sink.finish(result);
    }

    async fn fetch(&mut self) -> Result<(), LayerProblem> {
        loop {
            self.attempts += 1;
            let Err(Failure {
                problem,
                retry_after,
            }) = self.attempt().await
            else {
                return Ok(());
            };
            let settings = self.client.settings();
            if !problem.may_pass() || self.attempts >= settings.attempts {
                return Err(problem);
            }
            let pause = pause(settings.pauses(), self.attempts, retry_after);
            tracing::debug!(
                url = without_query(&self.url),
                attempts = self.attempts,
                received = self.received,
                pause_ms = pause.as_millis(),
                cause = %problem,
                "asking for a layer again"
            );
            self.patience.pause(pause).await?;
        }
    }

    async fn attempt(&mut self) -> Result<(), Failure> {
        let is_rest = self.received > 0 && !self.gives_no_parts;
        let response = self.ask(is_rest).await?;
        let head = Head {
            status: response.status(),
            headers: response.headers(),
            length: response.content_length(),
        };
        let answer = self.known.judge(&head, self.received, is_rest);
        match answer {
            Ok(Answer::Bytes { skip }) => Ok(self.receive(response, skip).await?),
            Ok(Answer::Complete) => Ok(()),
            Ok(Answer::Other) => Err(Failure {
                retry_after: retry_after(response.headers(), Timestamp::now()),
                problem: LayerProblem::Answer {
                    status: response.status().as_u16(),
                    text: beginning(response).await,
                },
            }),
            Err(problem) => {
                self.gives_no_parts |= matches!(problem, LayerProblem::WrongPart);
                Err(problem.into())
            }
        }
    }

    /// Sends a request, also to where it is redirected, and waits for the head of the answer.
    async fn ask(&mut self, is_rest: bool) -> Result<Response, LayerProblem> {
        let settings = self.client.settings();
        let limit = settings.redirects;
        let mut url = self.url.clone();
        // Once led elsewhere, even the way back does not get the secrets.
        let mut is_named_host = true;
        for _ in 0..=limit {
            let client = self
                .client
                .client_for(&url)
                .map_err(|refusal| LayerProblem::refused(&url, refusal))?;
            let mut headers = self.headers.for_host(is_named_host);
            if is_rest {
                self.add_range(&mut headers);
            }
            let sending = client.get(url.clone()).headers(headers).send();
            let response = self.patience.wait(sending).await?;
            check_size(response.headers(), settings.max_header_bytes)?;
            match next_address(&url, &response).map_err(LayerProblem::Redirect)? {
                None => return Ok(response),
                Some(next) => {
                    is_named_host &= is_same_host(&url, &next);
                    url = next;
                }
            }
        }
        Err(LayerProblem::Redirect(RedirectFault::TooMany { limit }))
    }

    fn add_range(&self, headers: &mut HeaderMap) {
        let mut add = |name: HeaderName, text: &str| {
            if let Ok(value) = HeaderValue::from_str(text) {
                headers.insert(name, value);
            }
        };
        add(RANGE, &format!("bytes={}-", self.received));
        if let Some(etag) = &self.known.etag {
            add(IF_RANGE, etag);
        }
    }

    /// Gives the bytes of an answer to the reader, but not those that it has.
    async fn receive(&mut self, mut response: Response, mut skip: u64) -> Result<(), LayerProblem> {
        let limit = self.client.settings().max_bytes;
        if self.known.bytes.is_some_and(|bytes| bytes > limit) {
            return Err(LayerProblem::TooLarge { limit });
        }
        self.patience.begin_body();
        loop {
            let chunk = self.patience.wait(response.chunk()).await;
            let Some(mut chunk) = chunk.map_err(|problem| self.broken_off(problem))? else {
                break;
            };
            self.patience.received(chunk.len())?;
            let known = usize::try_from(skip).unwrap_or(usize::MAX).min(chunk.len());
            drop(chunk.split_to(known));
            skip -= known as u64;
            let received = self.received + chunk.len() as u64;
            if let Some(announced) = self.known.bytes.filter(|&bytes| received > bytes) {
                return Err(LayerProblem::Overlong { announced });
            }
            if received > limit {
                return Err(LayerProblem::TooLarge { limit });
            }
            self.sink.send(chunk).await?;
            self.received = received;
        }
        if skip > 0 {
            return Err(LayerProblem::OtherLength {
                announced: self.received,
                found: self.received - skip,
            });
        }
        match self.known.bytes {
            Some(announced) if self.received < announced => {
                Err(LayerProblem::Incomplete { announced })
            }
            _ => Ok(()),
        }
    }

    /// Says of an error within the layer how much was still to come.
    fn broken_off(&self, problem: LayerProblem) -> LayerProblem {
        match problem {
            LayerProblem::Connection(source) => LayerProblem::BrokenOff {
                announced: self.known.bytes,
                source,
            },
            other => other,
        }
    }
}

fn check_size(headers: &HeaderMap, limit: usize) -> Result<(), LayerProblem> {
    let sizes = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len());
    if sizes.sum::<usize>() > limit {
        return Err(LayerProblem::HeadersTooLarge { limit });
    }
    Ok(())
}

/// Returns how the body of an answer begins, as far as it comes soon.
async fn beginning(mut response: Response) -> String {
    let mut bytes = Vec::new();
    let reading = async {
        while bytes.len() < ANSWER_BYTES {
            let Ok(Some(chunk)) = response.chunk().await else {
                break;
            };
            let room = ANSWER_BYTES - bytes.len();
            bytes.extend(chunk.iter().take(room));
        }
    };
    // What came until then is enough.
    let _ = timeout(ANSWER_TIMEOUT, reading).await;
    printable(&bytes, ANSWER_BYTES)
}
