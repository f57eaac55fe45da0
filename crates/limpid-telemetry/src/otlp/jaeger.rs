//! Jaeger, by the protocol that it has taken since version 1.35 in place of its own.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Url;

use super::{OtlpError, OtlpSettings};

/// Where Clair's configuration says that a Jaeger is.
#[derive(Clone, Copy, Default)]
pub struct JaegerAddress<'a> {
    /// An agent, as `host:port`; preferred to a collector.
    pub agent: &'a str,
    /// A collector, as a URL.
    pub collector: &'a str,
    /// A user of the collector, or empty.
    pub username: &'a str,
    /// The user's password.
    pub password: &'a str,
}

/// The port on which Jaeger listens for OTLP over HTTP. Those in Clair's configuration are for
/// Jaeger's own protocols.
const PORT: u16 = 4318;

impl OtlpSettings {
    /// Returns settings for a Jaeger: on the host that is named, but on the port and path of OTLP.
    /// Without any address it is on this machine, as for Jaeger's clients.
    pub fn jaeger(address: &JaegerAddress<'_>) -> Result<Self, OtlpError> {
        let (host, insecure) = if !address.agent.is_empty() || address.collector.is_empty() {
            let host = address
                .agent
                .rsplit_once(':')
                .map_or(address.agent, |p| p.0);
            let host = if host.is_empty() { "localhost" } else { host };
            (host.to_owned(), true)
        } else {
            let invalid = || OtlpError::Endpoint {
                // It may hold a password.
                endpoint: "trace.jaeger.collector.endpoint".to_owned(),
            };
            let url = Url::parse(address.collector).map_err(|_| invalid())?;
            let host = url.host_str().ok_or_else(invalid)?.to_owned();
            (host, url.scheme() == "http")
        };
        let mut settings = Self::http(format!("{host}:{PORT}"), "/v1/traces");
        settings.insecure = insecure;
        if !address.username.is_empty() && address.agent.is_empty() {
            let credentials = STANDARD.encode(format!("{}:{}", address.username, address.password));
            let header = ("authorization".to_owned(), format!("Basic {credentials}"));
            settings.headers.extend([header]);
        }
        Ok(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(address: JaegerAddress<'_>) -> (String, bool, Option<String>) {
        let settings = OtlpSettings::jaeger(&address).unwrap();
        let authorization = settings.headers.get("authorization").cloned();
        (settings.endpoint, settings.insecure, authorization)
    }

    #[test]
    fn the_host_stays_and_the_port_is_that_of_otlp() {
        for (agent, collector, endpoint, insecure) in [
            ("", "", "localhost:4318", true),
            ("jaeger:6831", "https://other:1", "jaeger:4318", true),
            ("[::1]:6831", "", "[::1]:4318", true),
            ("", "http://jaeger:14268/api/traces", "jaeger:4318", true),
            ("", "https://[::1]:14268/api/traces", "[::1]:4318", false),
        ] {
            let address = JaegerAddress {
                agent,
                collector,
                ..JaegerAddress::default()
            };
            assert_eq!(settings(address), (endpoint.to_owned(), insecure, None));
        }
    }

    #[test]
    fn a_collector_gets_the_user() {
        let address = JaegerAddress {
            collector: "https://jaeger/api/traces",
            username: "a",
            password: "b",
            ..JaegerAddress::default()
        };
        let expected = Some("Basic YTpi".to_owned());
        assert_eq!(
            settings(address),
            ("jaeger:4318".to_owned(), false, expected)
        );
    }

    #[test]
    fn a_collector_that_is_no_url_is_refused_without_being_shown() {
        let address = JaegerAddress {
            collector: "user:secret@host",
            ..JaegerAddress::default()
        };
        let error = OtlpSettings::jaeger(&address).unwrap_err().to_string();
        assert!(!error.contains("secret"), "{error}");
    }
}
