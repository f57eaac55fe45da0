use std::sync::Arc;

use async_trait::async_trait;
use limpid_index::IndexService;
use limpid_match::{IndexReports, IndexReportsFault, IndexVersion};
use limpid_types::{Digest, IndexReport};

/// The index reports of the indexer of the same process.
pub struct LocalReports(IndexService);

impl LocalReports {
    /// Lets a matcher ask an indexer.
    pub fn new(indexer: IndexService) -> Self {
        Self(indexer)
    }
}

#[async_trait]
impl IndexReports for LocalReports {
    async fn index_report(
        &self,
        manifest: &Digest,
    ) -> Result<Option<Arc<IndexReport>>, IndexReportsFault> {
        Ok(self.0.report(manifest).await?)
    }

    async fn version(&self, manifest: &Digest) -> Result<Option<IndexVersion>, IndexReportsFault> {
        let digest = self.0.version(manifest).await?;
        Ok(digest.as_ref().map(IndexVersion::of))
    }
}
