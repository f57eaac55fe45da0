//! Which snapshots make up which generation, and which generation is served.

use std::collections::BTreeMap;

use jiff::Timestamp;
use limpid_store::{Activation, FeedSnapshot, Generation, Lease, PointerMove};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use crate::column::{self, get};
use crate::connection::{Lock, Unit};
use crate::database::Database;
use crate::failure::Failure;
use crate::leases;

/// The columns that [`read_snapshot`] takes, beginning with the feed's name.
pub(crate) const SNAPSHOT_COLUMNS: &str = "feed.name, feed_snapshot.digest, feed_snapshot.records,
    feed_snapshot.quarantined, feed_snapshot.bytes, feed_snapshot.built, feed_snapshot.checked";

/// Reads a feed's name and snapshot from the columns of a row that begin at an index.
pub(crate) fn read_snapshot(row: &Row, first: usize) -> Result<(String, FeedSnapshot), Failure> {
    let snapshot = FeedSnapshot {
        snapshot: column::digest(row, first + 1)?,
        records: column::count(row, first + 2)?,
        quarantined: column::count(row, first + 3)?,
        bytes: column::count(row, first + 4)?,
        built: column::time(row, first + 5)?,
        checked: column::time(row, first + 6)?,
    };
    Ok((get(row, first)?, snapshot))
}

/// Which generations are wanted.
#[derive(Clone, Copy)]
pub(crate) enum Which {
    Current,
    Number(u64),
    Newest(usize),
}

/// Returns generations, newest first. It is one statement, so that all of it is of one time.
pub(crate) async fn load(database: &Database, which: Which) -> Result<Vec<Generation>, Failure> {
    let (wanted, argument) = match which {
        Which::Current => (
            "number = (SELECT to_generation FROM limpid.pointer_move
             WHERE $1 = 0 ORDER BY id DESC LIMIT 1)",
            0,
        ),
        Which::Number(number) => ("number = $1", column::integer(number)),
        Which::Newest(limit) => (
            "number IN (SELECT number FROM limpid.generation ORDER BY number DESC LIMIT $1)",
            column::limit(limit),
        ),
    };
    let sql = format!(
        "SELECT generation.number, generation.activated, {SNAPSHOT_COLUMNS}
         FROM limpid.generation
         LEFT JOIN limpid.generation_feed ON generation_feed.generation = generation.number
         LEFT JOIN limpid.feed_snapshot ON feed_snapshot.id = generation_feed.feed_snapshot
         LEFT JOIN limpid.feed ON feed.id = feed_snapshot.feed
         WHERE {wanted} ORDER BY generation.number DESC"
    );
    let connection = database.connection().await?;
    let rows = connection.rows(&sql, &[(&argument, Type::INT8)]).await?;
    let mut generations: Vec<Generation> = Vec::new();
    for row in &rows {
        let number = column::count(row, 0)?;
        if generations.last().is_none_or(|last| last.number != number) {
            generations.push(Generation {
                number,
                activated: column::time(row, 1)?,
                feeds: BTreeMap::new(),
            });
        }
        let has_snapshot = get::<Option<&str>>(row, 2)?.is_some();
        if let (true, Some(generation)) = (has_snapshot, generations.last_mut()) {
            let (feed, snapshot) = read_snapshot(row, 2)?;
            generation.feeds.insert(feed, snapshot);
        }
    }
    Ok(generations)
}

/// Returns the number of the generation that is served.
pub(crate) async fn current_number(unit: &Unit<'_>) -> Result<Option<u64>, Failure> {
    let sql = "SELECT to_generation FROM limpid.pointer_move ORDER BY id DESC LIMIT 1";
    let row = unit.row(sql, &[]).await?;
    row.map(|row| column::count(&row, 0)).transpose()
}

pub(crate) async fn pointer_moves(
    database: &Database,
    limit: usize,
) -> Result<Vec<PointerMove>, Failure> {
    let connection = database.connection().await?;
    let rows = connection
        .rows(
            "SELECT at, from_generation, to_generation, is_roll_back FROM limpid.pointer_move
             ORDER BY id DESC LIMIT $1",
            &[(&column::limit(limit), Type::INT8)],
        )
        .await?;
    let read = |row: &Row| {
        let from: Option<i64> = get(row, 1)?;
        Ok(PointerMove {
            at: column::time(row, 0)?,
            from: from.map(|_| column::count(row, 1)).transpose()?,
            to: column::count(row, 2)?,
            is_roll_back: get(row, 3)?,
        })
    };
    rows.iter().map(read).collect()
}

pub(crate) async fn activate(
    database: &Database,
    expected: Option<u64>,
    feeds: &BTreeMap<String, FeedSnapshot>,
    lease: Option<&Lease>,
    now: Timestamp,
) -> Result<Activation, Failure> {
    let mut connection = database.connection().await?;
    let unit = connection.begin().await?;
    unit.lock(Lock::Generations).await?;
    if leases::is_lost(&unit, lease).await? {
        return Ok(Activation::LeaseLost);
    }
    let current = current_number(&unit).await?;
    if current != expected {
        return Ok(Activation::Conflict { current });
    }
    let row = unit
        .row(
            "INSERT INTO limpid.generation (number, activated)
             SELECT coalesce(max(to_generation), 0) + 1, $1 FROM limpid.pointer_move
             RETURNING number",
            &[(&now.as_millisecond(), Type::INT8)],
        )
        .await?;
    let number: i64 = get(&row.ok_or(Failure::Overtaken)?, 0)?;
    save_snapshots(&unit, feeds).await?;
    let (names, digests) = names_and_digests(feeds);
    unit.change(
        "INSERT INTO limpid.generation_feed (generation, feed_snapshot)
         SELECT $1, feed_snapshot.id FROM unnest($2::text[], $3::bytea[]) AS part (name, digest)
         JOIN limpid.feed ON feed.name = part.name
         JOIN limpid.feed_snapshot
             ON feed_snapshot.feed = feed.id AND feed_snapshot.digest = part.digest",
        &[
            (&number, Type::INT8),
            (&names, Type::TEXT_ARRAY),
            (&digests, Type::BYTEA_ARRAY),
        ],
    )
    .await?;
    let activation = move_pointer(&unit, current, number, false, now).await?;
    unit.commit().await?;
    Ok(activation)
}

pub(crate) async fn roll_back(
    database: &Database,
    expected: Option<u64>,
    to: Option<u64>,
    now: Timestamp,
) -> Result<Activation, Failure> {
    let mut connection = database.connection().await?;
    let unit = connection.begin().await?;
    unit.lock(Lock::Generations).await?;
    let current = current_number(&unit).await?;
    if current != expected {
        return Ok(Activation::Conflict { current });
    }
    let (find, number) = match (to, current) {
        (Some(to), _) => ("number = $1", to),
        (None, Some(current)) => ("number < $1", current),
        (None, None) => return Ok(Activation::NoSuchGeneration),
    };
    let sql = format!("SELECT max(number) FROM limpid.generation WHERE {find}");
    let number = column::integer(number);
    let row = unit.row(&sql, &[(&number, Type::INT8)]).await?;
    let target: Option<i64> = row.map_or(Ok(None), |row| get(&row, 0))?;
    let Some(target) = target else {
        return Ok(Activation::NoSuchGeneration);
    };
    let activation = move_pointer(&unit, current, target, true, now).await?;
    unit.commit().await?;
    Ok(activation)
}

async fn move_pointer(
    unit: &Unit<'_>,
    from: Option<u64>,
    to: i64,
    is_roll_back: bool,
    now: Timestamp,
) -> Result<Activation, Failure> {
    let row = unit
        .row(
            "INSERT INTO limpid.pointer_move (at, from_generation, to_generation, is_roll_back)
             VALUES ($1, $2, $3, $4) RETURNING to_generation",
            &[
                (&now.as_millisecond(), Type::INT8),
                (&from.map(column::integer), Type::INT8),
                (&to, Type::INT8),
                (&is_roll_back, Type::BOOL),
            ],
        )
        .await?;
    let number = column::count(&row.ok_or(Failure::Overtaken)?, 0)?;
    Ok(Activation::Done(number))
}

/// Keeps feeds and their snapshots. When a snapshot is known, its `checked` time moves on, never
/// back. The caller has [`Lock::Generations`].
pub(crate) async fn save_snapshots(
    unit: &Unit<'_>,
    feeds: &BTreeMap<String, FeedSnapshot>,
) -> Result<(), Failure> {
    let (names, digests) = names_and_digests(feeds);
    unit.change(
        "INSERT INTO limpid.feed (name)
         SELECT name FROM unnest($1::text[]) AS name
         WHERE NOT EXISTS (SELECT FROM limpid.feed WHERE feed.name = name.name)",
        &[(&names, Type::TEXT_ARRAY)],
    )
    .await?;
    let numbers = |number: fn(&FeedSnapshot) -> u64| -> Vec<i64> {
        let counts = feeds.values().map(number);
        counts.map(column::integer).collect()
    };
    let times = |time: fn(&FeedSnapshot) -> Timestamp| -> Vec<i64> {
        let times = feeds.values().map(time);
        times.map(Timestamp::as_millisecond).collect()
    };
    unit.change(
        "INSERT INTO limpid.feed_snapshot AS known
             (feed, digest, records, quarantined, bytes, built, checked)
         SELECT feed.id, digest, records, quarantined, bytes, built, checked
         FROM unnest($1::text[], $2::bytea[], $3::bigint[], $4::bigint[], $5::bigint[],
             $6::bigint[], $7::bigint[])
             AS part (name, digest, records, quarantined, bytes, built, checked)
         JOIN limpid.feed ON feed.name = part.name
         ON CONFLICT (feed, digest)
         DO UPDATE SET checked = excluded.checked, quarantined = excluded.quarantined
         WHERE excluded.checked > known.checked",
        &[
            (&names, Type::TEXT_ARRAY),
            (&digests, Type::BYTEA_ARRAY),
            (&numbers(|one| one.records), Type::INT8_ARRAY),
            (&numbers(|one| one.quarantined), Type::INT8_ARRAY),
            (&numbers(|one| one.bytes), Type::INT8_ARRAY),
            (&times(|one| one.built), Type::INT8_ARRAY),
            (&times(|one| one.checked), Type::INT8_ARRAY),
        ],
    )
    .await?;
    Ok(())
}

fn names_and_digests(feeds: &BTreeMap<String, FeedSnapshot>) -> (Vec<&str>, Vec<Vec<u8>>) {
    feeds
        .iter()
        .map(|(name, one)| (name.as_str(), column::digest_bytes(&one.snapshot)))
        .unzip()
}
