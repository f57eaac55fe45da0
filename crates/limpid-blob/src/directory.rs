use std::collections::BTreeSet;
use std::error::Error;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use limpid_store::{BlobStore, ErrorKind, StoreError};
use limpid_types::Digest;
use tokio::task::spawn_blocking;

use crate::incoming::{Incoming, IncomingError, PARTIAL_SUFFIX, partial_beside, place};
use crate::name;

/// Bytes that are copied at a time.
const BUFFER_BYTES: usize = 256 << 10;

/// How old an incomplete file must be before it is taken for what a killed process left. Others may
/// be writing theirs.
const ABANDONED_AFTER: Duration = Duration::from_hours(24);

/// Keeps blobs as files in a directory that all nodes share.
///
/// A file has its name only when it is complete and durable.
#[derive(Clone, Debug)]
pub struct DirectoryBlobs {
    directory: PathBuf,
}

type Cause = Box<dyn Error + Send + Sync>;

impl DirectoryBlobs {
    /// Keeps blobs in a directory, which is made when it is not there.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
        }
    }

    /// Does something with the directory where the program can wait.
    async fn work<T: Send + 'static>(
        &self,
        operation: &'static str,
        work: impl FnOnce(&Path) -> Result<T, Cause> + Send + 'static,
    ) -> Result<T, StoreError> {
        let directory = self.directory.clone();
        let done = spawn_blocking(move || work(&directory)).await;
        done.map_err(Into::into).flatten().map_err(|cause| {
            let is_damaged = matches!(cause.downcast_ref(), Some(IncomingError::Damaged { .. }));
            StoreError {
                kind: if is_damaged {
                    ErrorKind::Damaged
                } else {
                    ErrorKind::Unavailable
                },
                operation,
                location: self.directory.display().to_string(),
                source: Some(cause),
            }
        })
    }
}

#[async_trait]
impl BlobStore for DirectoryBlobs {
    async fn put_blob(&self, digest: &Digest, file: &Path) -> Result<(), StoreError> {
        let (digest, file) = (digest.clone(), file.to_owned());
        self.work("put blob", move |directory| {
            Ok(put(directory, &digest, &file)?)
        })
        .await
    }

    async fn get_blob(&self, digest: &Digest, destination: &Path) -> Result<bool, StoreError> {
        let (digest, destination) = (digest.clone(), destination.to_owned());
        self.work("get blob", move |directory| {
            get(directory, &digest, &destination)
        })
        .await
    }

    async fn blobs(&self) -> Result<BTreeSet<Digest>, StoreError> {
        self.work("list blobs", |directory| Ok(list(directory)?))
            .await
    }

    async fn remove_blobs(&self, digests: &BTreeSet<Digest>) -> Result<(), StoreError> {
        let digests = digests.clone();
        self.work("remove blobs", move |directory| {
            for digest in &digests {
                remove(&directory.join(name::name(digest)))?;
            }
            Ok(remove_abandoned(directory)?)
        })
        .await
    }
}

fn put(directory: &Path, digest: &Digest, file: &Path) -> io::Result<()> {
    let mut source = File::open(file)?;
    let target = directory.join(name::name(digest));
    match fs::metadata(&target) {
        Ok(found) if found.len() == source.metadata()?.len() => return Ok(()),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => fs::create_dir_all(directory)?,
        Err(error) => return Err(error),
    }
    let mut partial = partial_beside(&target)?;
    io::copy(&mut source, &mut partial)?;
    place(partial, &target)
}

fn get(directory: &Path, digest: &Digest, destination: &Path) -> Result<bool, Cause> {
    let mut source = match File::open(directory.join(name::name(digest))) {
        Ok(source) => source,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error.into()),
    };
    let mut incoming = Incoming::new(digest, destination)?;
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        match source.read(&mut buffer)? {
            0 => break,
            count => incoming.push(buffer.get(..count).unwrap_or_default())?,
        }
    }
    incoming.finish()?;
    Ok(true)
}

fn list(directory: &Path) -> io::Result<BTreeSet<Digest>> {
    let mut found = BTreeSet::new();
    for entry in entries(directory)? {
        found.extend(entry?.file_name().to_str().and_then(name::digest));
    }
    Ok(found)
}

/// Removes incomplete files that nobody has written to for a long time.
fn remove_abandoned(directory: &Path) -> io::Result<()> {
    let now = SystemTime::now();
    for entry in entries(directory)? {
        let entry = entry?;
        let is_partial = entry
            .file_name()
            .as_encoded_bytes()
            .ends_with(PARTIAL_SUFFIX.as_bytes());
        if !is_partial {
            continue;
        }
        // It may be placed or removed by its writer at this very moment.
        let Ok(modified) = entry.metadata().and_then(|metadata| metadata.modified()) else {
            continue;
        };
        let age = now.duration_since(modified).unwrap_or_default();
        if age >= ABANDONED_AFTER {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

/// Returns what is in a directory; nothing when it is not there.
fn entries(directory: &Path) -> io::Result<impl Iterator<Item = io::Result<fs::DirEntry>>> {
    match fs::read_dir(directory) {
        Ok(entries) => Ok(Some(entries).into_iter().flatten()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None.into_iter().flatten()),
        Err(error) => Err(error),
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
