//! A folder of snapshots, a store and a service over them.

#![expect(
    clippy::unwrap_used,
    reason = "a build in an empty directory does not fail"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::Timestamp;
use limpid_match::{
    IndexReports, IndexReportsFault, IndexVersion, MatchService, MatchSettings, ServedData,
};
use limpid_store::{FeedSnapshot, GenerationStore};
use limpid_types::{Advisory, Digest, IndexReport};
use limpid_vulndb::{BuildLimits, SnapshotBuilder, SnapshotMeta};
use tempfile::TempDir;

use crate::test_store::{TestBlobs, TestStore};

/// Builds a snapshot into a folder.
pub(crate) fn build(directory: &Path, feed: &str, advisories: &[Advisory]) -> FeedSnapshot {
    let mut builder = SnapshotBuilder::new(directory, BuildLimits::default()).unwrap();
    for advisory in advisories {
        builder.add(advisory).unwrap();
    }
    let built = builder
        .finish(SnapshotMeta::new(feed, 1), directory)
        .unwrap();
    let now = Timestamp::now();
    FeedSnapshot {
        snapshot: built.digest,
        records: built.records,
        quarantined: 0,
        bytes: built.bytes,
        built: now,
        checked: now,
    }
}

pub(crate) struct Installation {
    pub(crate) directory: TempDir,
    pub(crate) store: Arc<TestStore>,
    pub(crate) blobs: Arc<TestBlobs>,
}

impl Installation {
    pub(crate) fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
            store: Arc::default(),
            blobs: Arc::default(),
        }
    }

    pub(crate) fn build(&self, feed: &str, advisories: &[Advisory]) -> FeedSnapshot {
        build(self.directory.path(), feed, advisories)
    }

    pub(crate) fn path(&self, snapshot: &FeedSnapshot) -> PathBuf {
        let name = format!("{}.snapshot", snapshot.snapshot.hex());
        self.directory.path().join(name)
    }

    /// Moves a snapshot from the folder to the blob store.
    pub(crate) fn move_to_blobs(&self, snapshot: &FeedSnapshot) {
        let content = fs::read(self.path(snapshot)).unwrap();
        fs::remove_file(self.path(snapshot)).unwrap();
        let mut blobs = self.blobs.blobs.lock().unwrap();
        blobs.insert(snapshot.snapshot.clone(), content);
    }

    /// Data that reads only the folder.
    pub(crate) fn data(&self) -> ServedData {
        ServedData::new(self.generations(), self.directory.path().into(), None)
    }

    /// Data that also fetches from the blob store.
    pub(crate) fn data_with_blobs(&self) -> ServedData {
        let blobs = Arc::clone(&self.blobs);
        let directory = self.directory.path().into();
        ServedData::new(self.generations(), directory, Some(blobs))
    }

    fn generations(&self) -> Arc<dyn GenerationStore> {
        Arc::<TestStore>::clone(&self.store)
    }
}

/// Index reports in memory.
#[derive(Default)]
pub(crate) struct TestReports {
    reports: Mutex<BTreeMap<Digest, Arc<IndexReport>>>,
    pub(crate) asked: AtomicUsize,
    pub(crate) tells_no_versions: AtomicBool,
    /// For which manifest nothing is ever answered.
    pub(crate) silent: Mutex<Option<Digest>>,
}

impl TestReports {
    pub(crate) fn put(&self, name: &str, mut report: IndexReport) -> Digest {
        let digest = Digest::sha256(name.as_bytes());
        report.manifest_hash = digest.to_string();
        let mut reports = self.reports.lock().unwrap();
        reports.insert(digest.clone(), Arc::new(report));
        digest
    }

    pub(crate) fn remove(&self, manifest: &Digest) {
        self.reports.lock().unwrap().remove(manifest);
    }

    pub(crate) fn service(self: &Arc<Self>, data: ServedData) -> MatchService {
        let reports = Arc::<Self>::clone(self);
        MatchService::new(reports, data, MatchSettings::default())
    }
}

#[async_trait]
impl IndexReports for TestReports {
    async fn index_report(
        &self,
        manifest: &Digest,
    ) -> Result<Option<Arc<IndexReport>>, IndexReportsFault> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        Ok(self.reports.lock().unwrap().get(manifest).cloned())
    }

    async fn version(&self, manifest: &Digest) -> Result<Option<IndexVersion>, IndexReportsFault> {
        if self.silent.lock().unwrap().as_ref() == Some(manifest) {
            std::future::pending::<()>().await;
        }
        if self.tells_no_versions.load(Ordering::SeqCst) {
            return Ok(None);
        }
        let reports = self.reports.lock().unwrap();
        let json = reports.get(manifest).map(serde_json::to_vec).transpose()?;
        Ok(json.map(|json| IndexVersion::of(&Digest::sha256(&json))))
    }
}
