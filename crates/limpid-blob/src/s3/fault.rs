use std::io;
use std::time::Duration;

use limpid_store::ErrorKind;
use thiserror::Error;

use crate::incoming::IncomingError;

/// What went wrong with a request or with what it was for.
#[derive(Debug, Error)]
pub(super) enum Fault {
    #[error("connection failed")]
    Connection(#[source] reqwest::Error),
    #[error("the service sent nothing within {} ms", limit.as_millis())]
    Stalled { limit: Duration },
    #[error("not finished within {} ms", limit.as_millis())]
    TooSlow { limit: Duration },
    #[error("the service answered with status {status} {code}")]
    Status { status: u16, code: String },
    #[error("invalid answer: {0}")]
    InvalidAnswer(&'static str),
    #[error("the service could not put the parts together: {code}")]
    NotCompleted { code: String },
    #[error("the blob is larger than {limit} bytes")]
    TooLarge { limit: u64 },
    #[error("cannot read the file")]
    File(#[source] io::Error),
    #[error("the file is not written any more")]
    NotWritten,
    #[error(transparent)]
    Incoming(#[from] IncomingError),
}

impl Fault {
    /// Makes the fault of a connection. The address is left out of it: it carries a signature.
    pub(super) fn connection(error: reqwest::Error) -> Self {
        Self::Connection(error.without_url())
    }

    /// Tells whether the same request may succeed later.
    pub(super) fn is_temporary(&self) -> bool {
        match self {
            Self::Connection(_)
            | Self::Stalled { .. }
            | Self::InvalidAnswer(_)
            | Self::NotCompleted { .. } => true,
            Self::Status { status, .. } => matches!(status, 408 | 416 | 425 | 429 | 500..=599),
            _ => false,
        }
    }

    pub(super) fn kind(&self) -> ErrorKind {
        match self {
            Self::Incoming(IncomingError::Damaged { .. }) => ErrorKind::Damaged,
            Self::Status {
                status: 429 | 503, ..
            } => ErrorKind::Busy,
            _ => ErrorKind::Unavailable,
        }
    }
}
