use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{ACCEPT_ENCODING, HeaderMap, HeaderValue};
use reqwest::{RequestBuilder, Response, redirect};
use rusty_s3::actions::S3Action;
use rusty_s3::{Bucket, Credentials, UrlStyle};
use tokio::time::{sleep, timeout};
use url::Url;

use super::fault::Fault;
use super::{S3Error, S3Settings};

/// How long a signed address is valid: the time in which its request must begin, and some more
/// because clocks differ.
const VALIDITY: Duration = Duration::from_mins(15);

/// Bytes of an error's text that are looked at.
const ERROR_BYTES: usize = 8 << 10;

/// What every request needs.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) http: reqwest::Client,
    pub(super) bucket: Bucket,
    pub(super) credentials: Credentials,
    pub(super) settings: S3Settings,
}

impl Client {
    pub(super) fn new(settings: S3Settings) -> Result<Self, S3Error> {
        let style = if settings.path_style {
            UrlStyle::Path
        } else {
            UrlStyle::VirtualHost
        };
        let bucket = Bucket::new(
            settings.endpoint.clone(),
            style,
            settings.bucket.clone(),
            settings.region.clone(),
        )
        .map_err(|source| S3Error::Address {
            bucket: settings.bucket.clone(),
            source,
        })?;
        let credentials = Credentials::new(
            settings.access_key_id.clone(),
            settings.secret_access_key.clone(),
        );
        // Blobs are verified as they are, so they must come as they are.
        let headers =
            HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static("identity"))]);
        // A signature is for one address, so following a redirection would not help.
        let mut http = reqwest::Client::builder()
            .default_headers(headers)
            .connect_timeout(settings.connect_timeout)
            .redirect(redirect::Policy::none());
        if !settings.use_system_proxy {
            http = http.no_proxy();
        }
        let http = http.build().map_err(S3Error::Client)?;
        Ok(Self {
            http,
            bucket,
            credentials,
            settings,
        })
    }

    /// Returns the name of an object.
    pub(super) fn key(&self, name: &str) -> String {
        format!("{}{name}", self.settings.prefix)
    }

    /// Returns the signed address of a request.
    pub(super) fn sign<'a>(action: &impl S3Action<'a>) -> Url {
        action.sign(VALIDITY)
    }

    /// Sends a request and returns an answer that is a success.
    pub(super) async fn send(&self, request: RequestBuilder) -> Result<Response, Fault> {
        let response = self.in_time(request.send()).await?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status().as_u16();
        // The text of an error only explains the status, which is enough without it.
        let text = self.text(response, ERROR_BYTES).await.unwrap_or_default();
        Err(Fault::Status {
            status,
            code: code(&text),
        })
    }

    /// Reads a text that may have so many bytes.
    pub(super) async fn text(
        &self,
        mut response: Response,
        max_bytes: usize,
    ) -> Result<String, Fault> {
        let mut content = Vec::new();
        while let Some(bytes) = self.chunk(&mut response).await? {
            if content.len() + bytes.len() > max_bytes {
                return Err(Fault::InvalidAnswer("it is too long"));
            }
            content.extend_from_slice(&bytes);
        }
        String::from_utf8(content).map_err(|_| Fault::InvalidAnswer("it is not UTF-8"))
    }

    /// Reads the next bytes of an answer.
    pub(super) async fn chunk(&self, response: &mut Response) -> Result<Option<Bytes>, Fault> {
        self.in_time(response.chunk()).await
    }

    async fn in_time<T>(
        &self,
        work: impl Future<Output = Result<T, reqwest::Error>>,
    ) -> Result<T, Fault> {
        let limit = self.settings.stall_timeout;
        match timeout(limit, work).await {
            Ok(done) => done.map_err(Fault::connection),
            Err(_) => Err(Fault::Stalled { limit }),
        }
    }
}

/// Counts failures in a row, and pauses between attempts.
pub(super) struct Retry<'a> {
    settings: &'a S3Settings,
    failures: u32,
}

impl<'a> Retry<'a> {
    pub(super) fn new(settings: &'a S3Settings) -> Self {
        Self {
            settings,
            failures: 0,
        }
    }

    /// Begins to count anew, because there was progress.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }

    /// Waits until it is time to try again, or gives the fault back when that would not help.
    pub(super) async fn after(&mut self, fault: Fault) -> Result<(), Fault> {
        self.failures += 1;
        if !fault.is_temporary() || self.failures >= self.settings.attempts {
            return Err(fault);
        }
        let pause = pause(self.settings, self.failures);
        tracing::debug!(cause = %fault, pause_ms = pause.as_millis(), "trying again");
        sleep(pause).await;
        Ok(())
    }
}

/// Returns a pause that doubles with each failure, up to half of it left to chance, so that nodes
/// that failed together do not come back together.
fn pause(settings: &S3Settings, failures: u32) -> Duration {
    let doubled = 1_u32
        .checked_shl(failures.saturating_sub(1))
        .unwrap_or(u32::MAX);
    let longest = settings
        .first_pause
        .saturating_mul(doubled)
        .min(settings.longest_pause);
    // The keys of a hash map's hasher are the randomness that the standard library has.
    let bits = RandomState::new().hash_one(0_u8);
    let chance = f64::from(u32::try_from(bits >> 32).unwrap_or_default()) / f64::from(u32::MAX);
    longest.mul_f64(0.5 + 0.5 * chance)
}

/// Returns the code of an error, such as `SlowDown`. Nothing else of its text is shown, because
/// that repeats parts of the request.
pub(super) fn code(text: &str) -> String {
    let code = text
        .split_once("<Code>")
        .and_then(|(_, rest)| rest.split_once("</Code>"))
        .map_or("", |(code, _)| code);
    code.chars()
        .filter(char::is_ascii_alphanumeric)
        .take(40)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_of_an_error_is_found() {
        let text = "<Error><Code>SlowDown</Code><Message>x</Message></Error>";
        assert_eq!(code(text), "SlowDown");
        assert_eq!(code("<Code>a<script>\u{1b}</Code>"), "ascript");
        assert_eq!(code("<Code>never ends"), "");
    }

    #[test]
    fn pauses_grow_up_to_a_limit() {
        let settings = S3Settings::new("http://storage.example".parse().unwrap(), "bucket");
        for failures in [1, 2, 5, 31, 32, 100] {
            let pause = pause(&settings, failures);
            assert!(pause >= settings.first_pause / 2, "{failures}");
            assert!(pause <= settings.longest_pause, "{failures}");
        }
    }
}
