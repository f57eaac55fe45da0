use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use limpid_types::Digest;
use tokio::runtime::Handle;
use tokio::time::{Instant, sleep, timeout};

use super::report_cache::Fingerprint;
use super::{Shared, beginning_of_hour};
use crate::fault::MatchFault;
use crate::served_data::{Follower, Served};

/// How long new data may wait for its reports to be made.
const PATIENCE: Duration = Duration::from_secs(20);

#[async_trait]
impl Follower for Shared {
    /// Makes the reports by the new data that were used last by the old, so that its first seconds
    /// are not slower than the others. It takes half of a core at most.
    async fn prepare(self: Arc<Self>, next: &Served) {
        let recent = self.cache().recent();
        let preparing = async {
            for manifest in recent {
                let began = Instant::now();
                match prepare_report(&self, &manifest, next).await {
                    Ok(true) => _ = self.metrics.prepared.inc(),
                    Ok(false) => {}
                    // Whoever asks for it will be told.
                    Err(fault) => tracing::debug!(%manifest, %fault, "cannot prepare a report"),
                }
                sleep(began.elapsed()).await;
            }
        };
        // What is not done by then is made when it is asked for.
        let _ = timeout(PATIENCE, preparing).await;
    }
}

/// Makes a report before it is asked for. Tells whether it was kept.
async fn prepare_report(
    shared: &Arc<Shared>,
    manifest: &Digest,
    next: &Served,
) -> Result<bool, MatchFault> {
    let now = beginning_of_hour(Timestamp::now());
    let version = shared.version(manifest).await?;
    let Some(material) = shared.material(manifest, version, next, now).await? else {
        return Ok(false);
    };
    let this = Arc::clone(shared);
    let remake = move || {
        let fingerprint = Fingerprint::of(&material.index);
        this.remake(&material, fingerprint)
    };
    let background = shared.background.clone();
    let background = background.unwrap_or_else(Handle::current);
    let made = background.spawn_blocking(remake).await;
    made.map_err(|_| MatchFault::Aborted)?
        .map(|(_, is_kept)| is_kept)
}
