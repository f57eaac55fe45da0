use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::Tls;
use crate::duration::GoDuration;
use crate::error::Fault;
use crate::key_path::KeyPath;
use crate::lint::Lints;
use crate::secret::Secret;

/// The OpenTelemetry protocol over one of its transports; gRPC is preferred where both are given.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Otlp {
    /// Over HTTP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http: Option<OtlpHttp>,
    /// Over gRPC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grpc: Option<OtlpGrpc>,
}

/// The OpenTelemetry protocol over HTTP.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct OtlpHttp {
    /// How bodies are compressed.
    pub compression: Compression,
    /// The collector, as `host:port`.
    pub endpoint: String,
    /// Headers of requests.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, Secret>,
    /// Whether HTTP is used in place of HTTPS.
    pub insecure: bool,
    /// How long one request may take.
    pub timeout: Option<GoDuration>,
    /// The client's certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_tls: Option<Tls>,
    /// The path of requests.
    pub url_path: String,
}

/// The OpenTelemetry protocol over gRPC.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct OtlpGrpc {
    /// How messages are compressed.
    pub compression: Compression,
    /// The collector, as `host:port`.
    pub endpoint: String,
    /// Headers of requests.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, Secret>,
    /// Whether the connection goes without TLS.
    pub insecure: bool,
    /// How long one request may take.
    pub timeout: Option<GoDuration>,
    /// The client's certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_tls: Option<Tls>,
    /// The least time between attempts to connect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reconnect: Option<GoDuration>,
    /// gRPC's service configuration, a JSON document.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub service_config: String,
}

/// How what is sent is compressed: written as a word, or as Clair's number for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    /// Not at all.
    #[default]
    None,
    /// As gzip.
    Gzip,
}

const TIMEOUT: GoDuration = GoDuration::from_secs(10);

impl Otlp {
    pub(super) fn lint(&self, at: &KeyPath, lints: &mut Lints) {
        lints.add_if(
            self.http.is_some() && self.grpc.is_some(),
            at.clone(),
            "both http and grpc are given, only grpc is used",
        );
        for (key, timeout) in [
            ("http", self.http.as_ref().and_then(|http| http.timeout)),
            ("grpc", self.grpc.as_ref().and_then(|grpc| grpc.timeout)),
        ] {
            lints.add_if(
                timeout == Some(GoDuration::default()),
                at.key(key).key("timeout"),
                "nothing can be sent in a time of 0",
            );
        }
        let path = self.http.as_ref().map_or("", |http| http.url_path.as_str());
        lints.add_if(
            path.len() > 1 && path.ends_with('/'),
            at.key("http").key("url_path"),
            "path ends in a slash, which is left out",
        );
    }

    pub(super) fn settle(&mut self, url_path: &str) {
        if let Some(http) = &mut self.http {
            http.timeout.get_or_insert(TIMEOUT);
            default_text(&mut http.endpoint, "localhost:4318");
            default_text(&mut http.url_path, url_path);
            http.url_path = cleaned(&http.url_path);
        }
        if let Some(grpc) = &mut self.grpc {
            grpc.timeout.get_or_insert(TIMEOUT);
            default_text(&mut grpc.endpoint, "localhost:4317");
        }
    }

    pub(super) fn check(&self, at: &KeyPath, faults: &mut Vec<Fault>) {
        let (http, grpc) = (at.key("http"), at.key("grpc"));
        if let Some(given) = &self.http {
            if !given.url_path.starts_with('/') {
                let text = format!("path must be absolute: {}", given.url_path);
                faults.push(Fault::new(http.key("url_path"), text));
            }
            if let Some(tls) = &given.client_tls {
                tls.check_client(&http.key("client_tls"), faults);
            }
        }
        if let Some(tls) = self.grpc.as_ref().and_then(|grpc| grpc.client_tls.as_ref()) {
            tls.check_client(&grpc.key("client_tls"), faults);
        }
    }
}

fn default_text(text: &mut String, default: &str) {
    if text.is_empty() {
        default.clone_into(text);
    }
}

/// Takes `.`, `..` and doubled slashes out of a path.
fn cleaned(path: &str) -> String {
    let mut steps: Vec<&str> = Vec::new();
    for step in path.split('/') {
        match step {
            "" | "." => {}
            ".." => drop(steps.pop()),
            other => steps.push(other),
        }
    }
    let root = if path.starts_with('/') { "/" } else { "" };
    format!("{root}{}", steps.join("/"))
}

impl<'de> Deserialize<'de> for Compression {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CompressionVisitor)
    }
}

struct CompressionVisitor;

impl Visitor<'_> for CompressionVisitor {
    type Value = Compression;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("none or gzip")
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Compression, E> {
        match number {
            0 | 1 => Ok(Compression::None),
            2 => Ok(Compression::Gzip),
            other => Err(E::invalid_value(Unexpected::Unsigned(other), &self)),
        }
    }

    fn visit_str<E: de::Error>(self, word: &str) -> Result<Compression, E> {
        match word {
            "" | "none" => Ok(Compression::None),
            "gzip" => Ok(Compression::Gzip),
            other => Err(E::invalid_value(Unexpected::Str(other), &self)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_cleaned() {
        for (path, clean) in [
            ("/a//b/../c/.", "/a/c"),
            ("/..", "/"),
            ("a/", "a"),
            ("/", "/"),
        ] {
            assert_eq!(cleaned(path), clean);
        }
    }
}
