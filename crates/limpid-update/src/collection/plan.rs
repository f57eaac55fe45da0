use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use limpid_feed::{Archive, Collection, Contents};
use limpid_vulndb::{Error, Snapshot};

use crate::builder_sink::{DOCUMENT_NOTES, QUARANTINE_NOTES};

/// More changed members than these that the archive has are read from it. With the pause that a host is left
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
        let until = archive.as_ref().map(|archive| &archive.complete_until);
        let until = until.and_then(|until| time(until));
        let is_covered = |member: &String| {
            let changed = times.get(member).and_then(|text| time(text));
            changed.is_some_and(|changed| until.is_some_and(|until| changed < until))
        };
        let (mut from_archive, mut singly): (BTreeSet<_>, BTreeSet<_>) =
            changed.into_iter().partition(is_covered);
        let is_worth_it = known.documents.is_empty() || from_archive.len() > MOST_SINGLY;
        if !is_worth_it {
            singly.append(&mut from_archive);
        }
        Self {
            times,
            archive: archive.filter(|_| is_worth_it),
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

#[cfg(test)]
mod tests {
    use limpid_feed::{DocumentAddress, Documents, FeedError, ReadSeek, Sink, Tally};

    use super::*;

    /// A collection whose members are all different.
    struct Distinct;

    impl Collection for Distinct {
        fn listings(&self) -> Vec<DocumentAddress> {
            Vec::new()
        }

        fn contents(&self, _: &mut dyn Documents) -> Result<Contents, FeedError> {
            Ok(Contents::default())
        }

        fn address(&self, member: &str) -> String {
            member.to_owned()
        }

        fn id(&self, member: &str) -> String {
            member.to_owned()
        }

        fn parse_member(&self, _: &str, _: &[u8], _: &mut dyn Sink) -> Result<Tally, FeedError> {
            Ok(Tally::default())
        }

        fn parse_archive(
            &self,
            _: &str,
            _: Box<dyn ReadSeek>,
            _: &mut dyn FnMut(&str) -> bool,
            _: &mut dyn Sink,
        ) -> Result<Tally, FeedError> {
            Ok(Tally::default())
        }
    }

    /// Plans a run of a source with so many members that are known by another time, and one that is
    /// newer than the archive.
    fn plan(changed: usize) -> Plan {
        let before = "2025-01-01T00:00:00Z";
        let mut members: BTreeMap<String, String> = (0..changed)
            .map(|number| (format!("m{number}"), before.to_owned()))
            .collect();
        let mut known = Known::default();
        for member in members.keys() {
            known.documents.insert(member.clone(), String::new());
        }
        members.insert("new".into(), "2025-01-02T00:00:00Z".into());
        let contents = Contents {
            archive: Some(Archive {
                url: "archive".into(),
                complete_until: "2025-01-02T00:00:00Z".into(),
            }),
            members,
            deleted: BTreeSet::new(),
        };
        Plan::make(&Distinct, contents, &known)
    }

    #[test]
    fn a_few_changes_are_fetched_singly_and_many_from_the_archive() {
        let few = plan(MOST_SINGLY);
        assert_eq!((few.archive, few.from_archive.len()), (None, 0));
        assert_eq!(few.singly.len(), MOST_SINGLY + 1);
        let many = plan(MOST_SINGLY + 1);
        assert!(many.archive.is_some());
        assert_eq!(many.from_archive.len(), MOST_SINGLY + 1);
        assert_eq!(many.singly, BTreeSet::from(["new".to_owned()]));
    }
}
