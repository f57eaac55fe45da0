//! Values that the promises are tried with.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use limpid_types::Digest;

use crate::{Build, DocumentFingerprint, FeedSnapshot, Outcome, UpdateRun};

/// Returns a point in time, some seconds after a fixed one.
pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_millis(1_790_000_000_123 + seconds * 1000)
}

/// Returns a digest that belongs to a name.
pub(super) fn digest(name: &str) -> Digest {
    Digest::sha256(name.as_bytes())
}

/// Returns a snapshot with some content.
pub(super) fn snapshot(content: &str) -> FeedSnapshot {
    FeedSnapshot {
        snapshot: digest(content),
        records: 1000,
        quarantined: 3,
        bytes: 1 << 33,
        built: at(0),
        checked: at(0),
    }
}

/// Returns the feeds of a generation from pairs of name and content.
pub(super) fn feeds(pairs: &[(&str, &str)]) -> BTreeMap<String, FeedSnapshot> {
    pairs
        .iter()
        .map(|&(name, content)| (name.to_owned(), snapshot(content)))
        .collect()
}

/// Returns a run of a feed that ended a second after it began.
pub(super) fn run(feed: &str, started: i64, outcome: Outcome) -> UpdateRun {
    UpdateRun {
        feed: feed.into(),
        started: at(started),
        finished: at(started + 1),
        outcome,
        fetched_bytes: 12,
        records: 1000,
        quarantined: 0,
        samples: Vec::new(),
    }
}

/// Returns a build with some content.
pub(super) fn build(content: &str) -> Build {
    let fingerprint = DocumentFingerprint {
        etag: Some("\"5f-1\"".into()),
        last_modified: None,
        digest: digest(content),
    };
    Build {
        snapshot: snapshot(content),
        recipe: "1".into(),
        documents: BTreeMap::from([
            ("https://feeds.example/all.json".into(), Some(fingerprint)),
            ("https://feeds.example/more.json".into(), None),
        ]),
        held: None,
    }
}
