//! Snapshots on this node, and getting those that other nodes made.

use std::error::Error;
use std::sync::Arc;

use limpid_store::{FeedSnapshot, StoreError};
use tempfile::Builder;

use crate::cleaning::{is_complete, path};
use crate::workshop::Workshop;

/// Makes sure that a snapshot is in the directory of this node, undamaged; gets it from the blob
/// store otherwise. False means that it is nowhere.
pub(crate) async fn have(
    workshop: &Workshop,
    snapshot: &FeedSnapshot,
) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let (directory, wanted) = (workshop.snapshots.clone(), snapshot.clone());
    let is_there = tokio::task::spawn_blocking(move || is_complete(&directory, &wanted)).await??;
    match &workshop.blobs {
        Some(blobs) if !is_there => {
            // The name says that it is incomplete, should this process be killed.
            let partial = Builder::new()
                .prefix("snapshot-")
                .suffix(".partial")
                .tempfile_in(&workshop.snapshots)?
                .into_temp_path();
            if !blobs.get_blob(&snapshot.snapshot, &partial).await? {
                return Ok(false);
            }
            partial.persist(path(&workshop.snapshots, &snapshot.snapshot))?;
            Ok(true)
        }
        _ => Ok(is_there),
    }
}

/// Keeps a snapshot of this node where other nodes can get it, if there is such a place.
pub(crate) async fn share(workshop: &Workshop, snapshot: &FeedSnapshot) -> Result<(), StoreError> {
    let Some(blobs) = workshop.blobs.as_ref().map(Arc::clone) else {
        return Ok(());
    };
    let digest = &snapshot.snapshot;
    blobs
        .put_blob(digest, &path(&workshop.snapshots, digest))
        .await
}
