//! Reading a database without changing anything in its folder.
//!
//! SQLite reads a database in WAL mode with the help of two files beside it, its log and the log's
//! index. They are there while somebody has the database open for writing, and after a crash. When
//! they are not, SQLite would create them, which fails in a folder that cannot be written. It does
//! not when it is told that the file will not change; that is not known, so it is checked
//! afterwards. The answer holds for one reading only, so every reading opens the file anew.

use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rusqlite::{Connection, OpenFlags};

use crate::connection;
use crate::failure::Failure;
use crate::migrations;

/// Tells whether there is a store at a path; an error when what is there cannot be used.
pub(crate) fn check(path: &Path) -> Result<bool, Failure> {
    if connection::is_absent_or_empty(path)? {
        return Ok(false);
    }
    read(path, |connection| {
        connection::check_application(connection)?;
        migrations::check(connection)
    })
}

/// Runs queries that all see the same state.
pub(crate) fn read<T>(
    path: &Path,
    work: impl FnOnce(&Connection) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let stamp = Stamp::of(path)?;
    let mut connection = if stamp.has_log {
        connection::configure(Connection::open_with_flags(path, FLAGS)?)?
    } else {
        let flags = FLAGS | OpenFlags::SQLITE_OPEN_URI;
        connection::configure(Connection::open_with_flags(immutable_uri(path), flags)?)?
    };
    let transaction = connection.transaction()?;
    let answer = work(&transaction);
    if stamp.has_log || Stamp::of(path)? == stamp {
        answer
    } else {
        Err(Failure::Unsteady)
    }
}

const FLAGS: OpenFlags = OpenFlags::SQLITE_OPEN_READ_ONLY.union(OpenFlags::SQLITE_OPEN_NO_MUTEX);

/// What tells that a database has changed.
#[derive(PartialEq)]
struct Stamp {
    has_log: bool,
    length: u64,
    modified: SystemTime,
}

impl Stamp {
    fn of(path: &Path) -> Result<Self, Failure> {
        let failed = |source| Failure::File {
            operation: "look at the file",
            source,
        };
        let metadata = fs::metadata(path).map_err(failed)?;
        let has_log = ["-wal", "-shm"]
            .into_iter()
            .map(|suffix| is_there(&beside(path, suffix)))
            .collect::<Result<Vec<_>, _>>()
            .map_err(failed)?
            .contains(&true);
        Ok(Self {
            has_log,
            length: metadata.len(),
            modified: metadata.modified().map_err(failed)?,
        })
    }
}

fn is_there(path: &Path) -> std::io::Result<bool> {
    match fs::metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

/// Returns the address by which SQLite opens a file that will not change.
fn immutable_uri(path: &Path) -> String {
    // An absolute path gets an empty authority, lest its own beginning be taken for one.
    let scheme = if path.is_absolute() {
        "file://"
    } else {
        "file:"
    };
    let bytes = path.as_os_str().as_bytes().iter();
    let encoded: String = bytes.map(|&byte| encode(byte)).collect();
    format!("{scheme}{encoded}?immutable=1")
}

fn encode(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte) {
        char::from(byte).to_string()
    } else {
        format!("%{byte:02x}")
    }
}
