//! How the feeds did.

use limpid_store::{Build, FeedState, Outcome, RUNS_PER_FEED, UpdateRun};
use rusqlite::{Connection, OptionalExtension as _, Result, Row, Transaction};

use crate::column;
use crate::generations::{SNAPSHOT_COLUMNS, feed_row, read_snapshot, snapshot_row};

const RUN_COLUMNS: &str = "feed.name, started, finished, outcome, fetched_bytes, records,
    quarantined, samples";

pub(crate) fn record(
    transaction: &Transaction<'_>,
    run: &UpdateRun,
    build: Option<&Build>,
) -> Result<()> {
    let feed = feed_row(transaction, &run.feed)?;
    save_state(transaction, feed, run)?;
    if let Some(build) = build {
        save_build(transaction, feed, build)?;
    }
    if run.outcome == Outcome::Unchanged {
        mark_checked(transaction, feed, run)?;
        if extend_quiet_run(transaction, feed, run)? {
            return Ok(());
        }
    }
    save_run(transaction, feed, run)
}

fn save_state(transaction: &Transaction<'_>, feed: i64, run: &UpdateRun) -> Result<()> {
    let finished = run.finished.as_millisecond();
    let (success, error) = match &run.outcome {
        Outcome::Unchanged | Outcome::Activated { .. } => (Some(finished), None),
        Outcome::Held { .. } => (None, None),
        Outcome::Failed { error } => (None, Some(error)),
    };
    transaction
        .prepare_cached(
            "INSERT INTO feed_state (feed, last_attempt, last_success, last_error)
             VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (feed) DO UPDATE SET last_attempt = excluded.last_attempt,
             last_success = coalesce(excluded.last_success, last_success),
             last_error = excluded.last_error",
        )?
        .execute((feed, finished, success, error))?;
    Ok(())
}

fn save_build(transaction: &Transaction<'_>, feed: i64, build: &Build) -> Result<()> {
    let snapshot = snapshot_row(transaction, feed, &build.snapshot)?;
    transaction
        .prepare_cached(
            "INSERT INTO feed_build (feed, feed_snapshot, recipe, documents, held)
             VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (feed) DO UPDATE SET feed_snapshot = excluded.feed_snapshot,
             recipe = excluded.recipe, documents = excluded.documents, held = excluded.held",
        )?
        .execute((
            feed,
            snapshot,
            &build.recipe,
            column::to_json(&build.documents)?,
            &build.held,
        ))?;
    Ok(())
}

fn mark_checked(transaction: &Transaction<'_>, feed: i64, run: &UpdateRun) -> Result<()> {
    transaction
        .prepare_cached(
            "UPDATE feed_snapshot SET checked = ?2
             WHERE id = (SELECT feed_snapshot FROM feed_build WHERE feed = ?1) AND checked < ?2",
        )?
        .execute((feed, run.finished.as_millisecond()))?;
    Ok(())
}

/// Lengthens the feed's last run if that found nothing new either.
fn extend_quiet_run(transaction: &Transaction<'_>, feed: i64, run: &UpdateRun) -> Result<bool> {
    let last = transaction
        .prepare_cached(
            "SELECT id, outcome FROM update_run WHERE feed = ?1 ORDER BY id DESC LIMIT 1",
        )?
        .query_row([feed], |row| {
            Ok((row.get::<_, i64>(0)?, column::json::<Outcome>(row, 1)?))
        })
        .optional()?;
    let Some((id, Outcome::Unchanged)) = last else {
        return Ok(false);
    };
    transaction
        .prepare_cached("UPDATE update_run SET finished = ?2 WHERE id = ?1")?
        .execute((id, run.finished.as_millisecond()))?;
    Ok(true)
}

fn save_run(transaction: &Transaction<'_>, feed: i64, run: &UpdateRun) -> Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO update_run
             (feed, started, finished, outcome, fetched_bytes, records, quarantined, samples)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute((
            feed,
            run.started.as_millisecond(),
            run.finished.as_millisecond(),
            column::to_json(&run.outcome)?,
            column::integer(run.fetched_bytes),
            column::integer(run.records),
            column::integer(run.quarantined),
            column::to_json(&run.samples)?,
        ))?;
    transaction
        .prepare_cached(
            "DELETE FROM update_run WHERE feed = ?1 AND id <=
             (SELECT id FROM update_run WHERE feed = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
        )?
        .execute((feed, column::limit(RUNS_PER_FEED)))?;
    Ok(())
}

pub(crate) fn runs(
    connection: &Connection,
    feed: Option<&str>,
    limit: usize,
) -> Result<Vec<UpdateRun>> {
    connection
        .prepare_cached(&format!(
            "SELECT {RUN_COLUMNS} FROM update_run JOIN feed ON feed.id = update_run.feed
             WHERE ?1 IS NULL OR feed.name = ?1 ORDER BY update_run.id DESC LIMIT ?2"
        ))?
        .query_map((feed, column::limit(limit)), read_run)?
        .collect()
}

fn read_run(row: &Row<'_>) -> Result<UpdateRun> {
    Ok(UpdateRun {
        feed: row.get(0)?,
        started: column::time(row, 1)?,
        finished: column::time(row, 2)?,
        outcome: column::json(row, 3)?,
        fetched_bytes: column::count(row, 4)?,
        records: column::count(row, 5)?,
        quarantined: column::count(row, 6)?,
        samples: column::json(row, 7)?,
    })
}

pub(crate) fn feed_states(connection: &Connection) -> Result<Vec<FeedState>> {
    connection
        .prepare_cached(&format!(
            "SELECT {SNAPSHOT_COLUMNS}, last_attempt, last_success, last_error,
             recipe, documents, held
             FROM feed_state JOIN feed ON feed.id = feed_state.feed
             LEFT JOIN feed_build ON feed_build.feed = feed.id
             LEFT JOIN feed_snapshot ON feed_snapshot.id = feed_build.feed_snapshot
             ORDER BY feed.name"
        ))?
        .query_map([], read_state)?
        .collect()
}

fn read_state(row: &Row<'_>) -> Result<FeedState> {
    let build = match row.get::<_, Option<String>>(10)? {
        Some(recipe) => Some(Build {
            snapshot: read_snapshot(row)?.1,
            recipe,
            documents: column::json(row, 11)?,
            held: row.get(12)?,
        }),
        None => None,
    };
    Ok(FeedState {
        feed: row.get(0)?,
        last_attempt: column::time(row, 7)?,
        last_success: column::optional_time(row, 8)?,
        last_error: row.get(9)?,
        build,
    })
}
