use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use limpid_feed::{Archive, Collection, Contents};
use limpid_vulndb::{Error, Snapshot};

use crate::builder_sink::{DOCUMENT_NOTES, QUARANTINE_NOTES};

/// More changed members than these are read from the archive. With the pause that a host is left
/// between two requests, fetching them singly takes about as long as reading it.
const MOST_SINGLY: usize = 4000;

/// What the last snapshot says of its members.
#[derive(Default)]
pub(crate) struct Known {
    /// The time of the change of each that was read.
    pub(crate) documents: BTreeMap<String, String>,
    /// How many records of a member could not be read, for those that have any.
    pub(crate) unreadable: BTreeMap<String, u64>,
}

impl Known {
    /// Reads what a snapshot says. All of it is in memory: some hundred bytes a member.
    pub(crate) fn of(last: Option<&Snapshot>) -> Result<Self, Error> {
        let mut known = Self::default();
        if let Some(last) = last {
            for note in last.notes(DOCUMENT_NOTES) {
                let (member, time) = note?;
                known.documents.insert(member, time.to_owned());
            }
            for note in last.notes(QUARANTINE_NOTES) {
                let (member, count) = note?;
                let count = count.parse().unwrap_or_default();
                known.unreadable.insert(member, count);
            }
        }
        Ok(known)
    }

    /// Returns how many records could not be read in all.
    pub(crate) fn quarantined(&self) -> u64 {
        self.unreadable.values().sum()
    }
}

/// What a run has to read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    /// All members that there are, with the time of their last change. One that is not listed stays
    /// until it is said that it was deleted: listings are cut off and have broken lines.
    pub(crate) times: BTreeMap<String, String>,
    /// The archive, if it is to be read.
    pub(crate) archive: Option<Archive>,
    /// Members to read from the archive.
    pub(crate) from_archive: BTreeSet<String>,
    /// Members to fetch one by one.
    pub(crate) singly: BTreeSet<String>,
    /// Members of the last snapshot that were deleted.
    pub(crate) dropped: BTreeSet<String>,
    deleted: BTreeSet<String>,
}

impl Plan {
    /// Compares what the source has with what is known of it.
    pub(crate) fn make(collection: &dyn Collection, contents: Contents, known: &Known) -> Self {
        let Contents {
            archive,
            members,
            deleted,
        } = contents;
        let is_dropped =
            |member: &String| deleted.contains(member) && !members.contains_key(member);
        let (dropped, kept): (BTreeMap<_, _>, BTreeMap<_, _>) = known
            .documents
            .clone()
            .into_iter()
            .partition(|(member, _)| is_dropped(member));
        let mut times = kept;
        times.extend(members);
        let mut changed: BTreeSet<String> = times
            .iter()
            .filter(|(member, time)| known.documents.get(*member) != Some(time))
            .map(|(member, _)| member.clone())
            .collect();
        let dropped: BTreeSet<String> = dropped.into_keys().collect();
        add_namesakes(collection, &times, &mut changed, &dropped);
        let archive = archive.filter(|_| known.documents.is_empty() || changed.len() > MOST_SINGLY);
        let until = archive
            .as_ref()
            .and_then(|archive| time(&archive.complete_until));
        let is_covered = |member: &String| {
            let changed = times.get(member).and_then(|text| time(text));
            changed.is_some_and(|changed| until.is_some_and(|until| changed < until))
        };
        let (from_archive, singly) = changed.into_iter().partition(is_covered);
        Self {
            times,
            archive,
            from_archive,
            singly,
            dropped,
            deleted,
        }
    }

    /// Tells whether nothing changed.
    pub(crate) fn is_empty(&self) -> bool {
        self.from_archive.is_empty() && self.singly.is_empty() && self.dropped.is_empty()
    }

    /// Tells whether a member is to be read from the archive. What nobody speaks of but the archive
    /// is read as well: a line of the listing may be broken.
    pub(crate) fn wants_of_archive(&self, member: &str) -> bool {
        self.from_archive.contains(member)
            || !self.times.contains_key(member) && !self.deleted.contains(member)
    }
}

/// Adds the members that have an id in common with one that changed or was deleted, because the
/// records of an id are replaced together.
fn add_namesakes(
    collection: &dyn Collection,
    times: &BTreeMap<String, String>,
    changed: &mut BTreeSet<String>,
    dropped: &BTreeSet<String>,
) {
    let ids: BTreeSet<String> = changed
        .union(dropped)
        .map(|member| collection.id(member))
        .collect();
    if ids.is_empty() {
        return;
    }
    for member in times.keys() {
        if !changed.contains(member) && ids.contains(&collection.id(member)) {
            changed.insert(member.clone());
        }
    }
}

fn time(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}
