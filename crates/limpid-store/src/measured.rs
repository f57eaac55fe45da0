//! A store that counts and times what another store does.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::path::Path;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use jiff::Timestamp;
use limpid_types::Digest;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::{
    Acquisition, Activation, Backlog, BlobStore, Build, FeedSnapshot, FeedState, Generation,
    GenerationStore, IndexJob, IndexStore, JobClaim, JobEnd, JobStore, LayerRecord, Lease,
    LeaseStore, ManifestRecord, PointerMove, StoreError, UpdateRun,
};

mod names;

/// What Prometheus's own clients take, and so what Clair has: from 5 ms to 10 s.
const BUCKETS: [f64; 11] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// A store that passes everything on to another store, and counts and times it.
///
/// What is dropped before it is done is not counted.
#[derive(Clone, Debug)]
pub struct Measured<S> {
    inner: S,
    metrics: StoreMetrics,
}

impl<S> Measured<S> {
    /// Measures a store.
    pub fn new(inner: S, metrics: StoreMetrics) -> Self {
        Self { inner, metrics }
    }

    /// Returns the store that is measured.
    pub fn inner(&self) -> &S {
        &self.inner
    }
}

/// Counts and times of one operation.
#[derive(Clone, Debug)]
struct Measure {
    succeeded: Counter,
    failed: Counter,
    seconds: Histogram,
}

impl Default for Measure {
    fn default() -> Self {
        Self {
            succeeded: Counter::default(),
            failed: Counter::default(),
            seconds: Histogram::new(BUCKETS),
        }
    }
}

impl Measure {
    async fn of<T>(
        &self,
        operation: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let start = Instant::now();
        let result = operation.await;
        self.seconds.observe(start.elapsed().as_secs_f64());
        match &result {
            Ok(_) => self.succeeded.inc(),
            Err(_) => self.failed.inc(),
        };
        result
    }
}

/// Passes each method of each trait on through the [`Measure`] of its name.
macro_rules! measured {
    ($($store:ident {
        $(fn $method:ident($($argument:ident: $kind:ty),*) -> $answer:ty;)*
    })*) => {
        /// The metrics of a store, one count and one time for each operation. Clones share them.
        #[derive(Clone, Debug, Default)]
        pub struct StoreMetrics {
            $($($method: Measure,)*)*
        }

        impl StoreMetrics {
            /// Returns the operations by name.
            fn operations(&self) -> BTreeMap<&'static str, &Measure> {
                BTreeMap::from([$($((stringify!($method), &self.$method),)*)*])
            }
        }

        $(
            #[async_trait]
            impl<S: $store> $store for Measured<S> {
                $(
                    async fn $method(&self, $($argument: $kind),*) -> Result<$answer, StoreError> {
                        self.metrics.$method.of(self.inner.$method($($argument),*)).await
                    }
                )*
            }
        )*
    };
}

measured! {
    IndexStore {
        fn save_layer(layer: &Digest, detector_set: &str, record: &LayerRecord, now: Timestamp) -> ();
        fn evidence(layers: &[Digest], detector_set: &str) -> BTreeMap<Digest, Vec<u8>>;
        fn owned_files(layers: &[Digest], detector_set: &str) -> BTreeMap<Digest, Vec<u8>>;
        fn known_layers(layers: &[Digest], detector_set: &str) -> BTreeSet<Digest>;
        fn save_manifest(manifest: &Digest, record: &ManifestRecord) -> bool;
        fn manifest(manifest: &Digest) -> Option<ManifestRecord>;
        fn delete_manifests(manifests: &[Digest]) -> BTreeSet<Digest>;
        fn remove_unused_layers(saved_before: Timestamp, limit: usize) -> usize;
        fn manifests_with_packages(packages: &BTreeSet<String>, after: Option<&Digest>, limit: usize) -> Vec<Digest>;
    }
    JobStore {
        fn submit_job(manifest: &Digest, request: &[u8], layers: u32, urgency: u8, now: Timestamp) -> IndexJob;
        fn claim_job(time_to_live: Duration, now: Timestamp) -> Option<JobClaim>;
        fn renew_job(claim: &JobClaim, layers_done: u32, time_to_live: Duration, now: Timestamp) -> bool;
        fn end_job(claim: &JobClaim, end: &JobEnd, now: Timestamp) -> bool;
        fn record_failure(manifest: &Digest, layers: u32, cause: &str, is_terminal: bool, now: Timestamp) -> ();
        fn job(manifest: &Digest) -> Option<IndexJob>;
        fn backlog() -> Backlog;
        fn remove_failed_jobs(changed_before: Timestamp, limit: usize) -> usize;
    }
    GenerationStore {
        fn current() -> Option<Generation>;
        fn generation(number: u64) -> Option<Generation>;
        fn generations(limit: usize) -> Vec<Generation>;
        fn pointer_moves(limit: usize) -> Vec<PointerMove>;
        fn activate(expected: Option<u64>, feeds: &BTreeMap<String, FeedSnapshot>, lease: Option<&Lease>, now: Timestamp) -> Activation;
        fn roll_back(expected: Option<u64>, to: Option<u64>, now: Timestamp) -> Activation;
        fn pin(generation: u64, owner: &str, time_to_live: Duration, now: Timestamp) -> bool;
        fn unpin(generation: u64, owner: &str) -> ();
        fn retire_generations(keep: usize, lease: Option<&Lease>, now: Timestamp) -> Option<BTreeSet<Digest>>;
        fn forget_snapshot(feed: &str, snapshot: &Digest, now: Timestamp) -> bool;
        fn record_run(run: &UpdateRun, build: Option<&Build>, lease: Option<&Lease>) -> bool;
        fn runs(feed: Option<&str>, limit: usize) -> Vec<UpdateRun>;
        fn feed_states() -> Vec<FeedState>;
    }
    LeaseStore {
        fn acquire_lease(name: &str, owner: &str, time_to_live: Duration, now: Timestamp) -> Acquisition;
        fn renew_lease(lease: &Lease, time_to_live: Duration, now: Timestamp) -> Option<Lease>;
        fn release_lease(lease: &Lease) -> bool;
        fn remove_expired_leases(expired_before: Timestamp, limit: usize) -> usize;
    }
    BlobStore {
        fn put_blob(digest: &Digest, file: &Path) -> ();
        fn get_blob(digest: &Digest, destination: &Path) -> bool;
        fn blobs() -> BTreeSet<Digest>;
        fn remove_blobs(digests: &BTreeSet<Digest>) -> ();
    }
}

impl StoreMetrics {
    /// Adds the metrics to a registry: `limpid_store_operations_total` and
    /// `limpid_store_operation_duration_seconds` for every operation, and Clair's names for those
    /// that Clair has too.
    pub fn register(&self, registry: &mut Registry) {
        registry.register_collector(Box::new(self.clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    /// Blobs are never there, and nothing can be put.
    struct Empty;

    #[async_trait]
    impl BlobStore for Empty {
        async fn put_blob(&self, _: &Digest, _: &Path) -> Result<(), StoreError> {
            Err(StoreError {
                kind: ErrorKind::Unavailable,
                operation: "put blob",
                location: "nowhere".to_owned(),
                source: None,
            })
        }

        async fn get_blob(&self, _: &Digest, _: &Path) -> Result<bool, StoreError> {
            Ok(false)
        }

        async fn blobs(&self) -> Result<BTreeSet<Digest>, StoreError> {
            Ok(BTreeSet::new())
        }

        async fn remove_blobs(&self, _: &BTreeSet<Digest>) -> Result<(), StoreError> {
            Ok(())
        }
    }

    fn exposition(metrics: &StoreMetrics) -> String {
        let mut registry = Registry::default();
        metrics.register(&mut registry);
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
        text
    }

    #[tokio::test]
    async fn answers_pass_through_and_are_counted_by_outcome() {
        let metrics = StoreMetrics::default();
        let store = Measured::new(Empty, metrics.clone());
        let digest: Digest = format!("sha256:{}", "0".repeat(64)).parse().unwrap();
        assert!(!store.get_blob(&digest, Path::new("a")).await.unwrap());
        assert!(!store.get_blob(&digest, Path::new("a")).await.unwrap());
        let refusal = store.put_blob(&digest, Path::new("a")).await.unwrap_err();
        assert_eq!(refusal.kind, ErrorKind::Unavailable);
        let text = exposition(&metrics);
        for line in [
            r#"limpid_store_operations_total{operation="get_blob",outcome="succeeded"} 2"#,
            r#"limpid_store_operations_total{operation="get_blob",outcome="failed"} 0"#,
            r#"limpid_store_operations_total{operation="put_blob",outcome="failed"} 1"#,
            r#"limpid_store_operation_duration_seconds_count{operation="get_blob"} 2"#,
            r#"limpid_store_operation_duration_seconds_count{operation="blobs"} 0"#,
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }

    #[tokio::test]
    async fn clair_s_names_show_the_same_measures() {
        let metrics = StoreMetrics::default();
        let store = Measured::new(Empty, metrics.clone());
        store.remove_blobs(&BTreeSet::new()).await.unwrap();
        let text = exposition(&metrics);
        for line in [
            r#"claircore_vulnstore_gc_total{query="deleteVulns",success="true"} 1"#,
            r#"claircore_vulnstore_gc_total{query="updateOps",success="true"} 0"#,
            r#"claircore_vulnstore_gc_duration_seconds_count{query="deleteVulns"} 1"#,
            r#"claircore_indexer_persistmanifest_total{query="save_manifest"} 0"#,
            r#"claircore_indexer_deletemanifests_total{action="delete_manifests",success="false"} 0"#,
            r#"claircore_vulnstore_updatevulnerabilities_total{query="activate",is_delta="false"} 0"#,
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }

    #[test]
    fn every_operation_that_clair_has_a_name_for_is_there() {
        let metrics = StoreMetrics::default();
        let operations = metrics.operations();
        for operation in names::operations_with_clair_names() {
            assert!(operations.contains_key(operation), "{operation}");
        }
    }
}
