use std::io;
use std::time::Duration;

use thiserror::Error;

use crate::RedirectFault;

/// Why a document could not be fetched.
#[derive(Debug, Error)]
#[error("cannot fetch{}: {url}", in_mirror(mirrored.as_deref()))]
pub struct FetchError {
    /// Its address, redacted.
    pub url: String,
    /// Where the mirror has it, if there is a mirror: an address, redacted, or a path.
    pub mirrored: Option<String>,
    /// How often it was asked for.
    pub attempts: u32,
    /// What went wrong the last time.
    #[source]
    pub fault: FetchFault,
}

fn in_mirror(mirrored: Option<&str>) -> String {
    mirrored.map_or_else(String::new, |place| {
        format!(" from its place in the mirror, {place}")
    })
}

/// What went wrong with one attempt.
#[derive(Debug, Error)]
pub enum FetchFault {
    /// There is no way to fetch from such an address.
    #[error("unsupported scheme: {0:?}")]
    UnsupportedScheme(String),
    /// The address leads out of the mirror, or names no file in it.
    #[error("address does not name a file of the mirror, offending part: {0:?}")]
    NotInMirror(String),
    /// A folder has more files than anybody writes by hand.
    #[error("more than {limit} files in the folder")]
    TooManyFiles {
        /// How many it may have.
        limit: usize,
    },
    /// The server could not be reached, or the connection broke.
    #[error("connection failed")]
    Connection(#[source] reqwest::Error),
    /// The host did not answer a short time ago, in all attempts of another fetch.
    #[error("{host} did not answer before, so it is left alone: {cause}")]
    SilentHost {
        /// The host, with its port if that is not the usual one.
        host: String,
        /// What went wrong then.
        cause: String,
    },
    /// The server sent nothing for too long.
    #[error("no data within {} ms", limit.as_millis())]
    Stalled {
        /// How long was waited.
        limit: Duration,
    },
    /// All attempts together took too long.
    #[error("not finished within {} ms", limit.as_millis())]
    TooSlow {
        /// How long was waited.
        limit: Duration,
    },
    /// The server answered with an error.
    #[error("server answered with status {0}")]
    Status(u16),
    /// The server sent us elsewhere too often or to where we do not go.
    #[error("refused to follow a redirection")]
    Redirect(#[source] RedirectFault),
    /// The server's answer contradicts itself or the request.
    #[error("invalid answer: {0}")]
    InvalidAnswer(&'static str),
    /// The document ended before it was complete.
    #[error("document ended after {received} of {expected} bytes")]
    Incomplete {
        /// Bytes that came.
        received: u64,
        /// Bytes that were announced.
        expected: u64,
    },
    /// The document is too large.
    #[error("document is larger than {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: u64,
    },
    /// The document could not be written to the spool directory.
    #[error("cannot write to the spool directory")]
    Spool(#[source] io::Error),
    /// A file of the mirror could not be read.
    #[error("cannot read the mirror")]
    Mirror(#[source] io::Error),
}

impl FetchFault {
    /// Tells whether the same request may succeed later.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Connection(_)
            | Self::Stalled { .. }
            | Self::InvalidAnswer(_)
            | Self::Incomplete { .. } => true,
            Self::Status(status) => matches!(status, 408 | 425 | 429 | 500..=599),
            _ => false,
        }
    }
}
