use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use jiff::Timestamp;
use limpid_match::{FeedSnapshot, Generation, Options};
use limpid_types::{
    Distribution, Environment, Extension, IndexReport, Package, PackageKind, index_state,
};
use limpid_vulndb::Snapshot;

use super::generator::NAMESPACE;

/// Makes the whole report of an image as JSON; returns how many findings it has.
pub(super) struct WholeReport {
    index: IndexReport,
    generation: Generation,
}

impl WholeReport {
    /// Prepares an image that has these packages in a version, and a generation of one snapshot.
    pub(super) fn new(snapshot: &Path, names: &[String], version: &str) -> Result<Self> {
        let feed = FeedSnapshot {
            name: "debian".to_owned(),
            snapshot: String::new(),
            checked: None,
        };
        let snapshot = Arc::new(Snapshot::open(snapshot)?);
        Ok(Self {
            index: index(names, version),
            generation: Generation::new(1).with_feed(feed, snapshot),
        })
    }

    /// Judges, and writes limpid's JSON.
    pub(super) fn make(&self) -> Result<usize> {
        let now = Timestamp::UNIX_EPOCH;
        let report = limpid_match::judge(&self.index, &self.generation, now, &Options::default())?;
        std::hint::black_box(serde_json::to_vec(&report)?);
        Ok(report.findings.len())
    }
}

fn index(names: &[String], version: &str) -> IndexReport {
    let distribution = Distribution {
        id: "1".to_owned(),
        did: "debian".to_owned(),
        version_code_name: NAMESPACE.trim_start_matches("debian:").to_owned(),
        ..Distribution::default()
    };
    let mut packages = BTreeMap::new();
    let mut environments = BTreeMap::new();
    for (id, name) in names.iter().enumerate() {
        let package = |kind| Package {
            id: id.to_string(),
            name: name.clone(),
            version: version.to_owned(),
            kind: Some(kind),
            ..Package::default()
        };
        let installed = Package {
            source: Some(Box::new(package(PackageKind::Source))),
            ..package(PackageKind::Binary)
        };
        packages.insert(id.to_string(), installed);
        let environment = Environment {
            package_db: "var/lib/dpkg/status".to_owned(),
            distribution_id: "1".to_owned(),
            ..Environment::default()
        };
        environments.insert(id.to_string(), vec![environment]);
    }
    IndexReport {
        manifest_hash: String::new(),
        state: index_state::FINISHED.to_owned(),
        packages,
        distributions: BTreeMap::from([("1".to_owned(), distribution)]),
        repository: BTreeMap::new(),
        environments,
        success: true,
        err: String::new(),
        limpid: Extension::default(),
    }
}
