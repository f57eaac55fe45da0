use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};

use crate::failure::Failure;

/// How long a writer waits for the writers of other processes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// How many bytes the log beside the database keeps once it was copied into it.
const LOG_LIMIT: i64 = 16 << 20;

/// The first bytes of every SQLite database.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// Marks a database as ours: `lmpd`.
pub(crate) const APPLICATION_ID: i32 = 0x6c6d_7064;

/// Opens the file for writing, creates it when there is none, and refuses what is not ours.
pub(crate) fn open_writer(path: &Path) -> Result<Connection, Failure> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    fs::create_dir_all(directory).map_err(|source| Failure::File {
        operation: "create its directory",
        source,
    })?;
    let is_new = is_absent_or_empty(path)?;
    let connection = open(path, OpenFlags::SQLITE_OPEN_CREATE)?;
    check_application(&connection)?;
    // These two have no effect on a database that has tables.
    connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    set_wal_mode(&connection)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update_and_check(None, "journal_size_limit", LOG_LIMIT, |_| Ok(()))?;
    if is_new {
        sync_directory(directory)?;
    }
    Ok(connection)
}

/// Opens the file, which a writer has prepared, for reading.
pub(crate) fn open_reader(path: &Path) -> Result<Connection, Failure> {
    let connection = open(path, OpenFlags::empty())?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

fn open(path: &Path, more: OpenFlags) -> Result<Connection, Failure> {
    // Readers need write access too: they register in the shared memory file beside the database.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | more;
    configure(Connection::open_with_flags(path, flags)?)
}

/// Sets what all connections have in common.
pub(crate) fn configure(connection: Connection) -> Result<Connection, Failure> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(connection)
}

/// Refuses a file with other content before SQLite touches it. Tells whether there is no file, or
/// one in which nothing is yet.
pub(crate) fn is_absent_or_empty(path: &Path) -> Result<bool, Failure> {
    let failed = |source| Failure::File {
        operation: "read its first bytes",
        source,
    };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        Err(error) => return Err(failed(error)),
    };
    let mut start = Vec::with_capacity(MAGIC.len());
    file.take(MAGIC.len() as u64)
        .read_to_end(&mut start)
        .map_err(failed)?;
    // SQLite creates an empty file first, so an empty one is a store that was never begun.
    if start.is_empty() || start == MAGIC {
        Ok(start.is_empty())
    } else {
        Err(Failure::NotADatabase)
    }
}

/// Refuses the database of another program; an empty one is nobody's.
pub(crate) fn check_application(connection: &Connection) -> Result<(), Failure> {
    let id = application_id(connection)?;
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    // The id is read again when there are tables: another process may just have made both.
    if id == APPLICATION_ID || tables == 0 || application_id(connection)? == APPLICATION_ID {
        Ok(())
    } else {
        Err(Failure::ForeignDatabase(id))
    }
}

fn application_id(connection: &Connection) -> Result<i32, Failure> {
    Ok(connection.pragma_query_value(None, "application_id", |row| row.get(0))?)
}

/// Switches to WAL mode. When several processes open a new file at once, SQLite may answer "busy"
/// to this without waiting.
fn set_wal_mode(connection: &Connection) -> Result<(), Failure> {
    let deadline = Instant::now() + BUSY_TIMEOUT;
    loop {
        let result: Result<String, _> =
            connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0));
        match result.map_err(Failure::from) {
            Err(failure) if failure.is_busy() && Instant::now() < deadline => {
                std::thread::sleep(Duration::from_millis(10));
            }
            other => return other.map(drop),
        }
    }
}

/// Makes the name of a new file durable. SQLite does so only for the files beside it.
fn sync_directory(directory: &Path) -> Result<(), Failure> {
    File::open(directory)
        .and_then(|directory| directory.sync_all())
        .map_err(|source| Failure::File {
            operation: "sync its directory",
            source,
        })
}
