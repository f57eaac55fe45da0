//! Which generations are kept, and which snapshots are needed for them.

use std::collections::BTreeSet;

use jiff::Timestamp;
use limpid_store::Lease;
use limpid_types::Digest;
use tokio_postgres::types::Type;

use crate::column;
use crate::connection::Lock;
use crate::database::Database;
use crate::failure::Failure;
use crate::generations::current_number;
use crate::leases;

pub(crate) async fn pin(
    database: &Database,
    generation: u64,
    owner: &str,
    expires: Timestamp,
) -> Result<bool, Failure> {
    let connection = database.connection().await?;
    let rows = connection
        .rows(
            "INSERT INTO limpid.pin AS pin (generation, owner, expires)
             SELECT number, $2, $3 FROM limpid.generation WHERE number = $1 FOR KEY SHARE
             ON CONFLICT (generation, owner)
             DO UPDATE SET expires = greatest(pin.expires, excluded.expires)
             RETURNING true",
            &[
                (&column::integer(generation), Type::INT8),
                (&owner, Type::TEXT),
                (&expires.as_millisecond(), Type::INT8),
            ],
        )
        .await?;
    Ok(!rows.is_empty())
}

pub(crate) async fn unpin(
    database: &Database,
    generation: u64,
    owner: &str,
) -> Result<(), Failure> {
    let connection = database.connection().await?;
    connection
        .rows(
            "DELETE FROM limpid.pin WHERE generation = $1 AND owner = $2",
            &[
                (&column::integer(generation), Type::INT8),
                (&owner, Type::TEXT),
            ],
        )
        .await?;
    Ok(())
}

pub(crate) async fn retire(
    database: &Database,
    keep: usize,
    lease: Option<&Lease>,
    now: Timestamp,
) -> Result<Option<BTreeSet<Digest>>, Failure> {
    let mut connection = database.connection().await?;
    let unit = connection.begin().await?;
    unit.lock(Lock::Generations).await?;
    if leases::is_lost(&unit, lease).await? {
        return Ok(None);
    }
    // Pins are taken by readers who do not have our lock: those that come too late find no
    // generation, and those that came before are seen below.
    unit.rows(
        "SELECT number FROM limpid.generation ORDER BY number FOR UPDATE",
        &[],
    )
    .await?;
    unit.change(
        "DELETE FROM limpid.pin WHERE expires <= $1",
        &[(&now.as_millisecond(), Type::INT8)],
    )
    .await?;
    let current = current_number(&unit).await?.map(column::integer);
    unit.change(
        "DELETE FROM limpid.generation WHERE number IS DISTINCT FROM $1
         AND NOT EXISTS (SELECT FROM limpid.pin WHERE pin.generation = number)
         AND number NOT IN (SELECT number FROM limpid.generation ORDER BY number DESC LIMIT $2)",
        &[(&current, Type::INT8), (&column::limit(keep), Type::INT8)],
    )
    .await?;
    unit.change(
        "DELETE FROM limpid.feed_snapshot
         WHERE NOT EXISTS (SELECT FROM limpid.generation_feed WHERE feed_snapshot = id)
         AND NOT EXISTS (SELECT FROM limpid.feed_build WHERE feed_snapshot = id)",
        &[],
    )
    .await?;
    let rows = unit
        .rows("SELECT DISTINCT digest FROM limpid.feed_snapshot", &[])
        .await?;
    unit.commit().await?;
    let kept = rows.iter().map(|row| column::digest(row, 0));
    kept.collect::<Result<_, _>>().map(Some)
}

/// Forgets the generations that have a snapshot and may go. Tells whether none is left.
pub(crate) async fn forget_snapshot(
    database: &Database,
    feed: &str,
    snapshot: &Digest,
    now: Timestamp,
) -> Result<bool, Failure> {
    let mut connection = database.connection().await?;
    let unit = connection.begin().await?;
    unit.lock(Lock::Generations).await?;
    let digest = column::digest_bytes(snapshot);
    let having = "SELECT generation FROM limpid.generation_feed
        JOIN limpid.feed_snapshot ON feed_snapshot.id = generation_feed.feed_snapshot
        JOIN limpid.feed ON feed.id = feed_snapshot.feed
        WHERE feed.name = $1 AND feed_snapshot.digest = $2";
    unit.rows(
        &format!("SELECT number FROM limpid.generation WHERE number IN ({having}) FOR UPDATE"),
        &[(&feed, Type::TEXT), (&digest, Type::BYTEA)],
    )
    .await?;
    let current = current_number(&unit).await?.map(column::integer);
    unit.change(
        &format!(
            "DELETE FROM limpid.generation WHERE number IN ({having})
             AND number IS DISTINCT FROM $3 AND number NOT IN (
                 SELECT generation FROM limpid.pin WHERE expires > $4
             )"
        ),
        &[
            (&feed, Type::TEXT),
            (&digest, Type::BYTEA),
            (&current, Type::INT8),
            (&now.as_millisecond(), Type::INT8),
        ],
    )
    .await?;
    let left = unit
        .row(having, &[(&feed, Type::TEXT), (&digest, Type::BYTEA)])
        .await?;
    unit.commit().await?;
    Ok(left.is_none())
}
