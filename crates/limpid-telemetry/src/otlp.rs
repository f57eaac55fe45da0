//! The OpenTelemetry protocol: where it goes and how.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use thiserror::Error;

pub use self::jaeger::JaegerAddress;
pub(crate) use self::sender::Sender;

mod grpc;
mod jaeger;
pub(crate) mod metrics;
mod sender;
pub(crate) mod spans;

/// Where traces or metrics go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// A collector.
    Otlp(OtlpSettings),
    /// The standard output, one OTLP/JSON document a line.
    Stdout,
}

/// A collector, and how to speak to it.
#[derive(Clone, PartialEq, Eq)]
pub struct OtlpSettings {
    /// Over what the protocol goes.
    pub transport: OtlpTransport,
    /// The collector, as `host:port`.
    pub endpoint: String,
    /// Headers of each request. They may be secret.
    pub headers: BTreeMap<String, String>,
    /// Whether the connection goes without TLS.
    pub insecure: bool,
    /// How long one request may take.
    pub timeout: Duration,
    /// Whether messages are compressed, as gzip.
    pub gzip: bool,
    /// The client's certificate, and what the collector's is checked against.
    pub tls: OtlpTls,
}

/// Over what the protocol goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OtlpTransport {
    /// HTTP, as protocol buffers.
    Http {
        /// The path of requests, which begins with a slash.
        path: String,
    },
    /// gRPC.
    Grpc,
}

/// Files in PEM for the connection to a collector.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OtlpTls {
    /// The client's certificate and its key.
    pub identity: Option<(PathBuf, PathBuf)>,
    /// A root beside those of the system.
    pub root_ca: Option<PathBuf>,
}

/// Headers are secrets: only their names are shown.
impl fmt::Debug for OtlpSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OtlpSettings")
            .field("transport", &self.transport)
            .field("endpoint", &self.endpoint)
            .field("headers", &self.headers.keys())
            .field("insecure", &self.insecure)
            .field("timeout", &self.timeout)
            .field("gzip", &self.gzip)
            .field("tls", &self.tls)
            .finish()
    }
}

impl OtlpSettings {
    /// Returns settings for a collector over HTTP, with TLS and a timeout of ten seconds.
    pub fn http(endpoint: impl Into<String>, path: impl Into<String>) -> Self {
        Self {
            transport: OtlpTransport::Http { path: path.into() },
            endpoint: endpoint.into(),
            headers: BTreeMap::new(),
            insecure: false,
            timeout: Duration::from_secs(10),
            gzip: false,
            tls: OtlpTls::default(),
        }
    }

    /// Returns settings for a collector over gRPC, with TLS and a timeout of ten seconds.
    pub fn grpc(endpoint: impl Into<String>) -> Self {
        Self {
            transport: OtlpTransport::Grpc,
            ..Self::http(endpoint, "/")
        }
    }
}

/// Why nothing can be sent to a collector.
#[derive(Debug, Error)]
pub enum OtlpError {
    /// Sending needs tokio.
    #[error("cannot send telemetry outside of a tokio runtime")]
    NoRuntime,
    /// The address is none.
    #[error("invalid address of a collector: {endpoint}")]
    Endpoint {
        /// The address as it was given.
        endpoint: String,
    },
    /// A header cannot be sent.
    #[error("invalid header for a collector: {name}")]
    Header {
        /// Its name.
        name: String,
    },
    /// A file with a certificate or a key could not be read.
    #[error("cannot read a file for the connection to a collector: {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why it could not be read.
        #[source]
        source: std::io::Error,
    },
    /// The HTTP client could not be made.
    #[error("cannot set up the connection to a collector: {endpoint}")]
    Client {
        /// The collector.
        endpoint: String,
        /// Why it could not be made.
        #[source]
        source: reqwest::Error,
    },
    /// A request failed.
    #[error("cannot reach a collector: {endpoint}")]
    Unreachable {
        /// The collector.
        endpoint: String,
        /// Why it failed.
        #[source]
        source: reqwest::Error,
    },
    /// The collector did not take what was sent.
    #[error("a collector refused what was sent, status: {status}")]
    Refused {
        /// The status of HTTP or of gRPC.
        status: String,
    },
    /// The standard output could not be written.
    #[error("cannot write telemetry to the standard output")]
    Output {
        /// Why it could not be written.
        #[source]
        source: std::io::Error,
    },
}

/// What is sent.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Signal {
    /// Spans.
    Traces,
    /// Metrics.
    Metrics,
}

impl Signal {
    /// The path of the method that gRPC calls.
    fn method(self) -> &'static str {
        match self {
            Self::Traces => "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
            Self::Metrics => "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
        }
    }
}

/// A request of the protocol, which can be written in both its encodings.
pub(crate) trait Request: prost::Message + Serialize {}

impl<T: prost::Message + Serialize> Request for T {}
