use serde::{Deserialize, Serialize};

use super::Otlp;
use crate::error::Fault;
use crate::key_path::KeyPath;
use crate::lint::Lints;

/// Where metrics go.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Metrics {
    /// The way: `prometheus` or empty, `otlp`, `stdout`.
    pub name: String,
    /// Metrics for Prometheus to collect.
    pub prometheus: Prometheus,
    /// The OpenTelemetry protocol.
    pub otlp: Otlp,
}

/// Metrics for Prometheus to collect.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Prometheus {
    /// The path on the introspection listener.
    pub endpoint: String,
}

const ENDPOINT: &str = "/metrics";

impl Metrics {
    pub(super) fn lint(&self, at: &KeyPath, lints: &mut Lints) {
        if !["", "prometheus", "otlp", "stdout"].contains(&self.name.as_str()) {
            let text = format!("no way for metrics has this name: {}", self.name);
            lints.add(at.key("name"), text);
        }
        self.otlp.lint(&at.key("otlp"), lints);
    }

    pub(super) fn settle(&mut self) {
        if self.prometheus.endpoint.is_empty() {
            ENDPOINT.clone_into(&mut self.prometheus.endpoint);
        }
        self.otlp.settle("/v1/metrics");
    }

    pub(super) fn check(&self, at: &KeyPath, faults: &mut Vec<Fault>) {
        self.otlp.check(&at.key("otlp"), faults);
    }
}
