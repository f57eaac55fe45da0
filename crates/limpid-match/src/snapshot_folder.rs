use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use limpid_store::{BlobStore, FeedSnapshot, StoreError};
use limpid_types::Digest;
use limpid_vulndb::{Snapshot, format::EXTENSION};
use thiserror::Error;
use tokio::task::spawn_blocking;

use crate::unique_name::unique_name;

/// What the names of files end in that are being fetched.
const FETCHED_SUFFIX: &str = ".fetched";

/// Younger files are left alone when others are removed: they may belong to an update that has
/// not been activated yet, or to a fetch that goes on.
const MINIMUM_AGE: Duration = Duration::from_hours(1);

/// The folder of the snapshot files of a node, and the blob store that the others are fetched
/// from.
#[derive(Clone)]
pub struct SnapshotFolder {
    directory: PathBuf,
    blobs: Option<Arc<dyn BlobStore>>,
}

/// Why a snapshot cannot be had.
#[derive(Debug, Error)]
pub enum SnapshotFault {
    /// There is no file, and no blob store to fetch it from.
    #[error("snapshot has no file: {snapshot}")]
    NoFile {
        /// Digest of the snapshot.
        snapshot: Digest,
    },
    /// There is neither a file nor a blob.
    #[error("snapshot has neither a file nor a blob: {snapshot}")]
    NoBlob {
        /// Digest of the snapshot.
        snapshot: Digest,
    },
    /// The file has not the size that the snapshot was built with.
    #[error("snapshot file has {found} bytes instead of {expected}: {snapshot}")]
    WrongSize {
        /// Digest of the snapshot.
        snapshot: Digest,
        /// Size of the file.
        found: u64,
        /// Size of the snapshot.
        expected: u64,
    },
    /// The file cannot be opened.
    #[error("cannot open snapshot: {snapshot}")]
    Unreadable {
        /// Digest of the snapshot.
        snapshot: Digest,
        /// What went wrong.
        #[source]
        source: limpid_vulndb::Error,
    },
    /// The blob store did not give it.
    #[error("cannot fetch snapshot: {snapshot}")]
    Fetch {
        /// Digest of the snapshot.
        snapshot: Digest,
        /// What went wrong.
        #[source]
        source: StoreError,
    },
    /// It was fetched but cannot be kept in the folder.
    #[error("cannot keep fetched snapshot: {snapshot}")]
    Keep {
        /// Digest of the snapshot.
        snapshot: Digest,
        /// What went wrong.
        #[source]
        source: io::Error,
    },
}

impl SnapshotFolder {
    /// Makes a folder over a directory. Snapshots that are missing there are fetched when there
    /// is a blob store.
    pub fn new(directory: PathBuf, blobs: Option<Arc<dyn BlobStore>>) -> Self {
        Self { directory, blobs }
    }

    /// Opens a snapshot, fetching its file when there is none or a damaged one.
    pub async fn open(&self, stored: &FeedSnapshot) -> Result<Arc<Snapshot>, SnapshotFault> {
        let local = self.open_file(stored).await;
        let (Err(fault), Some(blobs)) = (&local, &self.blobs) else {
            return local;
        };
        if !matches!(fault, SnapshotFault::NoFile { .. }) {
            tracing::warn!(error = %fault, "fetching a damaged snapshot again");
        }
        self.fetch(blobs.as_ref(), &stored.snapshot).await?;
        self.open_file(stored).await
    }

    async fn open_file(&self, stored: &FeedSnapshot) -> Result<Arc<Snapshot>, SnapshotFault> {
        let path = self.path(&stored.snapshot);
        let (digest, expected) = (stored.snapshot.clone(), stored.bytes);
        let opening = spawn_blocking(move || open_file(&path, digest, expected));
        opening.await.unwrap_or_else(|source| {
            Err(SnapshotFault::Keep {
                snapshot: stored.snapshot.clone(),
                source: io::Error::other(source),
            })
        })
    }

    async fn fetch(&self, blobs: &dyn BlobStore, digest: &Digest) -> Result<(), SnapshotFault> {
        let name = format!("{}.{}{FETCHED_SUFFIX}", digest.hex(), unique_name());
        let temporary = self.directory.join(name);
        let is_there =
            blobs
                .get_blob(digest, &temporary)
                .await
                .map_err(|source| SnapshotFault::Fetch {
                    snapshot: digest.clone(),
                    source,
                })?;
        if !is_there {
            return Err(SnapshotFault::NoBlob {
                snapshot: digest.clone(),
            });
        }
        let path = self.path(digest);
        spawn_blocking(move || keep(&temporary, &path))
            .await
            .unwrap_or_else(|error| Err(io::Error::other(error)))
            .map_err(|source| SnapshotFault::Keep {
                snapshot: digest.clone(),
                source,
            })
    }

    /// Removes the files of snapshots that are not needed and what killed fetches have left; the
    /// blob store still has them. Without a blob store it removes nothing. Returns how many.
    pub(crate) async fn remove_others(&self, needed: BTreeSet<Digest>) -> io::Result<usize> {
        if self.blobs.is_none() {
            return Ok(0);
        }
        let directory = self.directory.clone();
        spawn_blocking(move || remove_others(&directory, &needed, SystemTime::now()))
            .await
            .unwrap_or_else(|error| Err(io::Error::other(error)))
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        self.directory.join(format!("{}.{EXTENSION}", digest.hex()))
    }
}

fn open_file(path: &Path, snapshot: Digest, expected: u64) -> Result<Arc<Snapshot>, SnapshotFault> {
    let opened = match Snapshot::open(path) {
        Ok(opened) => opened,
        Err(limpid_vulndb::Error::Io { source, .. })
            if source.kind() == io::ErrorKind::NotFound =>
        {
            return Err(SnapshotFault::NoFile { snapshot });
        }
        Err(source) => return Err(SnapshotFault::Unreadable { snapshot, source }),
    };
    let found = opened.size_bytes();
    if found != expected {
        return Err(SnapshotFault::WrongSize {
            snapshot,
            found,
            expected,
        });
    }
    Ok(Arc::new(opened))
}

/// Gives a complete file its name, so that no reader finds a file that a crash cut short.
fn keep(temporary: &Path, path: &Path) -> io::Result<()> {
    File::open(temporary)?.sync_all()?;
    fs::rename(temporary, path)
}

fn remove_others(
    directory: &Path,
    needed: &BTreeSet<Digest>,
    now: SystemTime,
) -> io::Result<usize> {
    let mut removed = 0;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let path = entry.path();
        let modified = entry.metadata()?.modified()?;
        let is_old = now
            .duration_since(modified)
            .is_ok_and(|age| age >= MINIMUM_AGE);
        if is_old && is_superfluous(&path, needed) {
            fs::remove_file(&path)?;
            removed += 1;
        }
    }
    Ok(removed)
}

fn is_superfluous(path: &Path, needed: &BTreeSet<Digest>) -> bool {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
        return false;
    };
    if name.ends_with(FETCHED_SUFFIX) {
        return true;
    }
    name.strip_suffix(EXTENSION)
        .and_then(|name| name.strip_suffix('.'))
        .and_then(|hex| format!("sha256:{hex}").parse::<Digest>().ok())
        .is_some_and(|digest| !needed.contains(&digest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_old_files_that_nobody_needs_are_removed() {
        let directory = tempfile::tempdir().unwrap();
        let (old, new) = (Digest::sha256(b"old"), Digest::sha256(b"new"));
        let name = |digest: &Digest| format!("{}.{EXTENSION}", digest.hex());
        let keep = [name(&new), format!("notes.{EXTENSION}"), "notes".into()];
        let remove = [name(&old), format!("{}.1{FETCHED_SUFFIX}", new.hex())];
        for name in keep.iter().chain(&remove) {
            fs::write(directory.path().join(name), b"x").unwrap();
        }
        let needed = BTreeSet::from([new]);
        let now = SystemTime::now();
        let removed_at = |now| remove_others(directory.path(), &needed, now).unwrap();
        assert_eq!(removed_at(now), 0);
        assert_eq!(removed_at(now + MINIMUM_AGE * 2), remove.len());
        for name in keep {
            assert!(directory.path().join(&name).try_exists().unwrap(), "{name}");
        }
    }
}
