//! Which snapshots make up which generation, and which generation is served.

use std::collections::BTreeMap;

use jiff::Timestamp;
use limpid_store::{Activation, FeedSnapshot, Generation, PointerMove};
use rusqlite::{Connection, OptionalExtension as _, Result, Row, Transaction};

use crate::column;

/// The columns that [`read_snapshot`] takes, beginning with the feed's name.
pub(crate) const SNAPSHOT_COLUMNS: &str = "feed.name, feed_snapshot.digest, feed_snapshot.records,
    feed_snapshot.quarantined, feed_snapshot.bytes, feed_snapshot.built, feed_snapshot.checked";

/// Reads a feed's name and snapshot from the first columns of a row.
pub(crate) fn read_snapshot(row: &Row<'_>) -> Result<(String, FeedSnapshot)> {
    let snapshot = FeedSnapshot {
        snapshot: column::digest(row, 1)?,
        records: column::count(row, 2)?,
        quarantined: column::count(row, 3)?,
        bytes: column::count(row, 4)?,
        built: column::time(row, 5)?,
        checked: column::time(row, 6)?,
    };
    Ok((row.get(0)?, snapshot))
}

/// Returns the number of the generation that is served.
pub(crate) fn current_number(connection: &Connection) -> Result<Option<u64>> {
    connection
        .prepare_cached("SELECT to_generation FROM pointer_move ORDER BY id DESC LIMIT 1")?
        .query_row([], |row| column::count(row, 0))
        .optional()
}

pub(crate) fn generation(connection: &Connection, number: u64) -> Result<Option<Generation>> {
    let number_column = column::integer(number);
    let activated = connection
        .prepare_cached("SELECT activated FROM generation WHERE number = ?1")?
        .query_row([number_column], |row| column::time(row, 0))
        .optional()?;
    let Some(activated) = activated else {
        return Ok(None);
    };
    let feeds = connection
        .prepare_cached(&format!(
            "SELECT {SNAPSHOT_COLUMNS} FROM generation_feed
             JOIN feed_snapshot ON feed_snapshot.id = generation_feed.feed_snapshot
             JOIN feed ON feed.id = feed_snapshot.feed
             WHERE generation_feed.generation = ?1"
        ))?
        .query_map([number_column], read_snapshot)?
        .collect::<Result<_>>()?;
    Ok(Some(Generation {
        number,
        activated,
        feeds,
    }))
}

pub(crate) fn generations(connection: &Connection, limit: usize) -> Result<Vec<Generation>> {
    let numbers: Vec<u64> = connection
        .prepare_cached("SELECT number FROM generation ORDER BY number DESC LIMIT ?1")?
        .query_map([column::limit(limit)], |row| column::count(row, 0))?
        .collect::<Result<_>>()?;
    let mut generations = Vec::with_capacity(numbers.len());
    for number in numbers {
        generations.extend(generation(connection, number)?);
    }
    Ok(generations)
}

pub(crate) fn pointer_moves(connection: &Connection, limit: usize) -> Result<Vec<PointerMove>> {
    connection
        .prepare_cached(
            "SELECT at, from_generation, to_generation, is_roll_back FROM pointer_move
             ORDER BY id DESC LIMIT ?1",
        )?
        .query_map([column::limit(limit)], |row| {
            let from: Option<i64> = row.get(1)?;
            Ok(PointerMove {
                at: column::time(row, 0)?,
                from: from.map(|_| column::count(row, 1)).transpose()?,
                to: column::count(row, 2)?,
                is_roll_back: row.get(3)?,
            })
        })?
        .collect()
}

pub(crate) fn activate(
    transaction: &Transaction<'_>,
    expected: Option<u64>,
    feeds: &BTreeMap<String, FeedSnapshot>,
    now: Timestamp,
) -> Result<Activation> {
    let current = current_number(transaction)?;
    if current != expected {
        return Ok(Activation::Conflict { current });
    }
    let number: i64 = transaction.query_row(
        "INSERT INTO generation (activated) VALUES (?1) RETURNING number",
        [now.as_millisecond()],
        |row| row.get(0),
    )?;
    for (name, snapshot) in feeds {
        let feed = feed_row(transaction, name)?;
        let snapshot = snapshot_row(transaction, feed, snapshot)?;
        transaction
            .prepare_cached(
                "INSERT INTO generation_feed (generation, feed_snapshot) VALUES (?1, ?2)",
            )?
            .execute((number, snapshot))?;
    }
    move_pointer(transaction, current, number, false, now)
}

pub(crate) fn roll_back(
    transaction: &Transaction<'_>,
    expected: Option<u64>,
    to: Option<u64>,
    now: Timestamp,
) -> Result<Activation> {
    let current = current_number(transaction)?;
    if current != expected {
        return Ok(Activation::Conflict { current });
    }
    let target: Option<i64> = match (to, current) {
        (Some(to), _) => transaction
            .query_row(
                "SELECT number FROM generation WHERE number = ?1",
                [column::integer(to)],
                |row| row.get(0),
            )
            .optional()?,
        (None, Some(current)) => transaction.query_row(
            "SELECT max(number) FROM generation WHERE number < ?1",
            [column::integer(current)],
            |row| row.get(0),
        )?,
        (None, None) => None,
    };
    match target {
        Some(target) => move_pointer(transaction, current, target, true, now),
        None => Ok(Activation::NoSuchGeneration),
    }
}

fn move_pointer(
    transaction: &Transaction<'_>,
    from: Option<u64>,
    to: i64,
    is_roll_back: bool,
    now: Timestamp,
) -> Result<Activation> {
    transaction.query_row(
        "INSERT INTO pointer_move (at, from_generation, to_generation, is_roll_back)
         VALUES (?1, ?2, ?3, ?4) RETURNING to_generation",
        (
            now.as_millisecond(),
            from.map(column::integer),
            to,
            is_roll_back,
        ),
        |row| column::count(row, 0).map(Activation::Done),
    )
}

/// Returns the id of a feed, which gets one if it has none.
pub(crate) fn feed_row(transaction: &Transaction<'_>, name: &str) -> Result<i64> {
    transaction
        .prepare_cached("INSERT INTO feed (name) VALUES (?1) ON CONFLICT DO NOTHING")?
        .execute([name])?;
    transaction
        .prepare_cached("SELECT id FROM feed WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
}

/// Returns the id of a feed's snapshot, which gets one if it has none. When it is known, its
/// `checked` time moves on, never back.
pub(crate) fn snapshot_row(
    transaction: &Transaction<'_>,
    feed: i64,
    snapshot: &FeedSnapshot,
) -> Result<i64> {
    transaction
        .prepare_cached(
            "INSERT INTO feed_snapshot (feed, digest, records, quarantined, bytes, built, checked)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (feed, digest)
             DO UPDATE SET checked = excluded.checked, quarantined = excluded.quarantined
             WHERE excluded.checked > checked",
        )?
        .execute((
            feed,
            snapshot.snapshot.as_str(),
            column::integer(snapshot.records),
            column::integer(snapshot.quarantined),
            column::integer(snapshot.bytes),
            snapshot.built.as_millisecond(),
            snapshot.checked.as_millisecond(),
        ))?;
    transaction
        .prepare_cached("SELECT id FROM feed_snapshot WHERE feed = ?1 AND digest = ?2")?
        .query_row((feed, snapshot.snapshot.as_str()), |row| row.get(0))
}
