//! The queue of manifests to be indexed.

use jiff::Timestamp;
use limpid_store::{Backlog, DEFAULT_URGENCY, IndexJob, JobClaim, JobEnd, JobState};
use limpid_types::Digest;
use rusqlite::{Connection, Error, OptionalExtension as _, Result, Row, Transaction};

use crate::column;
use crate::leases::next_token;

/// The states as the schema has them.
const WAITING: i64 = 0;
const RUNNING: i64 = 1;
const RETRYABLE: i64 = 2;
const TERMINAL: i64 = 3;

/// The columns that [`read`] takes.
const COLUMNS: &str = "manifest, request, urgency, state, due, attempts, layers_done, layers,
    cause, submitted, changed";

fn read(row: &Row<'_>) -> Result<IndexJob> {
    let state = match row.get(3)? {
        WAITING => JobState::Waiting {
            not_before: column::time(row, 4)?,
        },
        RUNNING => JobState::Running {
            until: column::time(row, 4)?,
        },
        RETRYABLE => JobState::Retryable,
        TERMINAL => JobState::Terminal,
        other => return Err(Error::IntegralValueOutOfRange(3, other)),
    };
    Ok(IndexJob {
        manifest: column::digest(row, 0)?,
        request: row.get(1)?,
        urgency: row.get(2)?,
        state,
        attempts: row.get(5)?,
        layers_done: row.get(6)?,
        layers: row.get(7)?,
        cause: row.get(8)?,
        submitted: column::time(row, 9)?,
        changed: column::time(row, 10)?,
    })
}

pub(crate) fn load(connection: &Connection, manifest: &Digest) -> Result<Option<IndexJob>> {
    connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM index_job WHERE manifest = ?1"
        ))?
        .query_row([manifest.as_str()], read)
        .optional()
}

pub(crate) fn submit(
    transaction: &Transaction<'_>,
    manifest: &Digest,
    request: &[u8],
    layers: u32,
    urgency: u8,
    now: Timestamp,
) -> Result<IndexJob> {
    // A job that failed is replaced by a new one, so that its age and its place are those of one.
    forget_failure(transaction, manifest)?;
    transaction
        .prepare_cached(&format!(
            "INSERT INTO index_job ({COLUMNS})
             VALUES (?1, ?2, ?3, {WAITING}, ?5, 0, 0, ?4, '', ?5, ?5)
             ON CONFLICT (manifest) DO UPDATE SET request = excluded.request,
             urgency = min(urgency, excluded.urgency), layers = excluded.layers,
             changed = excluded.changed
             WHERE state = {WAITING}"
        ))?
        .execute((
            manifest.as_str(),
            request,
            urgency,
            layers,
            now.as_millisecond(),
        ))?;
    load(transaction, manifest)?.ok_or(Error::QueryReturnedNoRows)
}

pub(crate) fn claim(
    transaction: &Transaction<'_>,
    until: Timestamp,
    now: Timestamp,
) -> Result<Option<JobClaim>> {
    let id: Option<i64> = transaction
        .prepare_cached(
            "SELECT id FROM index_job WHERE state < 2 AND due <= ?1
             ORDER BY urgency, submitted, id LIMIT 1",
        )?
        .query_row([now.as_millisecond()], |row| row.get(0))
        .optional()?;
    let Some(id) = id else {
        return Ok(None);
    };
    let token = next_token(transaction)?;
    let job = transaction
        .prepare_cached(&format!(
            "UPDATE index_job SET state = {RUNNING}, due = ?2, token = ?3, changed = ?4,
             attempts = attempts + 1, layers_done = 0
             WHERE id = ?1 RETURNING {COLUMNS}"
        ))?
        .query_row(
            (
                id,
                until.as_millisecond(),
                column::integer(token),
                now.as_millisecond(),
            ),
            read,
        )?;
    Ok(Some(JobClaim { job, token }))
}

pub(crate) fn renew(
    transaction: &Transaction<'_>,
    manifest: &Digest,
    token: u64,
    layers_done: u32,
    until: Timestamp,
    now: Timestamp,
) -> Result<bool> {
    let rows = transaction
        .prepare_cached(&format!(
            "UPDATE index_job SET due = ?3, layers_done = ?4, changed = ?5
             WHERE manifest = ?1 AND token = ?2 AND state = {RUNNING}"
        ))?
        .execute((
            manifest.as_str(),
            column::integer(token),
            until.as_millisecond(),
            layers_done,
            now.as_millisecond(),
        ))?;
    Ok(rows > 0)
}

pub(crate) fn end(
    transaction: &Transaction<'_>,
    manifest: &Digest,
    token: u64,
    end: &JobEnd,
    now: Timestamp,
) -> Result<bool> {
    let (state, due, cause) = match end {
        JobEnd::Done => {
            let rows = transaction
                .prepare_cached(&format!(
                    "DELETE FROM index_job
                     WHERE manifest = ?1 AND token = ?2 AND state = {RUNNING}"
                ))?
                .execute((manifest.as_str(), column::integer(token)))?;
            return Ok(rows > 0);
        }
        JobEnd::Again { cause, not_before } => (WAITING, Some(not_before.as_millisecond()), cause),
        JobEnd::Exhausted { cause } => (RETRYABLE, None, cause),
        JobEnd::Terminal { cause } => (TERMINAL, None, cause),
    };
    // What may hold secrets is kept only as long as somebody will need it.
    let rows = transaction
        .prepare_cached(&format!(
            "UPDATE index_job SET state = ?3, due = ?4, cause = ?5, changed = ?6,
             request = CASE ?3 WHEN {WAITING} THEN request ELSE x'' END
             WHERE manifest = ?1 AND token = ?2 AND state = {RUNNING}"
        ))?
        .execute((
            manifest.as_str(),
            column::integer(token),
            state,
            due,
            cause,
            now.as_millisecond(),
        ))?;
    Ok(rows > 0)
}

pub(crate) fn record_failure(
    transaction: &Transaction<'_>,
    manifest: &Digest,
    layers: u32,
    cause: &str,
    is_terminal: bool,
    now: Timestamp,
) -> Result<()> {
    let state = if is_terminal { TERMINAL } else { RETRYABLE };
    transaction
        .prepare_cached(&format!(
            "INSERT INTO index_job ({COLUMNS})
             VALUES (?1, x'', {DEFAULT_URGENCY}, ?2, NULL, 1, 0, ?3, ?4, ?5, ?5)
             ON CONFLICT (manifest) DO UPDATE SET state = excluded.state,
             attempts = attempts + 1, layers = excluded.layers, cause = excluded.cause,
             changed = excluded.changed
             WHERE state > {RUNNING}"
        ))?
        .execute((
            manifest.as_str(),
            state,
            layers,
            cause,
            now.as_millisecond(),
        ))?;
    Ok(())
}

pub(crate) fn backlog(connection: &Connection) -> Result<Backlog> {
    connection
        .prepare_cached("SELECT count(*), min(submitted) FROM index_job WHERE state = 0")?
        .query_row([], |row| {
            Ok(Backlog {
                waiting: column::count(row, 0)?,
                oldest: column::optional_time(row, 1)?,
            })
        })
}

/// Forgets the job of a manifest if it failed.
pub(crate) fn forget_failure(transaction: &Transaction<'_>, manifest: &Digest) -> Result<()> {
    transaction
        .prepare_cached(&format!(
            "DELETE FROM index_job WHERE manifest = ?1 AND state > {RUNNING}"
        ))?
        .execute([manifest.as_str()])?;
    Ok(())
}

/// Forgets the job of a manifest. Tells whether there was one.
pub(crate) fn delete(transaction: &Transaction<'_>, manifest: &Digest) -> Result<bool> {
    let rows = transaction
        .prepare_cached("DELETE FROM index_job WHERE manifest = ?1")?
        .execute([manifest.as_str()])?;
    Ok(rows > 0)
}

pub(crate) fn remove_failed(
    transaction: &Transaction<'_>,
    changed_before: Timestamp,
    limit: usize,
) -> Result<usize> {
    transaction
        .prepare_cached(
            "DELETE FROM index_job WHERE id IN (SELECT id FROM index_job
             WHERE state > 1 AND changed < ?1 ORDER BY changed LIMIT ?2)",
        )?
        .execute((changed_before.as_millisecond(), column::limit(limit)))
}
