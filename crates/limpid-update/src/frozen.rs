//! Releases that a source does not speak of any more: they keep the last records that it had.

use std::collections::BTreeMap;

use jiff::Timestamp;
use limpid_vulndb::{Error, FROZEN_NOTES, Snapshot, SnapshotBuilder};

/// What was known of a feed before a run.
pub(crate) struct Earlier {
    pub(crate) snapshot: Snapshot,
    /// When the source was last known to say what is in the snapshot.
    pub(crate) checked: Timestamp,
}

/// The namespaces that a run leaves as they were.
#[derive(Default)]
pub(crate) struct Frozen {
    /// By name, when the source last had them, RFC 3339 in UTC.
    pub(crate) namespaces: BTreeMap<String, String>,
    /// How many records and notes of the earlier snapshot a run can be expected to have again: all
    /// but those that were frozen already and still are.
    pub(crate) expected: u64,
}

impl Frozen {
    /// Finds the namespaces of an earlier snapshot that a build has no records of.
    pub(crate) fn find(earlier: &Earlier, builder: &SnapshotBuilder) -> Result<Self, Error> {
        let mut frozen = Self {
            expected: earlier.snapshot.meta().notes,
            ..Self::default()
        };
        for (namespace, records) in earlier.snapshot.namespaces() {
            let before = earlier.snapshot.note(FROZEN_NOTES, namespace)?;
            if before.is_some() {
                // The mark itself is none of the source's notes.
                frozen.expected = frozen.expected.saturating_sub(1);
            }
            let is_gone = !builder.has_namespace(namespace);
            if !is_gone || before.is_none() {
                frozen.expected += records;
            }
            if is_gone {
                let since = before.map_or_else(|| date(earlier.checked), str::to_owned);
                frozen.namespaces.insert(namespace.clone(), since);
            }
        }
        Ok(frozen)
    }

    /// Notes which namespaces are frozen.
    pub(crate) fn note(&self, builder: &mut SnapshotBuilder) -> Result<(), Error> {
        self.namespaces
            .iter()
            .try_for_each(|(namespace, since)| builder.note(FROZEN_NOTES, namespace, since))
    }
}

fn date(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
