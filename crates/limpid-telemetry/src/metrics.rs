//! Metrics: what is there, and how Prometheus reads it.

use std::fmt;
use std::time::{Duration, SystemTime};

use prometheus_client::encoding::text;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

pub(crate) use self::exposition::{Exposition, Kind, MetricFamily};

mod exposition;
mod format;
mod pool;
mod process;
mod runtime;

pub use pool::{PoolMetrics, PoolSnapshot};

/// Which build this is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BuildInfo {
    /// The version of limpid.
    pub version: String,
    /// The revision of its source; empty where it is not known.
    pub revision: String,
    /// Whether the source was changed after that revision.
    pub is_modified: bool,
}

/// All metrics of the process.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
}

/// Metrics as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The value of the header `content-type`.
    pub content_type: &'static str,
    /// The text.
    pub body: String,
}

impl Metrics {
    /// Makes a registry with what every process has: `clair_cmd_version_info`, `process_*`, and
    /// tasks and memory under the names that Clair's dashboards show.
    pub fn new(build: &BuildInfo) -> Self {
        let mut registry = Registry::default();
        let info = Family::<Vec<(&'static str, String)>, Gauge>::default();
        info.get_or_create(&build.labels()).set(1);
        registry.register(
            "clair_cmd_version_info",
            "Version of the program; it has neither Go nor claircore in it",
            info,
        );
        registry.register_collector(Box::new(process::ProcessMetrics));
        registry.register_collector(Box::new(runtime::RuntimeMetrics::new()));
        Self { registry }
    }

    /// Returns the registry, to which each part of the program adds its metrics.
    pub fn registry_mut(&mut self) -> &mut Registry {
        &mut self.registry
    }

    /// Returns all metrics as text: as `OpenMetrics` for those who prefer it, or else as Prometheus
    /// has it.
    pub fn render(&self, accept: Option<&str>) -> Result<Rendered, fmt::Error> {
        let families = self.families()?;
        Ok(if format::prefers_openmetrics(accept.unwrap_or_default()) {
            Rendered {
                content_type: format::OPENMETRICS,
                body: format::openmetrics(&families),
            }
        } else {
            Rendered {
                content_type: format::PROMETHEUS,
                body: format::prometheus(&families),
            }
        })
    }

    /// Returns when the process began.
    pub(crate) fn process_start() -> Option<SystemTime> {
        let start = Duration::try_from_secs_f64(process::start()?).ok()?;
        SystemTime::UNIX_EPOCH.checked_add(start)
    }

    /// Collects all metrics.
    pub(crate) fn families(&self) -> Result<Vec<MetricFamily>, fmt::Error> {
        let mut text = String::new();
        text::encode(&mut text, &self.registry)?;
        Ok(Exposition::parse(&text).families)
    }
}

impl BuildInfo {
    fn labels(&self) -> Vec<(&'static str, String)> {
        vec![
            ("claircore_version", String::new()),
            ("goversion", String::new()),
            ("modified", self.is_modified.to_string()),
            ("revision", self.revision.clone()),
            ("version", self.version.clone()),
        ]
    }
}
