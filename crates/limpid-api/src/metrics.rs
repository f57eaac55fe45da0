use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::auth::Refusal;
use crate::endpoint::Service;

/// Upper limits in seconds: Clair's, whose dashboards know them, and finer ones below, because
/// limpid's answers would all be in Clair's first.
const DURATIONS: [f64; 21] = [
    0.005, 0.01, 0.025, 0.1, 0.25, 0.5, 0.7, 1.1, 1.7, 2.7, 4.2, 6.5, 10.0, 15.0, 23.0, 36.0, 54.0,
    83.0, 128.0, 196.0, 300.0,
];

/// Upper limits in bytes.
const SIZES: [f64; 8] = [
    256.0,
    1_024.0,
    4_096.0,
    16_384.0,
    65_536.0,
    262_144.0,
    1_048_576.0,
    16_777_216.0,
];

/// What is counted of requests, by Clair's names.
#[derive(Clone, Debug, Default)]
pub struct HttpMetrics {
    indexer: ServiceMetrics,
    matcher: ServiceMetrics,
    notifier: ServiceMetrics,
    discovery: ServiceMetrics,
    limited: Family<LimitedLabels, Counter>,
    refusals: Family<RefusalLabels, Counter>,
}

/// What is counted of one service's requests.
#[derive(Clone, Debug)]
pub(crate) struct ServiceMetrics {
    pub(crate) total: Family<RequestLabels, Counter>,
    pub(crate) duration: Family<RequestLabels, Histogram>,
    pub(crate) request_size: Family<RequestLabels, Histogram>,
    pub(crate) response_size: Family<RequestLabels, Histogram>,
    pub(crate) in_flight: Family<HandlerLabels, Gauge>,
}

/// What tells requests apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct RequestLabels {
    pub(crate) handler: &'static str,
    pub(crate) code: u16,
    pub(crate) method: &'static str,
}

/// What tells requests under way apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct HandlerLabels {
    pub(crate) handler: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LimitedLabels {
    endpoint: &'static str,
    method: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RefusalLabels {
    cause: Refusal,
}

impl EncodeLabelValue for Refusal {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), std::fmt::Error> {
        self.name().encode(encoder)
    }
}

impl Default for ServiceMetrics {
    fn default() -> Self {
        Self {
            total: Family::default(),
            duration: Family::new_with_constructor(|| Histogram::new(DURATIONS)),
            request_size: Family::new_with_constructor(|| Histogram::new(SIZES)),
            response_size: Family::new_with_constructor(|| Histogram::new(SIZES)),
            in_flight: Family::default(),
        }
    }
}

impl HttpMetrics {
    /// Registers everything.
    pub fn register(&self, registry: &mut Registry) {
        self.indexer.register(registry, "indexerv1");
        self.matcher.register(registry, "matcherv1");
        self.notifier.register(registry, "notificationv1");
        self.discovery.register(registry, "discovery");
        registry.register(
            "clair_http_concurrencylimited",
            "Requests that were refused because too many were under way",
            self.limited.clone(),
        );
        registry.register(
            "limpid_http_auth_refusals",
            "Requests that were refused for want of a good token, by what was wrong with it",
            self.refusals.clone(),
        );
    }

    /// Counts a request that was refused because too many were under way. The method is in capital
    /// letters here, as in Clair.
    pub fn count_limited(&self, endpoint: &'static str, method: &'static str) {
        let labels = LimitedLabels { endpoint, method };
        self.limited.get_or_create(&labels).inc();
    }

    pub(crate) fn count_refusal(&self, cause: Refusal) {
        self.refusals.get_or_create(&RefusalLabels { cause }).inc();
    }

    pub(crate) fn of(&self, service: Service) -> &ServiceMetrics {
        match service {
            Service::Indexer => &self.indexer,
            Service::Matcher => &self.matcher,
            Service::Notifier => &self.notifier,
            Service::Discovery => &self.discovery,
        }
    }
}

impl ServiceMetrics {
    fn register(&self, registry: &mut Registry, service: &str) {
        let registry = registry.sub_registry_with_prefix(format!("clair_http_{service}"));
        registry.register("request", "Requests that were answered", self.total.clone());
        registry.register_with_unit(
            "request_duration",
            "Time from a request to the end of its response",
            Unit::Seconds,
            self.duration.clone(),
        );
        registry.register_with_unit(
            "request_size",
            "Length that requests gave for their bodies",
            Unit::Bytes,
            self.request_size.clone(),
        );
        registry.register_with_unit(
            "response_size",
            "Length of responses as sent",
            Unit::Bytes,
            self.response_size.clone(),
        );
        registry.register(
            "in_flight_requests",
            "Requests under way",
            self.in_flight.clone(),
        );
    }
}

/// What is counted of connections.
#[derive(Clone, Debug, Default)]
pub struct ServerMetrics {
    pub(crate) connections: Gauge,
    pub(crate) evicted: Counter,
}

impl ServerMetrics {
    /// Registers everything.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "limpid_http_connections",
            "Connections that are open",
            self.connections.clone(),
        );
        registry.register(
            "limpid_http_connections_evicted",
            "Idle connections that were closed to make room for others",
            self.evicted.clone(),
        );
    }
}
