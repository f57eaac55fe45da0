use std::path::Path;

use limpid_store::{ErrorKind, StoreError};
use rusqlite::ErrorCode;
use thiserror::Error;

/// What can go wrong below the traits.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error("cannot {operation}")]
    File {
        operation: &'static str,
        #[source]
        source: std::io::Error,
    },
    #[error("the file begins with other bytes than a database does")]
    NotADatabase,
    #[error("the database belongs to another program, application id: {0:#x}")]
    ForeignDatabase(i32),
    #[error("this program does not know the migration: {0}")]
    UnknownMigration(String),
    #[error("applied with other content than this program has: {0}")]
    ChangedMigration(String),
    #[error("opened for reading only, but this must be applied first: {0}")]
    MissingMigration(&'static str),
    #[error("it was opened for reading only")]
    ReadOnly,
    #[error("others keep changing the file")]
    Unsteady,
    #[error("the worker thread ended early")]
    Worker(#[source] tokio::task::JoinError),
}

impl Failure {
    /// Adds what was tried and where.
    pub(crate) fn during(self, operation: &'static str, path: &Path) -> StoreError {
        StoreError {
            kind: self.kind(),
            operation,
            location: path.display().to_string(),
            source: Some(Box::new(self)),
        }
    }

    pub(crate) fn is_busy(&self) -> bool {
        self.kind() == ErrorKind::Busy
    }

    fn kind(&self) -> ErrorKind {
        match self {
            Self::Sqlite(error) => sqlite_kind(error),
            Self::File { .. } | Self::MissingMigration(_) | Self::ReadOnly => {
                ErrorKind::Unavailable
            }
            Self::Unsteady => ErrorKind::Busy,
            Self::NotADatabase | Self::ForeignDatabase(_) => ErrorKind::NotAStore,
            Self::UnknownMigration(name) => ErrorKind::Newer {
                migration: name.clone(),
            },
            Self::ChangedMigration(_) => ErrorKind::Damaged,
            Self::Worker(_) => ErrorKind::Refused,
        }
    }
}

fn sqlite_kind(error: &rusqlite::Error) -> ErrorKind {
    match error {
        rusqlite::Error::SqliteFailure(failure, _) => match failure.code {
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => ErrorKind::Busy,
            ErrorCode::NotADatabase => ErrorKind::NotAStore,
            ErrorCode::DatabaseCorrupt => ErrorKind::Damaged,
            ErrorCode::PermissionDenied
            | ErrorCode::ReadOnly
            | ErrorCode::SystemIoFailure
            | ErrorCode::DiskFull
            | ErrorCode::CannotOpen
            | ErrorCode::FileLockingProtocolFailed
            | ErrorCode::OutOfMemory => ErrorKind::Unavailable,
            _ => ErrorKind::Refused,
        },
        // What was written under the rules of the schema reads back, or somebody changed it.
        rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::InvalidColumnType(..) => ErrorKind::Damaged,
        _ => ErrorKind::Refused,
    }
}
