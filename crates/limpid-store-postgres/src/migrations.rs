use std::collections::BTreeMap;

use limpid_store::StoreError;
use limpid_types::Digest;
use tokio_postgres::types::Type;

use crate::column::get;
use crate::connection::{Lock, Unit};
use crate::database::Database;
use crate::failure::Failure;

/// A change of the schema. It must not keep others from a large table for long: an index of one is
/// built in a release of its own, concurrently.
struct Migration {
    name: &'static str,
    sql: &'static str,
    /// Whether programs that do not know it can go on working beside.
    is_compatible: bool,
}

/// Every change of the schema, in order. A published one is never edited.
const MIGRATIONS: &[Migration] = &[
    Migration {
        name: "0001_index",
        sql: include_str!("../migrations/0001_index.sql"),
        is_compatible: false,
    },
    Migration {
        name: "0002_coordination",
        sql: include_str!("../migrations/0002_coordination.sql"),
        is_compatible: false,
    },
    Migration {
        name: "0003_generations",
        sql: include_str!("../migrations/0003_generations.sql"),
        is_compatible: false,
    },
    Migration {
        name: "0004_blobs",
        sql: include_str!("../migrations/0004_blobs.sql"),
        is_compatible: false,
    },
];

const CREATE: &str = "CREATE TABLE limpid.migration (
    name       text PRIMARY KEY,
    checksum   text NOT NULL,
    compatible boolean NOT NULL,
    applied    timestamptz NOT NULL DEFAULT now()
)";

/// Brings the schema up to date, or only sees that it is.
pub(crate) async fn prepare(database: &Database, may_change: bool) -> Result<(), StoreError> {
    database
        .work("prepare the tables", || migrate(database, may_change))
        .await
}

async fn migrate(database: &Database, may_change: bool) -> Result<(), Failure> {
    let mut connection = database.connection().await?;
    let unit = connection.begin().await?;
    // In the usual case everything is applied, and nobody has to wait to see that.
    let missing = match applied(&unit).await? {
        Some(applied) => missing(&applied)?,
        None if may_change => MIGRATIONS.iter().collect(),
        None => return Err(Failure::NoTables),
    };
    match missing.first() {
        None => return Ok(()),
        Some(first) if !may_change => {
            return Err(Failure::MissingMigration(first.name.to_owned()));
        }
        Some(_) => {}
    }
    unit.lock(Lock::Schema).await?;
    // Whoever had the lock before may have done it meanwhile.
    let applied = match applied(&unit).await? {
        Some(applied) => applied,
        None => create(&unit).await?,
    };
    for migration in self::missing(&applied)? {
        apply(&unit, migration).await?;
    }
    unit.commit().await
}

/// Returns the applied migrations with their checksums and whether older programs can work beside;
/// none when there is no table of them.
async fn applied(unit: &Unit<'_>) -> Result<Option<BTreeMap<String, (String, bool)>>, Failure> {
    // A query, because `to_regclass` may answer from what the session knew before it waited.
    let is_there = "SELECT FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
        WHERE nspname = 'limpid' AND relname = 'migration'";
    if unit.row(is_there, &[]).await?.is_none() {
        return Ok(None);
    }
    let rows = unit
        .rows(
            "SELECT name, checksum, compatible FROM limpid.migration",
            &[],
        )
        .await?;
    rows.iter()
        .map(|row| Ok((get(row, 0)?, (get(row, 1)?, get(row, 2)?))))
        .collect::<Result<_, Failure>>()
        .map(Some)
}

/// Returns what has still to be applied, or refuses what is there.
fn missing(applied: &BTreeMap<String, (String, bool)>) -> Result<Vec<&'static Migration>, Failure> {
    for (name, (found, is_compatible)) in applied {
        match MIGRATIONS.iter().find(|known| known.name == name) {
            None if *is_compatible => {}
            None => return Err(Failure::UnknownMigration(name.clone())),
            Some(known) if checksum(known) != *found => {
                return Err(Failure::ChangedMigration(name.clone()));
            }
            Some(_) => {}
        }
    }
    let is_missing = |one: &&Migration| !applied.contains_key(one.name);
    Ok(MIGRATIONS.iter().filter(is_missing).collect())
}

/// Creates the schema, unless it is there and empty, as when the administrator has created it.
async fn create(unit: &Unit<'_>) -> Result<BTreeMap<String, (String, bool)>, Failure> {
    let schema = unit
        .row(
            "SELECT EXISTS (SELECT FROM pg_class WHERE relnamespace = pg_namespace.oid)
             FROM pg_namespace WHERE nspname = 'limpid'",
            &[],
        )
        .await?;
    match schema.map(|row| get(&row, 0)).transpose()? {
        Some(true) => return Err(Failure::ForeignSchema),
        Some(false) => {}
        None => unit.batch("CREATE SCHEMA limpid").await?,
    }
    unit.batch(CREATE).await?;
    Ok(BTreeMap::new())
}

async fn apply(unit: &Unit<'_>, migration: &Migration) -> Result<(), Failure> {
    unit.batch(migration.sql).await?;
    unit.change(
        "INSERT INTO limpid.migration (name, checksum, compatible) VALUES ($1, $2, $3)",
        &[
            (&migration.name, Type::TEXT),
            (&checksum(migration), Type::TEXT),
            (&migration.is_compatible, Type::BOOL),
        ],
    )
    .await?;
    tracing::info!(name = migration.name, "applied migration");
    Ok(())
}

fn checksum(migration: &Migration) -> String {
    Digest::sha256(migration.sql.as_bytes()).as_str().to_owned()
}
