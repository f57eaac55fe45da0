use std::io;

use thiserror::Error;

/// Why a database could not be read at all.
#[derive(Debug, Error)]
pub enum Error {
    /// The first bytes are those of no format that rpm uses.
    #[error("not an rpm database")]
    UnknownFormat,
    /// The bytes could not be had.
    #[error("cannot read the database at byte {offset}")]
    Read {
        /// Where.
        offset: u64,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The description at the start of the database makes no sense.
    #[error("invalid database, bad {field}: {value}")]
    Damaged {
        /// Name of the field.
        field: &'static str,
        /// Its value.
        value: u64,
    },
    /// The database uses something that rpm never uses.
    #[error("unsupported database: {0}")]
    Unsupported(&'static str),
    /// The database is too large to be held in memory.
    #[error("database has {found} bytes, the limit is {limit}")]
    TooLarge {
        /// Its size.
        found: u64,
        /// The limit.
        limit: u64,
    },
    /// The sqlite database has no table of packages, or something else of that name.
    #[error("no table of packages")]
    NoTable,
    /// The sqlite database could not be opened or asked.
    #[error("cannot {doing}")]
    Sqlite {
        /// What was tried.
        doing: &'static str,
        /// What sqlite says.
        #[source]
        source: rusqlite::Error,
    },
}
