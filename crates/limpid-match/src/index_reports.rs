use std::sync::Arc;

use async_trait::async_trait;
use limpid_types::{Digest, IndexReport};

/// Gives index reports: the indexer of the same process, or a client of another one.
#[async_trait]
pub trait IndexReports: Send + Sync {
    /// Returns what is known of a manifest, in whatever state; none when nothing is.
    ///
    /// It is asked for every report whose version is not known, because a manifest may have been
    /// deleted or indexed anew.
    async fn index_report(
        &self,
        manifest: &Digest,
    ) -> Result<Option<Arc<IndexReport>>, IndexReportsFault>;

    /// Returns the version of the index report of a manifest that is indexed, when that can be
    /// told for less than the report itself; none otherwise.
    async fn version(&self, manifest: &Digest) -> Result<Option<IndexVersion>, IndexReportsFault>;
}

/// Stands for what an index report of a manifest says: reports of the same version are equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexVersion(Digest);

impl IndexVersion {
    /// Makes a version of a digest of everything that decides what the index report says.
    pub fn of(digest: &Digest) -> Self {
        Self(digest.clone())
    }
}

/// Why there is no index report.
pub type IndexReportsFault = Box<dyn std::error::Error + Send + Sync>;
