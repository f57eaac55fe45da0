use std::collections::BTreeMap;

use jiff::Timestamp;
use limpid_types::Digest;
use serde::{Deserialize, Serialize};

/// A numbered, immutable set of snapshots, one per feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generation {
    /// Its number. Numbers rise and are never used again.
    pub number: u64,
    /// When it was made.
    pub activated: Timestamp,
    /// Its snapshots by the name of the feed.
    pub feeds: BTreeMap<String, FeedSnapshot>,
}

/// The complete result of one run of a feed, as a generation refers to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedSnapshot {
    /// Digest of the snapshot file.
    pub snapshot: Digest,
    /// How many records it has.
    pub records: u64,
    /// How many records of the source could not be read.
    pub quarantined: u64,
    /// Size of the snapshot file.
    pub bytes: u64,
    /// When it was built.
    pub built: Timestamp,
    /// When the source was last known to say exactly this. It moves on while nothing else does.
    pub checked: Timestamp,
}

/// What became of an attempt to change which generation is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// The generation with this number is served now.
    Done(u64),
    /// Nothing was changed: another generation was served than the caller expected.
    Conflict {
        /// The generation that is served.
        current: Option<u64>,
    },
    /// Nothing was changed: the lease under which the caller works is no longer its own.
    LeaseLost,
    /// Nothing was changed: there is no such generation to go back to.
    NoSuchGeneration,
}

/// One change of which generation is served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PointerMove {
    /// When it was changed.
    pub at: Timestamp,
    /// The generation that was served before.
    pub from: Option<u64>,
    /// The generation that was served from then on.
    pub to: u64,
    /// Whether an earlier generation was called back, instead of a new one being made.
    pub is_roll_back: bool,
}
