use std::collections::BTreeMap;

use reqwest::header::{ACCEPT, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use url::Url;

use super::fault::LayerProblem;

/// Headers that are the business of the connection or of how the bytes are asked for, and not of
/// who names a layer. They are left out.
const OURS: [&str; 20] = [
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "expect",
    "host",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "range",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// The headers that a manifest gives for a layer.
#[derive(Default)]
pub(super) struct GivenHeaders {
    /// For the host that the manifest names.
    all: HeaderMap,
    /// For whoever that host sends us to.
    harmless: HeaderMap,
}

impl GivenHeaders {
    /// Reads the headers of a manifest.
    pub(super) fn read(given: &BTreeMap<String, Vec<String>>) -> Result<Self, LayerProblem> {
        let mut headers = Self::default();
        for (name, values) in given {
            let invalid = || LayerProblem::BadHeader {
                name: name.escape_debug().take(80).collect(),
            };
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| invalid())?;
            if OURS.contains(&name.as_str()) {
                continue;
            }
            for value in values {
                let mut value = HeaderValue::from_str(value).map_err(|_| invalid())?;
                if name == ACCEPT || name == USER_AGENT {
                    headers.harmless.append(name.clone(), value.clone());
                } else {
                    value.set_sensitive(true);
                }
                let appended = headers.all.try_append(name.clone(), value);
                appended.map_err(|_| invalid())?;
            }
        }
        Ok(headers)
    }

    /// Returns the headers for the host that the manifest names, or for another one.
    ///
    /// Any header may be a secret between a client and its registry, so another host gets only
    /// those that cannot be.
    pub(super) fn for_host(&self, is_named: bool) -> HeaderMap {
        if is_named { &self.all } else { &self.harmless }.clone()
    }
}

/// Tells whether what is meant for one address may go to another one: to the same host and port,
/// or to the same host when it turns on encryption.
pub(super) fn is_same_host(one: &Url, other: &Url) -> bool {
    let has_same_port = one.port() == other.port();
    one.host() == other.host()
        && has_same_port
        && (one.scheme() == other.scheme() || (one.scheme() == "http" && one.port().is_none()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(headers: &[(&str, &[&str])]) -> Result<GivenHeaders, LayerProblem> {
        let headers = headers.iter().map(|(name, values)| {
            let values = values.iter().map(|&value| value.to_owned()).collect();
            ((*name).to_owned(), values)
        });
        GivenHeaders::read(&headers.collect())
    }

    #[test]
    fn another_host_gets_no_secrets() {
        let headers = read(&[
            ("Authorization", &["Bearer sesame"]),
            ("X-Token", &["sesame", "open"]),
            ("user-agent", &["quay"]),
        ])
        .unwrap_or_default();
        let own = headers.for_host(true);
        assert_eq!(own.len(), 4);
        assert!(!format!("{own:?}").contains("sesame"));
        let other = headers.for_host(false);
        assert_eq!(other.len(), 1);
        assert_eq!(other[USER_AGENT], "quay");
    }

    #[test]
    fn headers_of_the_connection_are_left_out() {
        let headers = read(&[
            ("Host", &["other"]),
            ("RANGE", &["bytes=1-"]),
            ("Transfer-Encoding", &["chunked"]),
            ("Accept-Encoding", &["gzip"]),
        ])
        .unwrap_or_default();
        assert!(headers.for_host(true).is_empty());
    }

    #[test]
    fn what_is_no_header_is_named() {
        for (name, value) in [("a b", "x"), ("", "x"), ("x", "a\r\nb: c"), ("ä", "x")] {
            let problem = read(&[(name, &[value])]).err();
            assert!(
                matches!(&problem, Some(LayerProblem::BadHeader { name: bad }) if bad == name),
                "{problem:?}"
            );
        }
    }

    #[test]
    fn a_host_is_the_same_with_the_same_port_or_better_encryption() {
        for (one, other, expected) in [
            ("https://a.example/x", "https://a.example/y", true),
            ("http://a.example/", "https://a.example/", true),
            ("https://a.example/", "https://a.example:443/", true),
            ("https://a.example/", "https://a.example:444/", false),
            ("http://a.example:81/", "https://a.example:81/", false),
            ("https://a.example/", "https://b.a.example/", false),
            ("https://a.example/", "https://b.example/", false),
        ] {
            let (one, other) = (one.parse().unwrap(), other.parse().unwrap());
            assert_eq!(is_same_host(&one, &other), expected, "{one} {other}");
        }
    }
}
