use std::collections::BTreeMap;

use limpid_types::Digest;
use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::connection::APPLICATION_ID;
use crate::failure::Failure;

struct Migration {
    name: &'static str,
    sql: &'static str,
}

/// Every change of the schema, in order. A published one is never edited.
const MIGRATIONS: &[Migration] = &[
    Migration {
        name: "0001_index",
        sql: include_str!("../migrations/0001_index.sql"),
    },
    Migration {
        name: "0002_generations",
        sql: include_str!("../migrations/0002_generations.sql"),
    },
    Migration {
        name: "0003_leases",
        sql: include_str!("../migrations/0003_leases.sql"),
    },
    Migration {
        name: "0004_jobs",
        sql: include_str!("../migrations/0004_jobs.sql"),
    },
];

/// Checks that a database, which may not be changed, has all of the schema. Tells whether there is
/// any: false means an empty database.
pub(crate) fn check(connection: &Connection) -> Result<bool, Failure> {
    let Some(applied) = applied(connection)? else {
        return Ok(false);
    };
    match MIGRATIONS
        .iter()
        .find(|known| !applied.contains_key(known.name))
    {
        None => Ok(true),
        Some(missing) => Err(Failure::MissingMigration(missing.name)),
    }
}

/// Brings the schema up to date, or refuses a database that a newer program has changed.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), Failure> {
    // In the usual case everything is applied, and nobody has to wait for a writer to see that.
    if applied(connection)?.is_some_and(|names| names.len() == MIGRATIONS.len()) {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let applied = match applied(&transaction)? {
        Some(applied) => applied,
        None => create(&transaction)?,
    };
    for migration in MIGRATIONS {
        if !applied.contains_key(migration.name) {
            apply(&transaction, migration)?;
        }
    }
    transaction.commit()?;
    Ok(())
}

fn create(transaction: &Transaction<'_>) -> Result<BTreeMap<String, String>, Failure> {
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.execute_batch(
        "CREATE TABLE migration (name TEXT PRIMARY KEY, checksum TEXT NOT NULL)
         STRICT, WITHOUT ROWID",
    )?;
    Ok(BTreeMap::new())
}

fn apply(transaction: &Transaction<'_>, migration: &Migration) -> Result<(), Failure> {
    transaction.execute_batch(migration.sql)?;
    transaction.execute(
        "INSERT INTO migration (name, checksum) VALUES (?1, ?2)",
        (migration.name, checksum(migration)),
    )?;
    Ok(())
}

/// Returns the applied migrations; none when the database is empty.
fn applied(connection: &Connection) -> Result<Option<BTreeMap<String, String>>, Failure> {
    // A query, because `table_exists` answers from a schema that another process may have changed.
    let is_there = connection
        .prepare("SELECT 1 FROM sqlite_schema WHERE name = 'migration'")?
        .exists([])?;
    if !is_there {
        return Ok(None);
    }
    let mut statement = connection.prepare("SELECT name, checksum FROM migration")?;
    let applied = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<BTreeMap<String, String>, _>>()?;
    for (name, found) in &applied {
        match MIGRATIONS.iter().find(|known| known.name == name) {
            None => return Err(Failure::UnknownMigration(name.clone())),
            Some(known) if checksum(known) != *found => {
                return Err(Failure::ChangedMigration(name.clone()));
            }
            Some(_) => {}
        }
    }
    Ok(Some(applied))
}

fn checksum(migration: &Migration) -> String {
    Digest::sha256(migration.sql.as_bytes()).as_str().to_owned()
}
