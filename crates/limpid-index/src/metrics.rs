use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

/// What is counted while images are indexed.
#[derive(Clone, Debug)]
pub struct IndexMetrics {
    pub(crate) admitted: Counter,
    pub(crate) refused: Counter,
    pub(crate) duration: Histogram,
    pub(crate) layers: Family<LayerLabels, Counter>,
    pub(crate) read: Counter,
    pub(crate) failures: Family<FailureLabels, Counter>,
    pub(crate) reports: Family<ReportLabels, Counter>,
    pub(crate) jobs_waiting: Gauge,
    pub(crate) job_oldest_wait: Gauge,
    /// Clair's name has no `_total`, which a counter here would get; so it is no counter.
    scanned_manifests: Family<ScannedLabels, Gauge>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct LayerLabels {
    pub(crate) source: LayerSource,
}

/// Where the evidence of a layer came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum LayerSource {
    /// The layer was read.
    Read,
    /// Another request was reading the layer just then.
    Shared,
    /// The layer had been read before.
    Known,
}

impl EncodeLabelValue for LayerSource {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), std::fmt::Error> {
        let name = match self {
            Self::Read => "read",
            Self::Shared => "shared",
            Self::Known => "known",
        };
        name.encode(encoder)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct FailureLabels {
    pub(crate) kind: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct ReportLabels {
    pub(crate) source: ReportSource,
}

/// Where a report that was asked for came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ReportSource {
    /// It was ready.
    Ready,
    /// It was made from the evidence.
    Made,
}

impl EncodeLabelValue for ReportSource {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), std::fmt::Error> {
        let name = match self {
            Self::Ready => "ready",
            Self::Made => "made",
        };
        name.encode(encoder)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ScannedLabels {
    scanned_before: &'static str,
}

impl Default for IndexMetrics {
    fn default() -> Self {
        Self {
            admitted: Counter::default(),
            refused: Counter::default(),
            // From 10 ms to about 11 minutes.
            duration: Histogram::new(exponential_buckets(0.01, 2.0, 17)),
            layers: Family::default(),
            read: Counter::default(),
            failures: Family::default(),
            reports: Family::default(),
            jobs_waiting: Gauge::default(),
            job_oldest_wait: Gauge::default(),
            scanned_manifests: Family::default(),
        }
    }
}

impl IndexMetrics {
    /// Makes the metrics visible under names that begin with `limpid_index_`, and one under
    /// Clair's name, which its dashboards use.
    pub fn register(&self, registry: &mut Registry) {
        let name = "claircore_indexer_scanned_manifests";
        let help = "Manifests that were asked for, by whether they had been indexed before";
        registry.register(name, help, self.scanned_manifests.clone());
        let registry = registry.sub_registry_with_prefix("limpid_index");
        let help = "Images that were let in to be indexed";
        registry.register("admitted", help, self.admitted.clone());
        let help = "Images that were refused because too many waited";
        registry.register("refused", help, self.refused.clone());
        let help = "How long images took that were indexed, without the time in the queue";
        registry.register_with_unit("duration", help, Unit::Seconds, self.duration.clone());
        let help = "Layers of images that were indexed, by where their evidence came from";
        registry.register("layers", help, self.layers.clone());
        let help = "Bytes of layers that were read, as stored";
        registry.register_with_unit("layer_read", help, Unit::Bytes, self.read.clone());
        let help = "Attempts at indexing that failed, by what failed";
        registry.register("failures", help, self.failures.clone());
        let help = "Index reports that were answered, by where they came from";
        registry.register("reports", help, self.reports.clone());
        let help = "Submitted images that wait in the store, of all nodes";
        registry.register("jobs_waiting", help, self.jobs_waiting.clone());
        let help = "How long the oldest of the submitted images has been waiting";
        let gauge = self.job_oldest_wait.clone();
        registry.register_with_unit("job_oldest_wait", help, Unit::Seconds, gauge);
    }

    pub(crate) fn layer(&self, source: LayerSource, count: usize) {
        let counter = self.layers.get_or_create(&LayerLabels { source });
        counter.inc_by(count as u64);
    }

    pub(crate) fn report(&self, source: ReportSource) {
        self.reports.get_or_create(&ReportLabels { source }).inc();
    }

    pub(crate) fn failure(&self, kind: &'static str) {
        self.failures.get_or_create(&FailureLabels { kind }).inc();
    }

    pub(crate) fn scanned(&self, before: bool) {
        let scanned_before = if before { "true" } else { "false" };
        self.scanned_manifests
            .get_or_create(&ScannedLabels { scanned_before })
            .inc();
    }
}
