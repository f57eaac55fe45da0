use reqwest::header::LOCATION;
use reqwest::{Response, StatusCode};
use thiserror::Error;
use url::Url;

use crate::redacted;

/// Why a redirection was not followed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RedirectFault {
    /// There were too many, one after the other.
    #[error("more redirections than {limit}")]
    TooMany {
        /// How many are followed.
        limit: usize,
    },
    /// It led from an encrypted address to a plain one.
    #[error("redirection to an address without encryption: {to}")]
    Downgrade {
        /// The plain address, redacted.
        to: String,
    },
    /// It led to what is no `http` or `https` address.
    #[error("redirection to what is no http or https address")]
    Address,
}

/// Returns where an answer sends us, if it does.
///
/// Redirections are followed by us and not by the client library, because each address has to be
/// judged before it is connected to, and because it must be known which host failed.
pub(crate) fn next_address(
    current: &Url,
    response: &Response,
) -> Result<Option<Url>, RedirectFault> {
    let is_redirection = matches!(
        response.status(),
        StatusCode::MOVED_PERMANENTLY
            | StatusCode::FOUND
            | StatusCode::SEE_OTHER
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT
    );
    match response.headers().get(LOCATION) {
        Some(location) if is_redirection => {
            let location = str::from_utf8(location.as_bytes()).ok();
            let location = location.ok_or(RedirectFault::Address)?;
            resolve(current, location).map(Some)
        }
        _ => Ok(None),
    }
}

fn resolve(current: &Url, location: &str) -> Result<Url, RedirectFault> {
    let next = current.join(location).map_err(|_| RedirectFault::Address)?;
    match (current.scheme(), next.scheme()) {
        (_, "https") | ("http", "http") => Ok(next),
        (_, "http") => Err(RedirectFault::Downgrade {
            to: redacted(&next),
        }),
        _ => Err(RedirectFault::Address),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirections_never_leave_encryption_or_http() {
        let cases = [
            ("https://a.example/x", "/y", Ok("https://a.example/y")),
            (
                "https://a.example/x",
                "//b.example",
                Ok("https://b.example/"),
            ),
            (
                "http://a.example/",
                "https://a.example/",
                Ok("https://a.example/"),
            ),
            ("http://a.example/x/", "y?z", Ok("http://a.example/x/y?z")),
            (
                "https://a.example/",
                "http://u:p@b.example/?k=v",
                Err(RedirectFault::Downgrade {
                    to: "http://***@b.example/?k=***".into(),
                }),
            ),
            (
                "http://a.example/",
                "file:///etc/passwd",
                Err(RedirectFault::Address),
            ),
            (
                "http://a.example/",
                "http://[::",
                Err(RedirectFault::Address),
            ),
        ];
        for (current, location, expected) in cases {
            let next = resolve(&current.parse().unwrap(), location);
            let expected = expected.map(|url| url.parse().unwrap());
            assert_eq!(next, expected, "{location}");
        }
    }
}
