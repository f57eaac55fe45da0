//! How the feeds did.

use std::collections::BTreeMap;

use limpid_store::{Build, FeedState, Lease, Outcome, RUNS_PER_FEED, UpdateRun};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use crate::column::{self, get};
use crate::connection::{Lock, Unit};
use crate::database::Database;
use crate::failure::Failure;
use crate::generations::{SNAPSHOT_COLUMNS, read_snapshot, save_snapshots};
use crate::leases;

pub(crate) async fn record(
    database: &Database,
    run: &UpdateRun,
    build: Option<&Build>,
    lease: Option<&Lease>,
) -> Result<bool, Failure> {
    let mut connection = database.connection().await?;
    let unit = connection.begin().await?;
    unit.lock(Lock::Generations).await?;
    if leases::is_lost(&unit, lease).await? {
        return Ok(false);
    }
    let feed = feed_row(&unit, &run.feed).await?;
    save_state(&unit, feed, run).await?;
    if let Some(build) = build {
        save_build(&unit, feed, &run.feed, build).await?;
    }
    let is_quiet = run.outcome == Outcome::Unchanged;
    if is_quiet {
        mark_checked(&unit, feed, run).await?;
    }
    if !is_quiet || !extend_quiet_run(&unit, feed, run).await? {
        save_run(&unit, feed, run).await?;
    }
    unit.commit().await?;
    Ok(true)
}

/// Returns the row of a feed, which gets one if it has none.
async fn feed_row(unit: &Unit<'_>, name: &str) -> Result<i32, Failure> {
    let parameters = [(&name as _, Type::TEXT)];
    let find = "SELECT id FROM limpid.feed WHERE name = $1";
    if let Some(row) = unit.row(find, &parameters).await? {
        return get(&row, 0);
    }
    let insert = "INSERT INTO limpid.feed (name) VALUES ($1) RETURNING id";
    let row = unit.row(insert, &parameters).await?;
    get(&row.ok_or(Failure::Overtaken)?, 0)
}

async fn save_state(unit: &Unit<'_>, feed: i32, run: &UpdateRun) -> Result<(), Failure> {
    let finished = run.finished.as_millisecond();
    let (success, error) = match &run.outcome {
        Outcome::Unchanged | Outcome::Activated { .. } => (Some(finished), None),
        Outcome::Held { .. } => (None, None),
        Outcome::Failed { error } => (None, Some(column::text(error))),
    };
    unit.change(
        "INSERT INTO limpid.feed_state AS known (feed, last_attempt, last_success, last_error)
         VALUES ($1, $2, $3, $4)
         ON CONFLICT (feed) DO UPDATE SET last_attempt = excluded.last_attempt,
             last_success = coalesce(excluded.last_success, known.last_success),
             last_error = excluded.last_error",
        &[
            (&feed, Type::INT4),
            (&finished, Type::INT8),
            (&success, Type::INT8),
            (&error, Type::TEXT),
        ],
    )
    .await?;
    Ok(())
}

async fn save_build(unit: &Unit<'_>, feed: i32, name: &str, build: &Build) -> Result<(), Failure> {
    save_snapshots(
        unit,
        &BTreeMap::from([(name.to_owned(), build.snapshot.clone())]),
    )
    .await?;
    unit.change(
        "INSERT INTO limpid.feed_build (feed, feed_snapshot, recipe, documents, held)
         SELECT $1, id, $3, $4, $5 FROM limpid.feed_snapshot WHERE feed = $1 AND digest = $2
         ON CONFLICT (feed) DO UPDATE SET feed_snapshot = excluded.feed_snapshot,
             recipe = excluded.recipe, documents = excluded.documents, held = excluded.held",
        &[
            (&feed, Type::INT4),
            (&column::digest_bytes(&build.snapshot.snapshot), Type::BYTEA),
            (&build.recipe, Type::TEXT),
            (&column::to_json(&build.documents)?, Type::TEXT),
            (&build.held.as_deref().map(column::text), Type::TEXT),
        ],
    )
    .await?;
    Ok(())
}

async fn mark_checked(unit: &Unit<'_>, feed: i32, run: &UpdateRun) -> Result<(), Failure> {
    unit.change(
        "UPDATE limpid.feed_snapshot SET checked = $2 WHERE checked < $2
         AND id = (SELECT feed_snapshot FROM limpid.feed_build WHERE feed_build.feed = $1)",
        &[
            (&feed, Type::INT4),
            (&run.finished.as_millisecond(), Type::INT8),
        ],
    )
    .await?;
    Ok(())
}

/// Lengthens the feed's last run if that found nothing new either.
async fn extend_quiet_run(unit: &Unit<'_>, feed: i32, run: &UpdateRun) -> Result<bool, Failure> {
    let last = unit
        .row(
            "SELECT id, outcome FROM limpid.update_run WHERE feed = $1 ORDER BY id DESC LIMIT 1",
            &[(&feed, Type::INT4)],
        )
        .await?;
    let Some(last) = last else {
        return Ok(false);
    };
    if column::json::<Outcome>(&last, 1)? != Outcome::Unchanged {
        return Ok(false);
    }
    let id: i64 = get(&last, 0)?;
    unit.change(
        "UPDATE limpid.update_run SET finished = $2 WHERE id = $1",
        &[
            (&id, Type::INT8),
            (&run.finished.as_millisecond(), Type::INT8),
        ],
    )
    .await?;
    Ok(true)
}

async fn save_run(unit: &Unit<'_>, feed: i32, run: &UpdateRun) -> Result<(), Failure> {
    unit.change(
        "INSERT INTO limpid.update_run
             (feed, started, finished, outcome, fetched_bytes, records, quarantined, samples)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            (&feed, Type::INT4),
            (&run.started.as_millisecond(), Type::INT8),
            (&run.finished.as_millisecond(), Type::INT8),
            (&column::to_json(&run.outcome)?, Type::TEXT),
            (&column::integer(run.fetched_bytes), Type::INT8),
            (&column::integer(run.records), Type::INT8),
            (&column::integer(run.quarantined), Type::INT8),
            (&column::to_json(&run.samples)?, Type::TEXT),
        ],
    )
    .await?;
    unit.change(
        "DELETE FROM limpid.update_run WHERE feed = $1 AND id <= (
             SELECT id FROM limpid.update_run WHERE feed = $1
             ORDER BY id DESC LIMIT 1 OFFSET $2
         )",
        &[
            (&feed, Type::INT4),
            (&column::limit(RUNS_PER_FEED), Type::INT8),
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn runs(
    database: &Database,
    feed: Option<&str>,
    limit: usize,
) -> Result<Vec<UpdateRun>, Failure> {
    let connection = database.connection().await?;
    let rows = connection
        .rows(
            "SELECT feed.name, started, finished, outcome, fetched_bytes, records, quarantined,
                 samples
             FROM limpid.update_run JOIN limpid.feed ON feed.id = update_run.feed
             WHERE $1::text IS NULL OR feed.name = $1 ORDER BY update_run.id DESC LIMIT $2",
            &[(&feed, Type::TEXT), (&column::limit(limit), Type::INT8)],
        )
        .await?;
    rows.iter().map(read_run).collect()
}

fn read_run(row: &Row) -> Result<UpdateRun, Failure> {
    Ok(UpdateRun {
        feed: get(row, 0)?,
        started: column::time(row, 1)?,
        finished: column::time(row, 2)?,
        outcome: column::json(row, 3)?,
        fetched_bytes: column::count(row, 4)?,
        records: column::count(row, 5)?,
        quarantined: column::count(row, 6)?,
        samples: column::json(row, 7)?,
    })
}

pub(crate) async fn feed_states(database: &Database) -> Result<Vec<FeedState>, Failure> {
    let connection = database.connection().await?;
    let sql = format!(
        "SELECT feed.name, last_attempt, last_success, last_error, recipe, documents, held,
             {SNAPSHOT_COLUMNS}
         FROM limpid.feed_state JOIN limpid.feed ON feed.id = feed_state.feed
         LEFT JOIN limpid.feed_build ON feed_build.feed = feed.id
         LEFT JOIN limpid.feed_snapshot ON feed_snapshot.id = feed_build.feed_snapshot
         ORDER BY feed.name COLLATE \"C\""
    );
    let rows = connection.rows(&sql, &[]).await?;
    rows.iter().map(read_state).collect()
}

fn read_state(row: &Row) -> Result<FeedState, Failure> {
    let build = match get::<Option<String>>(row, 4)? {
        Some(recipe) => Some(Build {
            snapshot: read_snapshot(row, 7)?.1,
            recipe,
            documents: column::json(row, 5)?,
            held: get(row, 6)?,
        }),
        None => None,
    };
    Ok(FeedState {
        feed: get(row, 0)?,
        last_attempt: column::time(row, 1)?,
        last_success: column::optional_time(row, 2)?,
        last_error: get(row, 3)?,
        build,
    })
}
