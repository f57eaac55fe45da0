//! Which generations are kept, and which snapshots are needed for them.

use std::collections::BTreeSet;

use jiff::Timestamp;
use limpid_types::Digest;
use rusqlite::{Result, Transaction};

use crate::column;
use crate::generations::current_number;

pub(crate) fn pin(
    transaction: &Transaction<'_>,
    generation: u64,
    owner: &str,
    expires: Timestamp,
) -> Result<bool> {
    let rows = transaction.execute(
        "INSERT INTO pin (generation, owner, expires)
         SELECT number, ?2, ?3 FROM generation WHERE number = ?1
         ON CONFLICT (generation, owner) DO UPDATE SET expires = max(expires, excluded.expires)",
        (column::integer(generation), owner, expires.as_millisecond()),
    )?;
    Ok(rows > 0)
}

pub(crate) fn unpin(transaction: &Transaction<'_>, generation: u64, owner: &str) -> Result<()> {
    transaction.execute(
        "DELETE FROM pin WHERE generation = ?1 AND owner = ?2",
        (column::integer(generation), owner),
    )?;
    Ok(())
}

pub(crate) fn retire(
    transaction: &Transaction<'_>,
    keep: usize,
    now: Timestamp,
) -> Result<BTreeSet<Digest>> {
    transaction.execute(
        "DELETE FROM pin WHERE expires <= ?1",
        [now.as_millisecond()],
    )?;
    transaction.execute(
        "DELETE FROM generation WHERE number IS NOT ?1
         AND number NOT IN (SELECT generation FROM pin)
         AND number NOT IN (SELECT number FROM generation ORDER BY number DESC LIMIT ?2)",
        (
            current_number(transaction)?.map(column::integer),
            column::limit(keep),
        ),
    )?;
    transaction.execute(
        "DELETE FROM feed_snapshot WHERE
         NOT EXISTS (SELECT 1 FROM generation_feed WHERE feed_snapshot = feed_snapshot.id)
         AND NOT EXISTS (SELECT 1 FROM feed_build WHERE feed_snapshot = feed_snapshot.id)",
        [],
    )?;
    transaction
        .prepare_cached("SELECT DISTINCT digest FROM feed_snapshot")?
        .query_map([], |row| column::digest(row, 0))?
        .collect()
}

/// Forgets the generations that have a snapshot and may go. Tells whether none is left.
pub(crate) fn forget_snapshot(
    transaction: &Transaction<'_>,
    feed: &str,
    snapshot: &Digest,
    now: Timestamp,
) -> Result<bool> {
    let having = "SELECT generation FROM generation_feed
        JOIN feed_snapshot ON feed_snapshot.id = generation_feed.feed_snapshot
        JOIN feed ON feed.id = feed_snapshot.feed
        WHERE feed.name = ?1 AND feed_snapshot.digest = ?2";
    transaction.execute(
        &format!(
            "DELETE FROM generation WHERE number IN ({having}) AND number IS NOT ?3
             AND number NOT IN (SELECT generation FROM pin WHERE expires > ?4)"
        ),
        (
            feed,
            snapshot.as_str(),
            current_number(transaction)?.map(column::integer),
            now.as_millisecond(),
        ),
    )?;
    let is_left = transaction
        .prepare(having)?
        .exists((feed, snapshot.as_str()))?;
    Ok(!is_left)
}
