//! Values that the promises are tried with.

#![expect(clippy::unwrap_used, reason = "these are for tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use limpid_types::Digest;

use crate::{
    Build, DocumentFingerprint, FeedSnapshot, LayerRecord, ManifestRecord, Outcome, Store,
    UpdateRun,
};

/// Returns a point in time, some seconds after a fixed one.
pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_millis(1_790_000_000_123 + seconds * 1000)
}

/// Returns a digest that belongs to a name.
pub(super) fn digest(name: &str) -> Digest {
    Digest::sha256(name.as_bytes())
}

/// Returns the digests that belong to some names.
pub(super) fn digests(names: &[&str]) -> BTreeSet<Digest> {
    names.iter().map(|name| digest(name)).collect()
}

/// Returns what was seen in a layer with some packages.
pub(super) fn layer_record(text: &str, packages: &[&str]) -> LayerRecord {
    LayerRecord {
        evidence: format!("evidence of {text}").into_bytes(),
        owned_files: format!("files of {text}").into_bytes(),
        packages: packages.iter().map(|&name| name.to_owned()).collect(),
    }
}

/// Returns a manifest with the layers that belong to some names, indexed by the set `set`.
pub(super) fn manifest_record(layers: &[&str]) -> ManifestRecord {
    ManifestRecord {
        layers: layers.iter().map(|name| digest(name)).collect(),
        detector_set: "set".into(),
    }
}

/// Saves the layers that belong to some names, as the set `set` saw them.
pub(super) async fn save_layers(store: &Arc<dyn Store>, names: &[&str]) {
    for name in names {
        let record = layer_record(name, &["openssl", "bash"]);
        let saved = store.save_layer(&digest(name), "set", &record, at(0)).await;
        saved.unwrap();
    }
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
