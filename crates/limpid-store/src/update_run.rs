use std::collections::BTreeMap;

use jiff::Timestamp;
use limpid_types::Digest;
use serde::{Deserialize, Serialize};

use crate::FeedSnapshot;

/// One attempt to bring a feed up to date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateRun {
    /// Name of the feed.
    pub feed: String,
    /// When it began. Consecutive runs that found nothing new are kept as one.
    pub started: Timestamp,
    /// When it ended.
    pub finished: Timestamp,
    /// How it ended.
    pub outcome: Outcome,
    /// Bytes of documents that were fetched.
    pub fetched_bytes: u64,
    /// Records that were read.
    pub records: u64,
    /// Records that could not be read.
    pub quarantined: u64,
    /// The first of the records that could not be read.
    pub samples: Vec<QuarantinedRecord>,
}

/// How an [`UpdateRun`] ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The source says what it said before.
    Unchanged,
    /// What it says is served since a generation.
    Activated {
        /// Number of the generation.
        generation: u64,
    },
    /// What it says is not plausible: it is kept, but not served.
    Held {
        /// What is not plausible about it.
        reason: String,
    },
    /// It could not be read.
    Failed {
        /// Why not.
        error: String,
    },
}

/// A record of a feed that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuarantinedRecord {
    /// What the record calls itself.
    pub id: String,
    /// Address of the document that it is in.
    pub document: String,
    /// Where it begins in the document.
    pub offset: Option<u64>,
    /// What is wrong with it.
    pub reason: String,
}

/// What a feed's documents became when they were last read to the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Build {
    /// The snapshot.
    pub snapshot: FeedSnapshot,
    /// The rules by which it was made. Unchanged documents have to be read again when these changed.
    pub recipe: String,
    /// What the documents looked like, by address; none for one that the source does not have.
    pub documents: BTreeMap<String, Option<DocumentFingerprint>>,
    /// Why it is not served, when it is not plausible.
    pub held: Option<String>,
}

/// What a document looked like when it was fetched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentFingerprint {
    /// The entity tag that the server gave.
    pub etag: Option<String>,
    /// The modification date that the server gave, in its own form.
    pub last_modified: Option<String>,
    /// Digest of the content.
    pub digest: Digest,
}

/// How a feed is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedState {
    /// Name of the feed.
    pub feed: String,
    /// When a run last ended, in whatever way.
    pub last_attempt: Timestamp,
    /// When a run last ended well: unchanged or activated.
    pub last_success: Option<Timestamp>,
    /// Why the last run failed; none when it did not.
    pub last_error: Option<String>,
    /// The result of the last run that read the documents to the end.
    pub build: Option<Build>,
}
