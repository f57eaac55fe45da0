use std::error::Error;
use std::time::Duration;

use limpid_store::{ErrorKind, StoreError};
use thiserror::Error;
use tokio_postgres::error::SqlState;

/// What can go wrong below the traits. None of it shows a password, or the values of a statement,
/// which may be secrets as well.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    #[error("no connection became free in time: {0:?}")]
    NoConnection(Duration),
    #[error("cannot reach the server")]
    Connect(#[source] Box<dyn Error + Send + Sync>),
    #[error("cannot come to terms with the server")]
    Handshake(#[source] Box<dyn Error + Send + Sync>),
    #[error("the server did not answer in time: {0:?}")]
    Timeout(Duration),
    #[error("the connection was lost")]
    Lost(#[source] Box<dyn Error + Send + Sync>),
    #[error("the connection was lost while a change was being made, which may have been made")]
    Unknown(#[source] Box<dyn Error + Send + Sync>),
    #[error("the server says: {message} (SQLSTATE {code})")]
    Server { code: String, message: String },
    #[error("somebody else changed the same at the same time")]
    Overtaken,
    #[error("cannot read a value")]
    Value(#[source] Box<dyn Error + Send + Sync>),
    #[error("cannot write a value")]
    Encoding(#[source] Box<dyn Error + Send + Sync>),
    #[error("cannot {operation}")]
    File {
        operation: &'static str,
        #[source]
        source: std::io::Error,
    },
    #[error("the worker thread ended early")]
    Worker(#[source] tokio::task::JoinError),
    #[error("parts of the blob are missing, or have changed")]
    DamagedBlob,
    #[error("its parts were removed again and again while it was being put")]
    BlobRemoved,
    #[error("invalid connection parameter: {0}")]
    Parameter(String),
    #[error("cannot set up TLS: {0}")]
    Tls(String),
    #[error("the tables are not there, and this process may not create them")]
    NoTables,
    #[error("the schema limpid has other tables than those of this program")]
    ForeignSchema,
    #[error("a migration was not applied, and this process may not apply it: {0}")]
    MissingMigration(String),
    #[error("this program does not know the migration: {0}")]
    UnknownMigration(String),
    #[error("applied with other content than this program has: {0}")]
    ChangedMigration(String),
}

impl Failure {
    /// Adds what was tried and where.
    pub(crate) fn during(self, operation: &'static str, location: &str) -> StoreError {
        StoreError {
            kind: self.kind(),
            operation,
            location: location.to_owned(),
            source: Some(Box::new(self)),
        }
    }

    /// Tells whether nothing was changed and the same may well succeed if it is tried again.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Lost(_) | Self::Connect(_) | Self::Overtaken => true,
            Self::Server { code, .. } => {
                is(code, &SqlState::T_R_SERIALIZATION_FAILURE)
                    || is(code, &SqlState::T_R_DEADLOCK_DETECTED)
                    || is_going_down(code)
            }
            _ => false,
        }
    }

    /// Tells whether the connection is no good any more.
    pub(crate) fn spoils_connection(&self) -> bool {
        match self {
            Self::Lost(_) | Self::Unknown(_) | Self::Timeout(_) => true,
            // After a change of roles, the server that was the primary one takes no more changes.
            Self::Server { code, .. } => {
                is_going_down(code) || is(code, &SqlState::READ_ONLY_SQL_TRANSACTION)
            }
            _ => false,
        }
    }

    /// Returns the failure of a commit: when the connection was lost, nobody knows what happened.
    pub(crate) fn of_commit(self) -> Self {
        match self {
            Self::Lost(source) => Self::Unknown(source),
            Self::Server { ref code, .. } if is_going_down(code) => Self::Unknown(Box::new(self)),
            other => other,
        }
    }

    fn kind(&self) -> ErrorKind {
        match self {
            Self::NoConnection(_) | Self::Timeout(_) | Self::Overtaken | Self::BlobRemoved => {
                ErrorKind::Busy
            }
            Self::Connect(_)
            | Self::Handshake(_)
            | Self::Lost(_)
            | Self::Unknown(_)
            | Self::File { .. }
            | Self::Parameter(_)
            | Self::Tls(_)
            | Self::MissingMigration(_) => ErrorKind::Unavailable,
            Self::Server { code, .. } => server_kind(code),
            Self::Value(_) | Self::DamagedBlob | Self::ChangedMigration(_) => ErrorKind::Damaged,
            Self::Encoding(_) | Self::Worker(_) => ErrorKind::Refused,
            Self::NoTables | Self::ForeignSchema => ErrorKind::NotAStore,
            Self::UnknownMigration(name) => ErrorKind::Newer {
                migration: name.clone(),
            },
        }
    }
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        // The details of what the server says may have the values of a row, so they stay here.
        if let Some(said) = error.as_db_error() {
            return Self::Server {
                code: said.code().code().to_owned(),
                message: said.message().to_owned(),
            };
        }
        let is_lost = error.is_closed()
            || error
                .source()
                .is_some_and(<dyn Error>::is::<std::io::Error>);
        if is_lost {
            Self::Lost(Box::new(error))
        } else {
            Self::Encoding(Box::new(error))
        }
    }
}

fn is(code: &str, state: &SqlState) -> bool {
    code == state.code()
}

/// Tells whether the server, or PgBouncer, ends the connection or is not there yet. Whatever was not
/// committed is undone then.
fn is_going_down(code: &str) -> bool {
    // PgBouncer says "protocol violation" when it loses or cannot get a server.
    code.starts_with("08") || matches!(code, "57P01" | "57P02" | "57P03")
}

/// What the classes of SQLSTATE mean to the caller; see appendix A of PostgreSQL's manual.
fn server_kind(code: &str) -> ErrorKind {
    match code {
        "40001" | "40P01" | "55P03" | "57014" | "53300" => ErrorKind::Busy,
        "25006" | "42501" | "3D000" => ErrorKind::Unavailable,
        "42P01" | "3F000" => ErrorKind::NotAStore,
        "XX001" | "XX002" => ErrorKind::Damaged,
        _ if code.starts_with("08")
            || code.starts_with("28")
            || code.starts_with("53")
            || code.starts_with("57")
            || code.starts_with("58") =>
        {
            ErrorKind::Unavailable
        }
        _ => ErrorKind::Refused,
    }
}
