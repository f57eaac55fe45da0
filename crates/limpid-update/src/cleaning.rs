//! The directory of the snapshots, and clearing away what nobody needs.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use limpid_store::{BlobStore, FeedSnapshot, StoreError};
use limpid_types::{Digest, Hasher};
use limpid_vulndb::format::EXTENSION;

use crate::UpdateError;
use crate::building::Quiet;
use crate::holder::Holder;
use crate::workshop::Workshop;

/// How long ago a lease must have expired before it is forgotten, so that nodes whose clocks differ
/// do not take each other's.
const FORGOTTEN_AFTER: Duration = Duration::from_hours(24);
/// How many leases are forgotten at once.
const MOST_LEASES: usize = 100;

/// Returns where a snapshot is.
pub(crate) fn path(directory: &Path, digest: &Digest) -> PathBuf {
    directory.join(format!("{}.{EXTENSION}", digest.hex()))
}

/// Reads a snapshot through and tells whether it is there and undamaged: its name is its digest.
pub(crate) fn is_complete(directory: &Path, snapshot: &FeedSnapshot) -> io::Result<bool> {
    match fs::metadata(path(directory, &snapshot.snapshot)) {
        Ok(metadata) if metadata.len() != snapshot.bytes => Ok(false),
        Ok(_) => is_undamaged(directory, &snapshot.snapshot),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn is_undamaged(directory: &Path, digest: &Digest) -> io::Result<bool> {
    let mut file = fs::File::open(path(directory, digest))?;
    let mut hasher = Hasher::new(digest.algorithm());
    let mut buffer = vec![0; 256 << 10];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hasher.finish() == *digest),
            count => hasher.update(buffer.get(..count).unwrap_or_default()),
        }
    }
}

/// Forgets old generations and removes their files, here and where they are shared; shares what is
/// needed and is not shared. Returns how many files of this node were removed.
///
/// What is there is listed before it is asked what is needed, so nothing that comes meanwhile is
/// removed. In the directory of this node nothing is removed while somebody builds there, and among
/// the shared snapshots nobody adds anything while the lease is held.
pub(crate) async fn clean(
    workshop: &Workshop,
    keep_generations: usize,
    holder: &Holder,
) -> Result<usize, UpdateError> {
    let directory = workshop.snapshots.clone();
    let here = workshop
        .in_directory(move || Ok(snapshots(&directory)?))
        .await?;
    let shared = match &workshop.blobs {
        Some(blobs) => Some(blobs.blobs().await),
        None => None,
    };
    let now = workshop.clock.now();
    let needed = workshop
        .generations
        .retire_generations(keep_generations, Some(holder.lease()), now)
        .await?;
    let Some(needed) = needed else {
        return Ok(0);
    };
    if let (Some(blobs), Some(shared)) = (&workshop.blobs, shared) {
        let cleaned = match shared {
            Ok(shared) => clean_shared(workshop, blobs, &here, &shared, &needed, holder).await,
            Err(error) => Err(error),
        };
        // The next update does it.
        if let Err(error) = cleaned {
            tracing::warn!(%error, "cannot clear away among the shared snapshots");
        }
    }
    let forgotten = now - FORGOTTEN_AFTER;
    workshop
        .leases
        .remove_expired_leases(forgotten, MOST_LEASES)
        .await?;
    let directory = workshop.snapshots.clone();
    workshop
        .in_directory(move || match Quiet::find(&directory)? {
            Some(_quiet) => Ok(remove(&directory, here.difference(&needed))?),
            None => Ok(0),
        })
        .await
}

async fn clean_shared(
    workshop: &Workshop,
    blobs: &Arc<dyn BlobStore>,
    here: &BTreeSet<Digest>,
    shared: &BTreeSet<Digest>,
    needed: &BTreeSet<Digest>,
    holder: &Holder,
) -> Result<(), StoreError> {
    for digest in needed
        .intersection(here)
        .filter(|one| !shared.contains(one))
    {
        let (directory, wanted) = (workshop.snapshots.clone(), digest.clone());
        let is_undamaged = workshop
            .in_directory(move || Ok(is_undamaged(&directory, &wanted)?))
            .await;
        if is_undamaged.unwrap_or(false) {
            let file = path(&workshop.snapshots, digest);
            blobs.put_blob(digest, &file).await?;
        }
    }
    let unneeded: BTreeSet<Digest> = shared.difference(needed).cloned().collect();
    if !unneeded.is_empty() && holder.is_present().await? {
        blobs.remove_blobs(&unneeded).await?;
    }
    Ok(())
}

/// Returns the snapshots that are there.
pub(crate) fn snapshots(directory: &Path) -> io::Result<BTreeSet<Digest>> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(directory)? {
        found.extend(is_snapshot(&entry?.path()));
    }
    Ok(found)
}

/// Removes snapshots; returns how many were there.
pub(crate) fn remove<'a>(
    directory: &Path,
    snapshots: impl Iterator<Item = &'a Digest>,
) -> io::Result<usize> {
    let mut removed = 0;
    for digest in snapshots {
        match fs::remove_file(path(directory, digest)) {
            Ok(()) => removed += 1,
            // Another process of this machine may clean up as well.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(removed)
}

/// Returns the digest that a file is named by.
fn is_snapshot(path: &Path) -> Option<Digest> {
    if path.extension()? != EXTENSION {
        return None;
    }
    format!("sha256:{}", path.file_stem()?.to_str()?)
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_snapshots_are_found_and_removed() {
        let directory = tempfile::tempdir().unwrap();
        let (old, new) = (Digest::sha256(b"old"), Digest::sha256(b"new"));
        let keep = [
            path(directory.path(), &new),
            directory.path().join("notes.snapshot"),
            directory.path().join(format!("{}.txt", old.hex())),
        ];
        for file in keep.iter().chain([&path(directory.path(), &old)]) {
            fs::write(file, b"x").unwrap();
        }
        let found = snapshots(directory.path()).unwrap();
        assert_eq!(found, BTreeSet::from([old.clone(), new]));
        let gone = [old];
        assert_eq!(remove(directory.path(), gone.iter()).unwrap(), 1);
        assert_eq!(remove(directory.path(), gone.iter()).unwrap(), 0);
        for file in keep {
            assert!(file.try_exists().unwrap(), "{}", file.display());
        }
    }
}
