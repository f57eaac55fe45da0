use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Otlp;
use crate::error::Fault;
use crate::key_path::KeyPath;
use crate::lint::Lints;
use crate::secret::{Address, Secret};

/// Where traces go.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Trace {
    /// The way: `otlp`, `jaeger`, `stdout`, or empty for none.
    pub name: String,
    /// The share of requests that are traced, from 0 to 1; none without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    /// Jaeger's own protocol.
    pub jaeger: Jaeger,
    /// The OpenTelemetry protocol.
    pub otlp: Otlp,
    /// Sentry. Has no effect, in Clair neither.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sentry: Option<Sentry>,
}

/// Jaeger's own protocol.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Jaeger {
    /// An agent, which is preferred to a collector.
    pub agent: JaegerAgent,
    /// A collector.
    pub collector: JaegerCollector,
    /// Has no effect, in Clair neither.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub service_name: String,
    /// Has no effect, in Clair neither.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// Has no effect, in Clair neither.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub buffer_max: Option<i64>,
}

/// An agent of Jaeger.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct JaegerAgent {
    /// Where it is, as `host:port`.
    pub endpoint: String,
}

/// A collector of Jaeger.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct JaegerCollector {
    /// Where it is.
    pub endpoint: Address,
    /// Who logs in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The password of the login.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
}

/// Sentry.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Sentry {
    /// The project's address, which carries its key.
    pub dsn: Secret,
    /// The name of the installation.
    pub environment: String,
}

impl Trace {
    pub(super) fn lint(&self, at: &KeyPath, lints: &mut Lints) {
        let name = at.key("name");
        match self.name.as_str() {
            "" | "otlp" | "stdout" => {}
            "jaeger" => lints.add(name, "jaeger is deprecated, use otlp"),
            "sentry" => lints.add(name, "sentry has no effect, use otlp"),
            other => lints.add(name, format!("no way for traces has this name: {other}")),
        }
        lints.add_if(
            self.probability
                .is_some_and(|share| !(0.0..=1.0).contains(&share)),
            at.key("probability"),
            "expected a share from 0 to 1",
        );
        let jaeger = at.key("jaeger");
        for (key, given) in [
            ("service_name", !self.jaeger.service_name.is_empty()),
            ("tags", !self.jaeger.tags.is_empty()),
            ("buffer_max", self.jaeger.buffer_max.is_some()),
        ] {
            lints.add_if(given, jaeger.key(key), "key has no effect");
        }
        self.otlp.lint(&at.key("otlp"), lints);
    }

    pub(super) fn check(&self, at: &KeyPath, faults: &mut Vec<Fault>) {
        self.otlp.check(&at.key("otlp"), faults);
    }
}
