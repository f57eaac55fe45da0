use std::sync::atomic::AtomicU64;

use jiff::Timestamp;
use limpid_store::{FeedState, Generation, Outcome, UpdateRun};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

/// What is counted about feeds. Clones count into the same metrics.
#[derive(Clone, Debug, Default)]
pub struct UpdateMetrics {
    runs: Family<RunLabels, Counter>,
    fetched: Family<FeedLabels, Counter>,
    duration: Family<FeedLabels, Gauge<f64, AtomicU64>>,
    checked: Family<FeedLabels, Gauge<f64, AtomicU64>>,
    records: Family<FeedLabels, Gauge>,
    quarantined: Family<FeedLabels, Gauge>,
    generation: Gauge,
    activations: Counter,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FeedLabels {
    feed: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RunLabels {
    feed: String,
    outcome: &'static str,
}

impl UpdateMetrics {
    /// Adds the metrics to a registry. Ages are given as the time of the last check, so that they
    /// are right whenever they are looked at: `time() - limpid_feed_checked_timestamp_seconds`.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "limpid_feed_runs",
            "Runs of a feed on this node, by outcome",
            self.runs.clone(),
        );
        registry.register_with_unit(
            "limpid_feed_fetched",
            "Bytes of documents that this node fetched for a feed",
            Unit::Bytes,
            self.fetched.clone(),
        );
        registry.register_with_unit(
            "limpid_feed_last_run_duration",
            "How long the last run of a feed on this node took",
            Unit::Seconds,
            self.duration.clone(),
        );
        registry.register_with_unit(
            "limpid_feed_checked_timestamp",
            "When the source was last known to say what is served of a feed",
            Unit::Seconds,
            self.checked.clone(),
        );
        registry.register(
            "limpid_feed_records",
            "Records of a feed that are served",
            self.records.clone(),
        );
        registry.register(
            "limpid_feed_quarantined_records",
            "Records of the source of a feed that could not be read",
            self.quarantined.clone(),
        );
        registry.register(
            "limpid_generation",
            "Number of the generation that is served, as the updates of this node saw it last",
            self.generation.clone(),
        );
        registry.register(
            "limpid_generation_activations",
            "Generations that this node made",
            self.activations.clone(),
        );
    }

    /// Counts a run of this node.
    pub(crate) fn ran(&self, run: &UpdateRun) {
        let feed = run.feed.clone();
        let outcome = match run.outcome {
            Outcome::Unchanged => "unchanged",
            Outcome::Activated { .. } => "activated",
            Outcome::Held { .. } => "held",
            Outcome::Failed { .. } => "failed",
        };
        let labels = RunLabels {
            feed: feed.clone(),
            outcome,
        };
        self.runs.get_or_create(&labels).inc();
        let labels = FeedLabels { feed };
        self.fetched
            .get_or_create(&labels)
            .inc_by(run.fetched_bytes);
        let took = run.finished.duration_since(run.started).as_secs_f64();
        self.duration.get_or_create(&labels).set(took.max(0.0));
    }

    /// Counts a generation that this node made.
    pub(crate) fn activated(&self, generation: u64) {
        self.activations.inc();
        self.generation.set(signed(generation));
    }

    /// Notes what is served, whichever node made it.
    pub(crate) fn observe(&self, states: &[FeedState], current: Option<&Generation>) {
        let Some(current) = current else {
            return;
        };
        self.generation.set(signed(current.number));
        for (feed, snapshot) in &current.feeds {
            // What was found unchanged is as current as that check, whatever the generation says.
            let checked = states
                .iter()
                .find(|state| state.feed == *feed)
                .and_then(|state| state.build.as_ref())
                .filter(|build| build.snapshot.snapshot == snapshot.snapshot)
                .map_or(snapshot.checked, |build| build.snapshot.checked)
                .max(snapshot.checked);
            let labels = FeedLabels { feed: feed.clone() };
            self.checked.get_or_create(&labels).set(seconds(checked));
            let records = signed(snapshot.records);
            self.records.get_or_create(&labels).set(records);
            let quarantined = signed(snapshot.quarantined);
            self.quarantined.get_or_create(&labels).set(quarantined);
        }
    }
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn seconds(time: Timestamp) -> f64 {
    time.duration_since(Timestamp::UNIX_EPOCH).as_secs_f64()
}
