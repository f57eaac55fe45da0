use serde::{Deserialize, Serialize};

use super::Blocks;
use crate::connstring::ConnectionString;
use crate::key_path::KeyPath;
use crate::lint::Lints;

/// The indexer, which finds out what is in images.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Indexer {
    /// The database.
    pub connstring: ConnectionString,
    /// Seconds between attempts to lock a manifest. Has no effect, in Clair neither.
    pub scanlock_retry: i64,
    /// How many layers of one manifest are read at the same time; negative means one for each
    /// processor.
    pub layer_scan_concurrency: i64,
    /// How many index requests are served at the same time; see [`Indexer::request_limit`].
    pub index_report_request_concurrency: i64,
    /// Whether the database's schema is brought up to date at the start.
    pub migrations: bool,
    /// Whether nothing but layers may be fetched.
    pub airgap: bool,
    /// Settings of single detectors.
    pub scanner: Scanners,
}

/// Settings of detectors by what they find.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Scanners {
    /// Detectors of packages.
    #[serde(skip_serializing_if = "Blocks::is_empty")]
    pub package: Blocks,
    /// Detectors of distributions.
    #[serde(skip_serializing_if = "Blocks::is_empty")]
    pub dist: Blocks,
    /// Detectors of repositories.
    #[serde(skip_serializing_if = "Blocks::is_empty")]
    pub repo: Blocks,
}

const SCANLOCK_RETRY: i64 = 1;
const LAYER_SCAN_CONCURRENCY: i64 = 10;
const REQUESTS_OF_A_PROCESSOR: usize = 4;

impl Indexer {
    /// Returns how many index requests may be served at once on so many processors; nothing means
    /// any number.
    pub fn request_limit(&self, processors: usize) -> Option<usize> {
        match self.index_report_request_concurrency {
            0 => Some(processors.saturating_mul(REQUESTS_OF_A_PROCESSOR).max(1)),
            limit => usize::try_from(limit).ok(),
        }
    }

    /// Returns how many layers of one manifest are read at once on so many processors.
    pub fn layers_at_once(&self, processors: usize) -> usize {
        usize::try_from(self.layer_scan_concurrency)
            .unwrap_or(processors)
            .max(1)
    }

    pub(super) fn lint(&self, at: &KeyPath, lints: &mut Lints) {
        self.connstring.lint(at.key("connstring"), lints);
        if self.scanlock_retry != 0 {
            lints.add(at.key("scanlock_retry"), "key has no effect");
        }
        lints.add_if(
            self.scanlock_retry > 10,
            at.key("scanlock_retry"),
            "attempts more than 10 seconds apart would delay indexing",
        );
        let concurrency = at.key("layer_scan_concurrency");
        match self.layer_scan_concurrency {
            1..4 => lints.add(
                concurrency,
                "fewer than 4 layers at once make indexing slow",
            ),
            33.. => lints.add(
                concurrency,
                "more than 32 layers at once may use much memory",
            ),
            _ => {}
        }
        for (blocks, kind, name, key) in [
            (
                &self.scanner.repo,
                "repo",
                "rhel-repository-scanner",
                "repo2cpe_mapping_file",
            ),
            (
                &self.scanner.package,
                "package",
                "rhel_containerscanner",
                "name2repos_mapping_file",
            ),
        ] {
            let is_set = blocks
                .get(name)
                .is_some_and(|block| block.get(key).is_some());
            lints.add_if(
                is_set,
                at.key("scanner").key(kind).key(name).key(key),
                "key has no effect, the mapping is a feed: see limpid.feeds.mirror",
            );
        }
        lints.add_if(
            self.index_report_request_concurrency == 0,
            at.key("index_report_request_concurrency"),
            "limit of requests is derived from the number of processors",
        );
    }

    pub(super) fn settle(&mut self) {
        if self.scanlock_retry == 0 {
            self.scanlock_retry = SCANLOCK_RETRY;
        }
        if self.layer_scan_concurrency == 0 {
            self.layer_scan_concurrency = LAYER_SCAN_CONCURRENCY;
        }
    }
}
