use std::error::Error;
use std::time::Duration;

use limpid_layer::LayerError;
use limpid_store::StoreError;
use thiserror::Error;

use crate::IndexError;
use crate::admission::Refusal;

/// The longest cause that is told, in characters.
const LONGEST_CAUSE: usize = 1000;

/// Why the service did not index an image.
///
/// A cause is for the client and for the log: one line of printable ASCII, because Quay cannot
/// decode anything else in an error, and without addresses and headers.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum IndexFault {
    /// As many images wait as may.
    #[error("too many images wait to be indexed")]
    Full {
        /// When there should be room.
        retry_after: Duration,
    },
    /// The image is bad for ever: another attempt would end in the same way.
    #[error("{cause}")]
    Terminal {
        /// What failed.
        kind: FailureKind,
        /// Why.
        cause: String,
    },
    /// Another attempt may succeed.
    #[error("{cause}")]
    Retryable {
        /// What failed.
        kind: FailureKind,
        /// Why.
        cause: String,
    },
    /// This process begins nothing any more; another one may.
    #[error("the indexer is shutting down")]
    ShuttingDown,
}

/// What failed when an image was not indexed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// The manifest says nothing that could be indexed.
    Manifest,
    /// A layer could not be fetched, or may not be.
    Fetch,
    /// A layer had another digest than it should.
    Digest,
    /// A layer is no archive.
    Archive,
    /// A layer is beyond a limit.
    Limit,
    /// There was not enough memory.
    Memory,
    /// The store failed.
    Store,
    /// The right to index the image passed to another process, or the image's layers were deleted.
    Conflict,
    /// limpid is wrong.
    Defect,
}

impl FailureKind {
    /// Returns the name that metrics and logs use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Manifest => "manifest",
            Self::Fetch => "fetch",
            Self::Digest => "digest",
            Self::Archive => "archive",
            Self::Limit => "limit",
            Self::Memory => "memory",
            Self::Store => "store",
            Self::Conflict => "conflict",
            Self::Defect => "defect",
        }
    }
}

impl IndexFault {
    /// Makes a failure for which another attempt may help.
    pub(crate) fn retryable(kind: FailureKind, cause: &str) -> Self {
        let cause = printable(cause);
        Self::Retryable { kind, cause }
    }

    /// Makes a failure that would come again.
    pub(crate) fn terminal(kind: FailureKind, cause: &str) -> Self {
        let cause = printable(cause);
        Self::Terminal { kind, cause }
    }

    /// Returns what failed, where an attempt was made.
    pub fn kind(&self) -> Option<FailureKind> {
        match self {
            Self::Terminal { kind, .. } | Self::Retryable { kind, .. } => Some(*kind),
            Self::Full { .. } | Self::ShuttingDown => None,
        }
    }
}

impl From<&IndexError> for IndexFault {
    fn from(error: &IndexError) -> Self {
        let (kind, is_lasting) = match error {
            IndexError::Layer {
                source, is_lasting, ..
            } => (layer_failure(source), *is_lasting),
            IndexError::NotAnArchive { .. } => (FailureKind::Archive, true),
            IndexError::Source { .. } | IndexError::Directory { .. } => (FailureKind::Fetch, false),
            IndexError::TooMuchEvidence { .. } => (FailureKind::Memory, false),
            IndexError::Vanished { .. } => (FailureKind::Conflict, false),
            IndexError::Store(error) => return error.into(),
            IndexError::Encode { .. }
            | IndexError::Detector { .. }
            | IndexError::Coalesce { .. } => (FailureKind::Defect, false),
        };
        let cause = chain(error);
        if is_lasting {
            Self::terminal(kind, &cause)
        } else {
            Self::retryable(kind, &cause)
        }
    }
}

impl From<&StoreError> for IndexFault {
    /// Where the store is, and what it said, is for the operator and not for clients.
    fn from(error: &StoreError) -> Self {
        Self::retryable(
            FailureKind::Store,
            &format!("the store failed: {}", error.kind),
        )
    }
}

impl From<StoreError> for IndexFault {
    fn from(error: StoreError) -> Self {
        tracing::warn!(error = chain(&error), "the store failed");
        Self::from(&error)
    }
}

impl From<Refusal> for IndexFault {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Full { retry_after } => Self::Full { retry_after },
            Refusal::Closed => Self::ShuttingDown,
        }
    }
}

fn layer_failure(error: &LayerError) -> FailureKind {
    match error {
        LayerError::Source { .. } => FailureKind::Fetch,
        LayerError::DigestMismatch { .. } => FailureKind::Digest,
        LayerError::Damaged { .. } => FailureKind::Archive,
        LayerError::TooManyBytes { .. }
        | LayerError::Expansion { .. }
        | LayerError::TooManyEntries { .. }
        | LayerError::Window { .. } => FailureKind::Limit,
        LayerError::Budget(_) | LayerError::Thread(_) => FailureKind::Memory,
    }
}

/// Returns what an error and its causes say, outermost first.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        // Some errors repeat their cause.
        if !text.ends_with(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}

fn printable(text: &str) -> String {
    let printable = text.chars().map(|character| match character {
        ' '..='~' => character,
        _ => '?',
    });
    printable.take(LONGEST_CAUSE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_one_short_line_of_ascii() {
        let text = format!("l\u{e4}yer\n{}", "x".repeat(2000));
        let IndexFault::Retryable { cause, .. } = IndexFault::retryable(FailureKind::Fetch, &text)
        else {
            panic!("it was made retryable");
        };
        assert!(cause.starts_with("l?yer?xxx"), "{cause}");
        assert_eq!(cause.len(), LONGEST_CAUSE);
    }
}
