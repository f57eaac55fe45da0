use std::error::Error;
use std::path::PathBuf;

use limpid_store::StoreError;
use thiserror::Error;

/// Why an update or a roll back as a whole did not happen. What fails in a single feed is no such
/// error but part of the summary.
#[derive(Debug, Error)]
pub enum UpdateError {
    /// The generation that is served changed again and again meanwhile.
    #[error("the current generation keeps changing")]
    Contention,
    /// The state could not be read or written.
    #[error("cannot use the state of the feeds")]
    Store(#[from] StoreError),
    /// The directory of the snapshots cannot be used.
    #[error("cannot use the directory of the snapshots: {}", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// The cause.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// There is no generation with the number that was asked for.
    #[error("there is no generation to go back to: {number}")]
    NoSuchGeneration {
        /// The number.
        number: u64,
    },
    /// There is no generation before the one that is served.
    #[error("there is no earlier generation to go back to")]
    NoEarlierGeneration,
    /// A generation cannot be served, because a file of it is missing or cut off.
    #[error("generation {generation} lacks the snapshot of feed {feed}: {}", path.display())]
    SnapshotMissing {
        /// The generation.
        generation: u64,
        /// The feed.
        feed: String,
        /// Where the file should be.
        path: PathBuf,
        /// Why it cannot be used, when the system said so.
        #[source]
        source: Option<Box<dyn Error + Send + Sync>>,
    },
}

/// Returns an error with all its causes in one line, cut to a length that a log can take.
pub(crate) fn in_one_line(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        // Some errors repeat their cause in their own message.
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text.chars().take(2000).collect()
}
