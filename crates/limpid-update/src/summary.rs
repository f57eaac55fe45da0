use std::fmt;

use limpid_store::{Lease, UpdateRun};

/// What an update did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateSummary {
    /// The generation that was served before.
    pub previous: Option<u64>,
    /// The generation that is served now.
    pub current: Option<u64>,
    /// The runs of the feeds, by name.
    pub runs: Vec<UpdateRun>,
    /// The feeds that this update did not run or did not bring to an end, by name.
    pub skipped: Vec<SkippedFeed>,
    /// The families whose feeds could not be found out, by name.
    pub failed_families: Vec<FailedFamily>,
    /// The selections that no feed answers to.
    pub unmatched: Vec<String>,
    /// How many files of old generations were removed.
    pub removed_snapshots: usize,
}

/// A family whose feeds could not be found out. They keep what they have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedFamily {
    /// Name of the family.
    pub family: &'static str,
    /// Why not.
    pub error: String,
}

/// A feed that an update left as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedFeed {
    /// Name of the feed.
    pub feed: String,
    /// Why it was left.
    pub cause: SkipCause,
}

/// Why a feed was left as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SkipCause {
    /// Another update runs it, or changes which generation is served.
    Busy(Lease),
    /// Another update has just run it.
    NotDue,
    /// Another update has taken over, because this one did not renew its lease in time.
    LeaseLost,
    /// The update was to end early.
    Stopped,
}

impl fmt::Display for SkipCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy(lease) => write!(
                f,
                "another update is at it until {} at the latest: {}",
                lease.expires, lease.owner
            ),
            Self::NotDue => f.write_str("another update has just run it"),
            Self::LeaseLost => f.write_str("another update has taken over"),
            Self::Stopped => f.write_str("the update was ended early"),
        }
    }
}
