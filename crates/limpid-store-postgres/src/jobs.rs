//! The queue of manifests to be indexed.

use std::collections::BTreeSet;

use jiff::Timestamp;
use limpid_store::{Backlog, DEFAULT_URGENCY, IndexJob, JobClaim, JobEnd, JobState};
use limpid_types::Digest;
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use crate::column::{self, get};
use crate::connection::{Connection, Unit};
use crate::database::Database;
use crate::failure::Failure;

/// The states as the schema has them.
const WAITING: i16 = 0;
const RUNNING: i16 = 1;
const RETRYABLE: i16 = 2;
const TERMINAL: i16 = 3;

/// The columns that [`read`] takes, with the name of the table, because a statement may have others.
const COLUMNS: &str = "index_job.manifest, request, urgency, state, due, attempts, layers_done,
    layers, cause, submitted, changed";

fn read(row: &Row) -> Result<IndexJob, Failure> {
    let state = match get(row, 3)? {
        WAITING => JobState::Waiting {
            not_before: column::time(row, 4)?,
        },
        RUNNING => JobState::Running {
            until: column::time(row, 4)?,
        },
        RETRYABLE => JobState::Retryable,
        TERMINAL => JobState::Terminal,
        other => return Err(Failure::Value(format!("unknown state: {other}").into())),
    };
    let urgency: i16 = get(row, 2)?;
    Ok(IndexJob {
        manifest: column::digest(row, 0)?,
        request: get(row, 1)?,
        urgency: u8::try_from(urgency).map_err(|error| Failure::Value(Box::new(error)))?,
        state,
        attempts: column::small_count(row, 5)?,
        layers_done: column::small_count(row, 6)?,
        layers: column::small_count(row, 7)?,
        cause: get(row, 8)?,
        submitted: column::time(row, 9)?,
        changed: column::time(row, 10)?,
    })
}

pub(crate) async fn load(
    database: &Database,
    manifest: &[u8],
) -> Result<Option<IndexJob>, Failure> {
    find(&database.connection().await?, manifest).await
}

async fn find(connection: &Connection, manifest: &[u8]) -> Result<Option<IndexJob>, Failure> {
    let sql = format!("SELECT {COLUMNS} FROM limpid.index_job WHERE manifest = $1");
    let rows = connection.rows(&sql, &[(&manifest, Type::BYTEA)]).await?;
    rows.first().map(read).transpose()
}

pub(crate) async fn submit(
    database: &Database,
    manifest: &[u8],
    request: &[u8],
    layers: u32,
    urgency: u8,
    now: Timestamp,
) -> Result<IndexJob, Failure> {
    let connection = database.connection().await?;
    // One that waits keeps its place and what became of it so far; one that failed is a new one.
    let sql = format!(
        "INSERT INTO limpid.index_job AS index_job (manifest, request, urgency, state, due,
             attempts, layers_done, layers, cause, submitted, changed, token)
         VALUES ($1, $2, $3, {WAITING}, $5, 0, 0, $4, '', $5, $5, 0)
         ON CONFLICT (manifest) DO UPDATE SET
             request = excluded.request, layers = excluded.layers, changed = excluded.changed,
             layers_done = 0, state = {WAITING}, token = 0,
             urgency = CASE index_job.state WHEN {WAITING}
                 THEN least(index_job.urgency, excluded.urgency) ELSE excluded.urgency END,
             due = CASE index_job.state WHEN {WAITING} THEN index_job.due ELSE excluded.due END,
             attempts = CASE index_job.state WHEN {WAITING} THEN index_job.attempts ELSE 0 END,
             cause = CASE index_job.state WHEN {WAITING} THEN index_job.cause ELSE '' END,
             submitted = CASE index_job.state WHEN {WAITING}
                 THEN index_job.submitted ELSE excluded.submitted END
         WHERE index_job.state <> {RUNNING}
         RETURNING {COLUMNS}"
    );
    let rows = connection
        .rows(
            &sql,
            &[
                (&manifest, Type::BYTEA),
                (&request, Type::BYTEA),
                (&i16::from(urgency), Type::INT2),
                (&column::small(layers), Type::INT4),
                (&now.as_millisecond(), Type::INT8),
            ],
        )
        .await?;
    match rows.first() {
        Some(row) => read(row),
        // It runs, or has just ended.
        None => find(&connection, manifest).await?.ok_or(Failure::Overtaken),
    }
}

/// When this is done twice because an answer was lost, the first claim expires by itself.
pub(crate) async fn claim(
    database: &Database,
    until: Timestamp,
    now: Timestamp,
) -> Result<Option<JobClaim>, Failure> {
    let connection = database.connection().await?;
    let sql = format!(
        "WITH turn AS MATERIALIZED (
             SELECT manifest FROM limpid.index_job WHERE state < {RETRYABLE} AND due <= $1
             ORDER BY urgency, submitted, manifest LIMIT 1 FOR UPDATE SKIP LOCKED
         )
         UPDATE limpid.index_job AS index_job
         SET state = {RUNNING}, due = $2, token = nextval('limpid.token'), changed = $1,
             attempts = attempts + 1, layers_done = 0
         FROM turn WHERE index_job.manifest = turn.manifest
         RETURNING {COLUMNS}, token"
    );
    let rows = connection
        .rows(
            &sql,
            &[
                (&now.as_millisecond(), Type::INT8),
                (&until.as_millisecond(), Type::INT8),
            ],
        )
        .await?;
    let claim = |row| {
        Ok(JobClaim {
            job: read(row)?,
            token: column::count(row, 11)?,
        })
    };
    rows.first().map(claim).transpose()
}

pub(crate) async fn renew(
    database: &Database,
    claim: &JobClaim,
    layers_done: u32,
    until: Timestamp,
    now: Timestamp,
) -> Result<bool, Failure> {
    let connection = database.connection().await?;
    let sql = format!(
        "UPDATE limpid.index_job SET due = $3, layers_done = $4, changed = $5
         WHERE manifest = $1 AND token = $2 AND state = {RUNNING} RETURNING true"
    );
    let rows = connection
        .rows(
            &sql,
            &[
                (&column::digest_bytes(&claim.job.manifest), Type::BYTEA),
                (&column::integer(claim.token), Type::INT8),
                (&until.as_millisecond(), Type::INT8),
                (&column::small(layers_done), Type::INT4),
                (&now.as_millisecond(), Type::INT8),
            ],
        )
        .await?;
    Ok(!rows.is_empty())
}

pub(crate) async fn end(
    database: &Database,
    claim: &JobClaim,
    end: &JobEnd,
    now: Timestamp,
) -> Result<bool, Failure> {
    let mut connection = database.connection().await?;
    let unit = connection.begin().await?;
    let manifest = column::digest_bytes(&claim.job.manifest);
    let token = column::integer(claim.token);
    let (state, due, cause) = match end {
        JobEnd::Done => {
            let sql = format!(
                "DELETE FROM limpid.index_job
                 WHERE manifest = $1 AND token = $2 AND state = {RUNNING}"
            );
            let parameters = [(&manifest as _, Type::BYTEA), (&token as _, Type::INT8)];
            let rows = unit.change(&sql, &parameters).await?;
            unit.commit().await?;
            return Ok(rows > 0);
        }
        JobEnd::Again { cause, not_before } => (WAITING, not_before.as_millisecond(), cause),
        JobEnd::Exhausted { cause } => (RETRYABLE, 0, cause),
        JobEnd::Terminal { cause } => (TERMINAL, 0, cause),
    };
    // What may hold secrets is kept only as long as somebody will need it.
    let sql = format!(
        "UPDATE limpid.index_job SET state = $3, due = $4, cause = $5, changed = $6,
         request = CASE $3 WHEN {WAITING} THEN request ELSE '' END
         WHERE manifest = $1 AND token = $2 AND state = {RUNNING}"
    );
    let rows = unit
        .change(
            &sql,
            &[
                (&manifest, Type::BYTEA),
                (&token, Type::INT8),
                (&state, Type::INT2),
                (&due, Type::INT8),
                (&column::text(cause), Type::TEXT),
                (&now.as_millisecond(), Type::INT8),
            ],
        )
        .await?;
    unit.commit().await?;
    Ok(rows > 0)
}

pub(crate) async fn record_failure(
    database: &Database,
    manifest: &[u8],
    layers: u32,
    cause: &str,
    is_terminal: bool,
    now: Timestamp,
) -> Result<(), Failure> {
    let mut connection = database.connection().await?;
    let unit = connection.begin().await?;
    let state = if is_terminal { TERMINAL } else { RETRYABLE };
    let sql = format!(
        "INSERT INTO limpid.index_job AS index_job (manifest, request, urgency, state, due,
             attempts, layers_done, layers, cause, submitted, changed, token)
         VALUES ($1, '', {DEFAULT_URGENCY}, $2, 0, 1, 0, $3, $4, $5, $5, 0)
         ON CONFLICT (manifest) DO UPDATE SET state = excluded.state,
             attempts = index_job.attempts + 1, layers = excluded.layers,
             cause = excluded.cause, changed = excluded.changed
         WHERE index_job.state > {RUNNING}"
    );
    unit.change(
        &sql,
        &[
            (&manifest, Type::BYTEA),
            (&state, Type::INT2),
            (&column::small(layers), Type::INT4),
            (&column::text(cause), Type::TEXT),
            (&now.as_millisecond(), Type::INT8),
        ],
    )
    .await?;
    unit.commit().await
}

pub(crate) async fn backlog(database: &Database) -> Result<Backlog, Failure> {
    let connection = database.connection().await?;
    let sql = format!(
        "SELECT count(*), min(submitted) FROM limpid.index_job
         WHERE state < {RETRYABLE} AND state = {WAITING}"
    );
    let rows = connection.rows(&sql, &[]).await?;
    match rows.first() {
        Some(row) => Ok(Backlog {
            waiting: column::count(row, 0)?,
            oldest: column::optional_time(row, 1)?,
        }),
        None => Ok(Backlog::default()),
    }
}

/// Forgets the job of a manifest if it failed.
pub(crate) async fn forget_failure(unit: &Unit<'_>, manifest: &[u8]) -> Result<(), Failure> {
    let sql = format!("DELETE FROM limpid.index_job WHERE manifest = $1 AND state > {RUNNING}");
    unit.change(&sql, &[(&manifest, Type::BYTEA)]).await?;
    Ok(())
}

/// Forgets the jobs of manifests. Returns the manifests that had one.
pub(crate) async fn delete(
    unit: &Unit<'_>,
    manifests: &[Vec<u8>],
) -> Result<BTreeSet<Digest>, Failure> {
    let rows = unit
        .rows(
            "DELETE FROM limpid.index_job WHERE manifest = ANY ($1) RETURNING manifest",
            &[(&manifests, Type::BYTEA_ARRAY)],
        )
        .await?;
    rows.iter().map(|row| column::digest(row, 0)).collect()
}

pub(crate) async fn remove_failed(
    database: &Database,
    changed_before: Timestamp,
    limit: usize,
) -> Result<usize, Failure> {
    let connection = database.connection().await?;
    let sql = format!(
        "DELETE FROM limpid.index_job WHERE manifest IN (
             SELECT manifest FROM limpid.index_job WHERE state > {RUNNING} AND changed < $1
             ORDER BY changed LIMIT $2 FOR UPDATE SKIP LOCKED
         ) RETURNING true"
    );
    let parameters = [
        (&changed_before.as_millisecond() as _, Type::INT8),
        (&column::limit(limit) as _, Type::INT8),
    ];
    Ok(connection.rows(&sql, &parameters).await?.len())
}
