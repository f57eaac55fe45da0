use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;

use limpid_http::Fetcher;
use limpid_store::{BlobStore, GenerationStore, LeaseStore};
use tokio::task::spawn_blocking;

use crate::{Clock, UpdateError, UpdateMetrics};

/// What all updates of a process work with.
#[derive(Clone)]
pub(crate) struct Workshop {
    pub(crate) generations: Arc<dyn GenerationStore>,
    pub(crate) leases: Arc<dyn LeaseStore>,
    /// Where snapshots are kept for other nodes, if there are any.
    pub(crate) blobs: Option<Arc<dyn BlobStore>>,
    pub(crate) fetcher: Fetcher,
    /// Where snapshots are kept for this node.
    pub(crate) snapshots: PathBuf,
    pub(crate) clock: Arc<dyn Clock>,
    /// What this process is called in leases.
    pub(crate) owner: Arc<str>,
    pub(crate) metrics: UpdateMetrics,
    /// Is called each time this process has changed which generation is served.
    pub(crate) activation_hook: Arc<dyn Fn() + Send + Sync>,
}

impl Workshop {
    /// Does something with the directory of the snapshots where the program can wait.
    pub(crate) async fn in_directory<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Box<dyn Error + Send + Sync>> + Send + 'static,
    ) -> Result<T, UpdateError> {
        let done = spawn_blocking(work).await;
        done.map_err(Into::into)
            .flatten()
            .map_err(|source| UpdateError::Directory {
                path: self.snapshots.clone(),
                source,
            })
    }
}
