use std::path::Path;

use rusqlite::{Connection, params};

use super::RpmPackage;

/// The tables that rpm 4.18 keeps beside the packages, to find packages quickly. rpm opens no
/// database without them; they may be empty as long as nobody asks for a package by name.
const INDEXES: [&str; 18] = [
    "Name",
    "Basenames",
    "Group",
    "Requirename",
    "Providename",
    "Conflictname",
    "Obsoletename",
    "Triggername",
    "Dirnames",
    "Installtid",
    "Sigmd5",
    "Sha1header",
    "Filetriggername",
    "Transfiletriggername",
    "Recommendname",
    "Suggestname",
    "Supplementname",
    "Enhancename",
];

/// Writes packages as an `rpmdb.sqlite` without a write-ahead log beside it.
///
/// # Panics
///
/// When the temporary directory cannot be used.
pub fn write_sqlite(packages: &[RpmPackage]) -> Vec<u8> {
    write_sqlite_headers(&headers(packages))
}

/// Writes headers as an `rpmdb.sqlite`; the records are numbered from 1.
///
/// # Panics
///
/// When the temporary directory cannot be used.
pub fn write_sqlite_headers(headers: &[Vec<u8>]) -> Vec<u8> {
    build(headers, &[]).expect("an rpm database can be built").0
}

/// Writes packages as an `rpmdb.sqlite` and its `rpmdb.sqlite-wal`: the first ones are in the
/// database, the second ones only in the log, as after a crash.
///
/// # Panics
///
/// When the temporary directory cannot be used.
pub fn write_sqlite_with_log(stored: &[RpmPackage], logged: &[RpmPackage]) -> (Vec<u8>, Vec<u8>) {
    build(&headers(stored), &headers(logged)).expect("an rpm database can be built")
}

fn headers(packages: &[RpmPackage]) -> Vec<Vec<u8>> {
    packages.iter().map(RpmPackage::header).collect()
}

type Error = Box<dyn std::error::Error>;

fn build(stored: &[Vec<u8>], logged: &[Vec<u8>]) -> Result<(Vec<u8>, Vec<u8>), Error> {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("rpmdb.sqlite");
    let connection = Connection::open(&path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.execute_batch(&schema())?;
    insert(&connection, stored)?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    insert(&connection, logged)?;
    // Closing the connection would empty the log.
    let files = (std::fs::read(&path)?, read_log(&path)?);
    Ok(files)
}

fn schema() -> String {
    let packages =
        "CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL);";
    let indexes = INDEXES.map(|name| {
        format!(
            "CREATE TABLE '{name}' (key 'TEXT' NOT NULL, hnum INTEGER NOT NULL,
                idx INTEGER NOT NULL, FOREIGN KEY (hnum) REFERENCES 'Packages'(hnum));
             CREATE INDEX '{name}_key_idx' ON '{name}'(key ASC);"
        )
    });
    format!("{packages}{}", indexes.concat())
}

fn insert(connection: &Connection, headers: &[Vec<u8>]) -> Result<(), Error> {
    for header in headers {
        connection.execute("INSERT INTO Packages (blob) VALUES (?1)", params![header])?;
    }
    Ok(())
}

fn read_log(database: &Path) -> Result<Vec<u8>, Error> {
    Ok(std::fs::read(database.with_extension("sqlite-wal"))?)
}
