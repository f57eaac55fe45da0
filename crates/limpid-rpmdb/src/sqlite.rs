//! sqlite databases: the file `rpmdb.sqlite`, rpm's default since version 4.16.
//!
//! The table `Packages` has the columns `hnum`, the record's number and the row's key, and `blob`,
//! the header. sqlite itself reads it, from memory, and is kept on a short lead: no views,
//! triggers, virtual tables or computed columns, which could run code of the database's author,
//! and a limit on the steps of its virtual machine.

mod image;
mod log;

use std::sync::atomic::{AtomicU64, Ordering};

use limpid_types::{Problem, ProblemKind};
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, MAIN_DB, Statement};

use crate::collector::{Collector, Place};
use crate::{Error, Limits, ReadAt};
pub(crate) use image::Image;

pub(crate) const MAGIC: &[u8] = b"SQLite format 3\0";

/// Steps of sqlite's virtual machine between two looks at the limit.
const STEPS_BETWEEN_CHECKS: i32 = 1000;
/// Steps for reading the schema and preparing.
const STEPS_BASE: u64 = 1_000_000;
/// Steps for one package: two statements of about ten steps each.
const STEPS_FOR_PACKAGE: u64 = 100;
/// Longest statement in a schema; rpm's have less than 200 bytes.
const STATEMENT_LIMIT: i32 = 64 << 10;

/// Finds the table, which must be an ordinary one without computed columns.
const FIND_TABLE: &str = "
    SELECT count(*) FROM sqlite_schema
    WHERE type = 'table' AND name = 'Packages' AND sql LIKE 'CREATE TABLE %'
      AND NOT EXISTS (SELECT 1 FROM pragma_table_xinfo('Packages') WHERE hidden <> 0)";
/// Lists the rows without reading the headers, so that a bad one does not end the list. They come
/// in the order of the table, which is that of the records; asked for an order, sqlite might sort.
const LIST_ROWS: &str = "SELECT rowid, octet_length(blob) FROM Packages NOT INDEXED";
const READ_ROW: &str = "SELECT blob FROM Packages NOT INDEXED WHERE rowid = ?1";

/// Reads all rows, from the database as its write-ahead log has it.
pub(crate) fn read(
    database: &dyn ReadAt,
    wal: Option<&dyn ReadAt>,
    collector: &mut Collector<'_>,
) -> Result<(), Error> {
    let mut image = Image::new(database, wal)?;
    if image.bytes() > collector.limits().sqlite_bytes {
        return Err(Error::TooLarge {
            found: image.bytes(),
            limit: collector.limits().sqlite_bytes,
        });
    }
    for problem in image.problems.drain(..) {
        collector.problem(problem);
    }
    let failed = |doing| move |source| Error::Sqlite { doing, source };
    let connection = open(image, collector.limits()).map_err(failed("open the sqlite database"))?;
    let tables: i64 = connection
        .query_row(FIND_TABLE, [], |row| row.get(0))
        .map_err(failed("read the schema of the sqlite database"))?;
    if tables != 1 {
        return Err(Error::NoTable);
    }
    read_rows(&connection, collector).map_err(failed("read the table of packages"))
}

/// Opens the image of a database in memory, so that reading it is harmless and ends.
pub(crate) fn open(image: Image<'_>, limits: &Limits) -> rusqlite::Result<Connection> {
    let mut connection = Connection::open_in_memory()?;
    for (setting, on) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
    ] {
        connection.set_db_config(setting, on)?;
    }
    connection.pragma_update(None, "cell_size_check", true)?;
    // A row is a little longer than the header in it.
    let row_limit = limits.header_bytes.saturating_add(1024);
    let row_limit = i32::try_from(row_limit).unwrap_or(i32::MAX);
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, row_limit)?;
    connection.set_limit(Limit::SQLITE_LIMIT_SQL_LENGTH, STATEMENT_LIMIT)?;
    connection.set_limit(Limit::SQLITE_LIMIT_COLUMN, 100)?;
    connection.set_limit(Limit::SQLITE_LIMIT_EXPR_DEPTH, 50)?;
    connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
    connection.set_limit(Limit::SQLITE_LIMIT_WORKER_THREADS, 0)?;
    let steps_limit = (limits.packages as u64).saturating_mul(STEPS_FOR_PACKAGE) + STEPS_BASE;
    let steps = AtomicU64::new(0);
    connection.progress_handler(
        STEPS_BETWEEN_CHECKS,
        Some(move || {
            let step = u64::from(STEPS_BETWEEN_CHECKS.unsigned_abs());
            steps.fetch_add(step, Ordering::Relaxed) > steps_limit
        }),
    )?;
    let bytes = usize::try_from(image.bytes()).unwrap_or(usize::MAX);
    connection.deserialize_read_exact(MAIN_DB, image.reader(), bytes, true)?;
    Ok(connection)
}

/// Reads rows until one cannot be listed; fails only before the first.
fn read_rows(connection: &Connection, collector: &mut Collector<'_>) -> rusqlite::Result<()> {
    let mut list = connection.prepare(LIST_ROWS)?;
    let mut read_row = connection.prepare(READ_ROW)?;
    let mut rows = list.query([])?;
    while !collector.is_full() {
        let (record, bytes) = match rows.next() {
            Ok(Some(row)) => (
                row.get(0).unwrap_or_default(),
                row.get(1).unwrap_or_default(),
            ),
            Ok(None) => break,
            Err(error) => {
                let detail = format!("the rows from here on are lost: {error}");
                let kind = ProblemKind::UnreadableFile;
                collector.problem(Problem::new(kind, "table Packages", detail));
                break;
            }
        };
        let place = Place {
            record,
            offset: None,
        };
        if let Err(why) = take_row(&mut read_row, place, bytes, collector) {
            collector.bad_record(place, None, why);
        }
    }
    Ok(())
}

/// Takes the header of one row, whose size is already known, or tells why that is not possible.
fn take_row(
    read_row: &mut Statement<'_>,
    place: Place,
    bytes: Option<i64>,
    collector: &mut Collector<'_>,
) -> Result<(), String> {
    let bytes = bytes
        .and_then(|bytes| u64::try_from(bytes).ok())
        .ok_or("row has no header")?;
    collector.admit(bytes)?;
    if !collector.spend(bytes) {
        return Err("rows overlap".to_owned());
    }
    let read = read_row.query_row([place.record], |row| {
        collector.header(place, row.get_ref(0)?.as_blob()?);
        Ok(())
    });
    read.map_err(|error| error.to_string())
}
