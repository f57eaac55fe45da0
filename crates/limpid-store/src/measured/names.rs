//! Under which names the measures of a store are shown.

use std::collections::BTreeMap;
use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::Counter;

use super::{Measure, StoreMetrics};

/// A pair of metrics that Clair has, and the operations that do here what it counts there.
struct ClairNames {
    counter: &'static str,
    duration: &'static str,
    /// Operations with the value of the first label that stands for each.
    operations: &'static [(&'static str, &'static str)],
    labels: Labels,
}

/// Which labels Clair gives to a pair of metrics.
#[derive(Clone, Copy)]
enum Labels {
    /// `query` on both.
    Query,
    /// `query` on both, and `success` on the counter.
    QuerySuccess,
    /// `action` and `success` on both.
    ActionSuccess,
    /// `query` and `is_delta` on both.
    QueryDelta,
}

/// Clair's dashboards select the values `updateOps` and `deleteVulns`; of the other queries they
/// show what there is, so these have limpid's names.
const CLAIR: &[ClairNames] = &[
    pair(
        "claircore_indexer_layerscanned",
        "claircore_indexer_layerscanned_duration_seconds",
        &[("known_layers", "known_layers")],
    ),
    pair(
        "claircore_indexer_manifestscanned",
        "claircore_indexer_manifestscanned_duration_seconds",
        &[("manifest", "manifest")],
    ),
    pair(
        "claircore_indexer_persistmanifest",
        "claircore_indexer_persistmanifest_duration_seconds",
        &[("save_manifest", "save_manifest")],
    ),
    pair(
        "claircore_indexer_setindexreport",
        "claircore_indexer_setindexreport_duration_seconds",
        &[("save_manifest", "save_manifest")],
    ),
    // The two names differ in Clair.
    pair(
        "claircore_indexer_setindexedfinished",
        "claircore_indexer_setindexfinished_duration_seconds",
        &[("save_manifest", "save_manifest")],
    ),
    pair(
        "claircore_indexer_setlayerscanned",
        "claircore_indexer_setlayerscanned_duration_seconds",
        &[("save_layer", "save_layer")],
    ),
    pair(
        "claircore_indexer_packagesbylayer",
        "claircore_indexer_packagesbylayer_duration_seconds",
        &[("evidence", "evidence")],
    ),
    pair(
        "claircore_indexer_filesbylayer",
        "claircore_indexer_filesbylayer_duration_seconds",
        &[("owned_files", "owned_files")],
    ),
    ClairNames {
        counter: "claircore_indexer_deletemanifests",
        duration: "claircore_indexer_deletemanifests_duration_seconds",
        operations: &[("delete_manifests", "delete_manifests")],
        labels: Labels::ActionSuccess,
    },
    pair(
        "claircore_datastore_getaffectedmanifests",
        "claircore_datastore_getaffectedmanifests_duration_seconds",
        &[("manifests_with_packages", "manifests_with_packages")],
    ),
    pair(
        "claircore_vulnstore_getlatestupdateref",
        "claircore_vulnstore_getlatestupdateref_duration_seconds",
        &[("current", "current")],
    ),
    pair(
        "claircore_vulnstore_getlatestrefs",
        "claircore_vulnstore_getlatestrefs_duration_seconds",
        &[("feed_states", "feed_states")],
    ),
    pair(
        "claircore_vulnstore_getupdateoperations",
        "claircore_vulnstore_getupdateoperations_duration_seconds",
        &[("runs", "runs"), ("generations", "generations")],
    ),
    ClairNames {
        counter: "claircore_vulnstore_updatevulnerabilities",
        duration: "claircore_vulnstore_updatevulnerabilities_duration_seconds",
        operations: &[("activate", "activate")],
        labels: Labels::QueryDelta,
    },
    ClairNames {
        counter: "claircore_vulnstore_gc",
        duration: "claircore_vulnstore_gc_duration_seconds",
        operations: &[
            ("retire_generations", "updateOps"),
            ("remove_blobs", "deleteVulns"),
        ],
        labels: Labels::QuerySuccess,
    },
];

const fn pair(
    counter: &'static str,
    duration: &'static str,
    operations: &'static [(&'static str, &'static str)],
) -> ClairNames {
    ClairNames {
        counter,
        duration,
        operations,
        labels: Labels::Query,
    }
}

impl Collector for StoreMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let operations = self.operations();
        encode_own(&operations, &mut encoder)?;
        for names in CLAIR {
            names.encode(&operations, &mut encoder)?;
        }
        Ok(())
    }
}

fn encode_own(
    operations: &BTreeMap<&'static str, &Measure>,
    encoder: &mut DescriptorEncoder<'_>,
) -> Result<(), fmt::Error> {
    let mut counts = encoder.encode_descriptor(
        "limpid_store_operations",
        "Operations of the store by their outcome, succeeded or failed.",
        None,
        MetricType::Counter,
    )?;
    for (operation, measure) in operations {
        for (outcome, count) in [
            ("succeeded", &measure.succeeded),
            ("failed", &measure.failed),
        ] {
            let labels = [("operation", *operation), ("outcome", outcome)];
            count.encode(counts.encode_family(&labels)?)?;
        }
    }
    let mut times = encoder.encode_descriptor(
        "limpid_store_operation_duration_seconds",
        "How long operations of the store took.",
        None,
        MetricType::Histogram,
    )?;
    for (operation, measure) in operations {
        let labels = [("operation", *operation)];
        measure.seconds.encode(times.encode_family(&labels)?)?;
    }
    Ok(())
}

impl ClairNames {
    fn encode(
        &self,
        operations: &BTreeMap<&'static str, &Measure>,
        encoder: &mut DescriptorEncoder<'_>,
    ) -> Result<(), fmt::Error> {
        let shown = || {
            self.operations
                .iter()
                .filter_map(|(operation, value)| Some((*operations.get(operation)?, *value)))
        };
        let mut counts = encoder.encode_descriptor(
            self.counter,
            "What Clair has under this name, counted by limpid's operations that do the same.",
            None,
            MetricType::Counter,
        )?;
        for (measure, value) in shown() {
            for (labels, count) in self.labels.of_counter(measure, value) {
                count.encode(counts.encode_family(&labels)?)?;
            }
        }
        let mut times = encoder.encode_descriptor(
            self.duration,
            "What Clair has under this name, timed by limpid's operations that do the same.",
            None,
            MetricType::Histogram,
        )?;
        for (measure, value) in shown() {
            let labels = self.labels.of_duration(value);
            measure.seconds.encode(times.encode_family(&labels)?)?;
        }
        Ok(())
    }
}

type LabelSet = Vec<(&'static str, &'static str)>;

impl Labels {
    fn of_counter(self, measure: &Measure, value: &'static str) -> Vec<(LabelSet, Counter<u64>)> {
        let by_success = |name| {
            vec![
                (
                    vec![(name, value), ("success", "true")],
                    measure.succeeded.clone(),
                ),
                (
                    vec![(name, value), ("success", "false")],
                    measure.failed.clone(),
                ),
            ]
        };
        match self {
            Self::QuerySuccess => by_success("query"),
            Self::ActionSuccess => by_success("action"),
            Self::Query | Self::QueryDelta => {
                let all = Counter::default();
                all.inc_by(measure.succeeded.get() + measure.failed.get());
                vec![(self.of_duration(value), all)]
            }
        }
    }

    /// A duration is not kept apart by success: Clair's label is there, as that of a success.
    fn of_duration(self, value: &'static str) -> LabelSet {
        match self {
            Self::Query | Self::QuerySuccess => vec![("query", value)],
            Self::QueryDelta => vec![("query", value), ("is_delta", "false")],
            Self::ActionSuccess => vec![("action", value), ("success", "true")],
        }
    }
}

#[cfg(test)]
pub(super) fn operations_with_clair_names() -> impl Iterator<Item = &'static str> {
    CLAIR
        .iter()
        .flat_map(|names| names.operations.iter().map(|(operation, _)| *operation))
}
