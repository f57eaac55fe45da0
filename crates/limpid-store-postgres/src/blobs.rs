//! Snapshot files, in parts of one MiB.
//!
//! What a part holds follows from the digest of the blob and its place in it. So several may put the
//! same blob at the same time, and whoever puts one that another was killed at goes on from there.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use limpid_store::{BlobStore, StoreError};
use limpid_types::{Digest, Hasher};
use tempfile::NamedTempFile;
use tokio::task::spawn_blocking;
use tokio_postgres::types::Type;

use crate::PostgresStore;
use crate::column::{self, get};
use crate::connection::Lock;
use crate::database::Database;
use crate::failure::Failure;

/// Size of a part in bytes; part of the format.
const PART: u64 = 1 << 20;

/// How many parts one statement removes.
const BATCH: i64 = 64;

/// How often a blob is sent again whose parts were removed meanwhile.
const ROUNDS: usize = 3;

/// What the names of incomplete files end in, wherever snapshots are; whoever finds one that nobody
/// writes any more removes it.
const PARTIAL_SUFFIX: &str = ".partial";

#[async_trait]
impl BlobStore for PostgresStore {
    async fn put_blob(&self, digest: &Digest, file: &Path) -> Result<(), StoreError> {
        put(self.database(), digest, file).await
    }

    async fn get_blob(&self, digest: &Digest, destination: &Path) -> Result<bool, StoreError> {
        fetch(self.database(), digest, destination).await
    }

    async fn blobs(&self) -> Result<BTreeSet<Digest>, StoreError> {
        self.database()
            .work("list blobs", || list(self.database()))
            .await
    }

    async fn remove_blobs(&self, digests: &BTreeSet<Digest>) -> Result<(), StoreError> {
        let mut digests = column::digests(digests);
        let abandoned = self
            .database()
            .work("find abandoned blobs", || abandoned(self.database()));
        digests.extend(abandoned.await?);
        for digest in digests {
            remove(self.database(), &digest).await?;
        }
        Ok(())
    }
}

async fn put(database: &Database, digest: &Digest, file: &Path) -> Result<(), StoreError> {
    const OPERATION: &str = "put blob";
    let failed = |failure: Failure| failure.during(OPERATION, database.location());
    let digest = column::digest_bytes(digest);
    let path = file.to_owned();
    let (file, parts) = on_thread(move || {
        let file = File::open(path)?;
        let parts = file.metadata()?.len().div_ceil(PART);
        Ok((Arc::new(file), parts))
    })
    .await
    .map_err(failed)?;
    let parts = i32::try_from(parts).unwrap_or(i32::MAX);
    for _ in 0..ROUNDS {
        let Some(present) = database
            .work(OPERATION, || begin(database, &digest, parts))
            .await?
        else {
            return Ok(());
        };
        for position in (0..parts).filter(|position| !present.contains(position)) {
            let file = Arc::clone(&file);
            let content = on_thread(move || read_part(&file, position)).await;
            let content = content.map_err(failed)?;
            database
                .work(OPERATION, || {
                    save_part(database, &digest, position, &content)
                })
                .await?;
        }
        if database
            .work(OPERATION, || complete(database, &digest, parts))
            .await?
        {
            return Ok(());
        }
    }
    Err(failed(Failure::BlobRemoved))
}

/// Notes that a blob is being put. Returns the parts that are there, or none when all is there.
async fn begin(
    database: &Database,
    digest: &[u8],
    parts: i32,
) -> Result<Option<BTreeSet<i32>>, Failure> {
    let connection = database.connection().await?;
    let rows = connection
        .rows(
            "INSERT INTO limpid.blob AS blob (digest, is_complete, parts, begun)
             VALUES ($1, false, $2, now())
             ON CONFLICT (digest) DO UPDATE SET begun = now() WHERE NOT blob.is_complete
             RETURNING true",
            &[(&digest, Type::BYTEA), (&parts, Type::INT4)],
        )
        .await?;
    if rows.is_empty() {
        return Ok(None);
    }
    let rows = connection
        .rows(
            "SELECT position FROM limpid.blob_part WHERE digest = $1",
            &[(&digest, Type::BYTEA)],
        )
        .await?;
    let present = rows.iter().map(|row| get(row, 0));
    present.collect::<Result<_, _>>().map(Some)
}

async fn save_part(
    database: &Database,
    digest: &[u8],
    position: i32,
    content: &[u8],
) -> Result<(), Failure> {
    let connection = database.connection().await?;
    connection
        .rows(
            "INSERT INTO limpid.blob_part (digest, position, content) VALUES ($1, $2, $3)
             ON CONFLICT DO NOTHING",
            &[
                (&digest, Type::BYTEA),
                (&position, Type::INT4),
                (&content, Type::BYTEA),
            ],
        )
        .await?;
    Ok(())
}

/// Says that a blob is there, if all its parts are.
async fn complete(database: &Database, digest: &[u8], parts: i32) -> Result<bool, Failure> {
    let mut connection = database.connection().await?;
    let unit = connection.begin().await?;
    unit.lock(Lock::Blobs).await?;
    let rows = unit
        .change(
            "INSERT INTO limpid.blob (digest, is_complete, parts, begun)
             SELECT $1, true, $2, now()
             WHERE $2 = (SELECT count(*) FROM limpid.blob_part WHERE digest = $1)
             ON CONFLICT (digest) DO UPDATE SET is_complete = true, parts = excluded.parts",
            &[(&digest, Type::BYTEA), (&parts, Type::INT4)],
        )
        .await?;
    unit.commit().await?;
    Ok(rows > 0)
}

async fn fetch(
    database: &Database,
    digest: &Digest,
    destination: &Path,
) -> Result<bool, StoreError> {
    const OPERATION: &str = "get blob";
    let failed = |failure: Failure| failure.during(OPERATION, database.location());
    let key = column::digest_bytes(digest);
    let found = database
        .work(OPERATION, || parts_of(database, &key))
        .await?;
    let Some(parts) = found else {
        return Ok(false);
    };
    let directory = directory(destination).to_owned();
    let mut file = on_thread(move || {
        tempfile::Builder::new()
            .suffix(PARTIAL_SUFFIX)
            .tempfile_in(directory)
    })
    .await
    .map_err(failed)?;
    let mut hasher = Hasher::new(digest.algorithm());
    for position in 0..parts {
        let content = database
            .work(OPERATION, || load_part(database, &key, position))
            .await?;
        let Some(content) = content else {
            // It may have been removed meanwhile.
            let left = database
                .work(OPERATION, || parts_of(database, &key))
                .await?;
            return match left {
                Some(_) => Err(failed(Failure::DamagedBlob)),
                None => Ok(false),
            };
        };
        (file, hasher) = on_thread(move || {
            hasher.update(&content);
            file.write_all(&content)?;
            Ok((file, hasher))
        })
        .await
        .map_err(failed)?;
    }
    if hasher.finish() != *digest {
        return Err(failed(Failure::DamagedBlob));
    }
    let destination = destination.to_owned();
    on_thread(move || settle(file, &destination))
        .await
        .map_err(failed)?;
    Ok(true)
}

/// Returns how many parts a blob has; none when it is not there.
async fn parts_of(database: &Database, digest: &[u8]) -> Result<Option<i32>, Failure> {
    let connection = database.connection().await?;
    let rows = connection
        .rows(
            "SELECT parts FROM limpid.blob WHERE digest = $1 AND is_complete",
            &[(&digest, Type::BYTEA)],
        )
        .await?;
    rows.first().map(|row| get(row, 0)).transpose()
}

async fn load_part(
    database: &Database,
    digest: &[u8],
    position: i32,
) -> Result<Option<Vec<u8>>, Failure> {
    let connection = database.connection().await?;
    let rows = connection
        .rows(
            "SELECT content FROM limpid.blob_part WHERE digest = $1 AND position = $2",
            &[(&digest, Type::BYTEA), (&position, Type::INT4)],
        )
        .await?;
    rows.first().map(|row| get(row, 0)).transpose()
}

async fn list(database: &Database) -> Result<BTreeSet<Digest>, Failure> {
    let connection = database.connection().await?;
    let rows = connection
        .rows("SELECT digest FROM limpid.blob WHERE is_complete", &[])
        .await?;
    rows.iter().map(|row| column::digest(row, 0)).collect()
}

/// Returns the blobs that somebody began to put so long ago that nobody is at it any more. If
/// somebody is nevertheless, it sends again what was removed.
async fn abandoned(database: &Database) -> Result<Vec<Vec<u8>>, Failure> {
    let connection = database.connection().await?;
    let rows = connection
        .rows(
            "SELECT digest FROM limpid.blob
             WHERE NOT is_complete AND begun < now() - interval '1 day'",
            &[],
        )
        .await?;
    rows.iter().map(|row| get(row, 0)).collect()
}

/// Removes a blob: first it is not there any more, then its parts go. When that does not come to
/// its end, the row stays, and who removes the next blob finds it.
async fn remove(database: &Database, digest: &[u8]) -> Result<(), StoreError> {
    let mut is_first = true;
    while database
        .work("remove blob", || remove_parts(database, digest, is_first))
        .await?
    {
        is_first = false;
    }
    Ok(())
}

/// Removes some parts of a blob. Tells whether there may be more.
async fn remove_parts(database: &Database, digest: &[u8], is_first: bool) -> Result<bool, Failure> {
    let mut connection = database.connection().await?;
    let unit = connection.begin().await?;
    unit.lock(Lock::Blobs).await?;
    let parameters = [(&digest as _, Type::BYTEA)];
    if is_first {
        unit.change(
            "UPDATE limpid.blob SET is_complete = false, begun = 'epoch' WHERE digest = $1",
            &parameters,
        )
        .await?;
    }
    // Whoever puts it again in between has all the parts that it needs.
    let removed = unit
        .change(
            "DELETE FROM limpid.blob_part WHERE digest = $1 AND position IN (
                 SELECT position FROM limpid.blob_part WHERE digest = $1 LIMIT $2
             ) AND NOT EXISTS (SELECT FROM limpid.blob WHERE digest = $1 AND is_complete)",
            &[(&digest, Type::BYTEA), (&BATCH, Type::INT8)],
        )
        .await?;
    if removed == 0 {
        unit.change(
            "DELETE FROM limpid.blob WHERE digest = $1 AND NOT is_complete AND begun = 'epoch'",
            &parameters,
        )
        .await?;
    }
    unit.commit().await?;
    Ok(removed > 0)
}

fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

fn read_part(file: &File, position: i32) -> io::Result<Vec<u8>> {
    let begin = u64::try_from(position).unwrap_or_default() * PART;
    let length = file.metadata()?.len().saturating_sub(begin).min(PART);
    let mut content = vec![0; usize::try_from(length).unwrap_or_default()];
    file.read_exact_at(&mut content, begin)?;
    Ok(content)
}

/// Gives a complete file its name, durably.
fn settle(file: NamedTempFile, destination: &Path) -> io::Result<()> {
    file.as_file().sync_all()?;
    file.persist(destination)?;
    File::open(directory(destination))?.sync_all()
}

/// Does something with files on a thread that may wait.
async fn on_thread<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, Failure> {
    spawn_blocking(work)
        .await
        .map_err(Failure::Worker)?
        .map_err(|source| Failure::File {
            operation: "read or write the file of a blob",
            source,
        })
}
