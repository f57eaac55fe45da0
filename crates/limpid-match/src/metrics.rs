use jiff::Timestamp;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use crate::{Generation, VulnerabilityData as _};

/// Metrics of the vulnerability data. Ages are given as points in time, so that they stay right
/// between two looks.
#[derive(Clone, Debug, Default)]
pub(crate) struct DataMetrics {
    generation: Gauge,
    activated: Gauge,
    checked: Family<FeedLabel, Gauge>,
    missing: Gauge,
    pub(crate) open_failures: Counter,
    pub(crate) store_failures: Counter,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FeedLabel {
    feed: String,
}

impl DataMetrics {
    /// Shows the generation that is served.
    pub(crate) fn show(&self, generation: &Generation, activated: Timestamp) {
        let number = i64::try_from(generation.number()).unwrap_or(i64::MAX);
        self.generation.set(number);
        self.activated.set(activated.as_second());
        let missing = i64::try_from(generation.missing().len()).unwrap_or(i64::MAX);
        self.missing.set(missing);
        self.checked.clear();
        for feed in generation.feeds() {
            let label = FeedLabel {
                feed: feed.name.clone(),
            };
            let checked = feed.checked.map_or(0, Timestamp::as_second);
            self.checked.get_or_create(&label).set(checked);
        }
    }

    pub(crate) fn register(&self, registry: &mut Registry) {
        registry.register(
            "limpid_match_generation",
            "Number of the generation of vulnerability data that is served",
            self.generation.clone(),
        );
        registry.register(
            "limpid_match_generation_activated_timestamp_seconds",
            "When the generation that is served was made, in Unix time",
            self.activated.clone(),
        );
        registry.register(
            "limpid_match_feed_checked_timestamp_seconds",
            "When a feed of the generation that is served was last known to be current, in Unix time",
            self.checked.clone(),
        );
        registry.register(
            "limpid_match_missing_feeds",
            "Feeds of the generation that is served whose data cannot be had",
            self.missing.clone(),
        );
        registry.register(
            "limpid_match_snapshot_failures",
            "Attempts to fetch or open a snapshot that failed",
            self.open_failures.clone(),
        );
        registry.register(
            "limpid_match_store_failures",
            "Attempts to ask the store about generations that failed",
            self.store_failures.clone(),
        );
    }
}

/// Metrics of the reports that were made.
#[derive(Clone, Debug)]
pub(crate) struct ReportMetrics {
    pub(crate) duration_seconds: Histogram,
    pub(crate) cache_hits: Counter,
    pub(crate) cache_misses: Counter,
    cache_bytes: Gauge,
    package_bytes: Gauge,
    pub(crate) prepared: Counter,
    pub(crate) failures: Counter,
    pub(crate) waiting: Gauge,
}

impl Default for ReportMetrics {
    fn default() -> Self {
        Self {
            // From half a millisecond to sixteen seconds.
            duration_seconds: Histogram::new(exponential_buckets(0.0005, 2.0, 16)),
            cache_hits: Counter::default(),
            cache_misses: Counter::default(),
            cache_bytes: Gauge::default(),
            package_bytes: Gauge::default(),
            prepared: Counter::default(),
            failures: Counter::default(),
            waiting: Gauge::default(),
        }
    }
}

impl ReportMetrics {
    /// Shows how much memory kept reports and packages take, in bytes.
    pub(crate) fn show_cache(&self, reports: usize, packages: usize) {
        let number = |bytes: usize| i64::try_from(bytes).unwrap_or(i64::MAX);
        self.cache_bytes.set(number(reports));
        self.package_bytes.set(number(packages));
    }

    pub(crate) fn register(&self, registry: &mut Registry) {
        registry.register(
            "limpid_match_report_duration_seconds",
            "Time from a request for a vulnerability report to the report, the index report included",
            self.duration_seconds.clone(),
        );
        registry.register(
            "limpid_match_report_cache_hits",
            "Vulnerability reports that were made before",
            self.cache_hits.clone(),
        );
        registry.register(
            "limpid_match_report_cache_misses",
            "Vulnerability reports that had to be made",
            self.cache_misses.clone(),
        );
        registry.register(
            "limpid_match_report_cache_bytes",
            "Memory that kept vulnerability reports take",
            self.cache_bytes.clone(),
        );
        registry.register(
            "limpid_match_known_package_bytes",
            "Memory that what was found in packages takes",
            self.package_bytes.clone(),
        );
        registry.register(
            "limpid_match_prepared_reports",
            "Vulnerability reports that were made before their generation was served",
            self.prepared.clone(),
        );
        registry.register(
            "limpid_match_report_failures",
            "Vulnerability reports that could not be made",
            self.failures.clone(),
        );
        registry.register(
            "limpid_match_waiting_requests",
            "Requests for a vulnerability report that wait until others are done",
            self.waiting.clone(),
        );
    }
}
