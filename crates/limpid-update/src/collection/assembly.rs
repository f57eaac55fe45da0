use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs::File;
use std::io::Read as _;

use limpid_feed::{Collection, FeedError, Note, Quarantined, Sink, SinkError};
use limpid_types::Advisory;
use limpid_vulndb::Carried;

use super::fetch::FetchedMember;
use super::plan::Plan;
use super::{Task, collection};
use crate::builder_sink::{BuilderSink, DOCUMENT_NOTES, QUARANTINE_NOTES};
use crate::error::in_one_line;
use crate::parse::{ParseError, Parsed, Place, Shape, meta};
use crate::reading::{News, Quarantine};

/// So many members may fail in a run without the source being in doubt.
const TOLERATED_FAILURES: usize = 20;
/// Less than one in so many members that could be read, and the run as a whole has failed.
const FAILURES_PER_SUCCESS: usize = 20;

/// What the members that changed say, while they are read.
pub(crate) struct Assembly {
    sink: BuilderSink,
    current: Option<Current>,
    /// The members that were read, each with how many of its records could not be.
    taken: BTreeMap<String, u64>,
    /// The members that could not be fetched or read.
    failed: BTreeSet<String>,
    first_failure: String,
}

/// The member that is being read.
struct Current {
    member: String,
    id: String,
    /// What was counted before it.
    records: u64,
    quarantined: u64,
    samples: usize,
}

/// What became of the members.
#[derive(Default)]
pub(crate) struct Assembled {
    /// The new snapshot, if anything is new.
    parsed: Option<Parsed>,
    /// Whether there are members to try again.
    pub(crate) has_failures: bool,
    failures: Quarantine,
}

impl Assembled {
    /// Returns what there is to say to the feed's run; `known` records could not be read before.
    pub(crate) fn news(self, known: u64) -> News {
        match self.parsed {
            Some(parsed) => News::Parsed(Box::new(parsed)),
            None => News::None(Quarantine {
                records: known + self.failures.records,
                samples: self.failures.samples,
            }),
        }
    }
}

impl Assembly {
    pub(crate) fn new(feed: &str, place: &Place) -> Result<Self, String> {
        let sink = BuilderSink::new(feed, place).map_err(|error| in_one_line(&error))?;
        Ok(Self {
            sink,
            current: None,
            taken: BTreeMap::new(),
            failed: BTreeSet::new(),
            first_failure: String::new(),
        })
    }

    /// Reads the archive as far as the plan wants it. Returns also which members are to be fetched
    /// singly, because the archive lacks them or what it has of them cannot be read.
    pub(crate) fn read_archive(
        self,
        collection: &dyn Collection,
        plan: &Plan,
        archive: File,
    ) -> Result<(Self, BTreeSet<String>), ParseError> {
        let Some(address) = &plan.archive else {
            return Ok((self, BTreeSet::new()));
        };
        let mut unreadable = BTreeSet::new();
        let assembly = RefCell::new(self);
        let mut is_wanted = |member: &str| {
            let mut assembly = assembly.borrow_mut();
            unreadable.extend(assembly.end_archived());
            let is_wanted = !assembly.sink.is_halted()
                && plan.wants_of_archive(member)
                && !assembly.taken.contains_key(member);
            if is_wanted {
                assembly.begin(collection, member);
            }
            is_wanted
        };
        let mut sink = MemberSink(&assembly);
        collection.parse_archive(&address.url, Box::new(archive), &mut is_wanted, &mut sink)?;
        let mut assembly = assembly.into_inner();
        unreadable.extend(assembly.end_archived());
        if assembly.sink.is_halted() {
            return Err(ParseError::Halted);
        }
        let missing = plan.from_archive.iter();
        unreadable.extend(
            missing
                .filter(|member| !assembly.taken.contains_key(*member))
                .cloned(),
        );
        Ok((assembly, unreadable))
    }

    /// Reads members that were fetched, one after the other.
    pub(crate) fn read_members(
        self,
        collection: &dyn Collection,
        members: Vec<FetchedMember>,
    ) -> Result<Self, ParseError> {
        let assembly = RefCell::new(self);
        for FetchedMember { member, content } in members {
            assembly.borrow_mut().begin(collection, &member);
            let read = content.and_then(content_of).map(|content| {
                collection.parse_member(&member, &content, &mut MemberSink(&assembly))
            });
            let failure = match read {
                Ok(Ok(_)) => None,
                Ok(Err(error @ FeedError::Sink { .. })) => return Err(error.into()),
                Ok(Err(error)) => Some(in_one_line(&error)),
                Err(reason) => Some(reason),
            };
            let mut assembly = assembly.borrow_mut();
            if let Some(reason) = failure {
                let document = collection.address(&member);
                let quarantined = assembly.quarantine(document, reason);
                quarantined.map_err(ParseError::Sink)?;
                assembly.fail();
            } else {
                assembly.end();
            }
        }
        Ok(assembly.into_inner())
    }

    /// Writes the snapshot, if anything is new.
    pub(crate) fn finish(mut self, task: &Task) -> Result<Assembled, ParseError> {
        self.check_failures()?;
        let source = collection(&*task.feed)?;
        let id = |member: &String| source.id(member);
        let rejected: HashSet<String> = self.failed.iter().map(id).collect();
        let replaced = self.taken.keys().chain(&task.plan.dropped).map(id);
        let replaced: HashSet<String> = replaced.filter(|id| !rejected.contains(id)).collect();
        if replaced.is_empty() && task.last.is_some() {
            return Ok(self.nothing_new());
        }
        for id in &rejected {
            self.sink.builder.reject(id);
        }
        let is_rejected = |member: &str| rejected.contains(&source.id(member));
        let unreadable = self.note_members(task, &is_rejected)?;
        let snapshots = &task.place.snapshots;
        let (builder, meta) = (self.sink.builder, meta(task.feed.name()));
        let snapshot = match &task.last {
            Some(last) => {
                let carried = Carried {
                    snapshot: last,
                    keeps: &|_, id| !replaced.contains(id),
                };
                builder.finish_upon(carried, meta, snapshots)
            }
            None => builder.finish(meta, snapshots),
        };
        let snapshot = snapshot.map_err(ParseError::Snapshot)?;
        Ok(Assembled {
            has_failures: !self.failed.is_empty(),
            failures: Quarantine::default(),
            parsed: Some(Parsed {
                records: snapshot.records,
                quarantined: unreadable + self.failed.len() as u64,
                samples: self.sink.samples,
                shape: Shape::Read {
                    records: snapshot.records,
                    quarantined: unreadable,
                    expected: None,
                },
                snapshot,
            }),
        })
    }

    fn nothing_new(self) -> Assembled {
        Assembled {
            parsed: None,
            has_failures: !self.failed.is_empty(),
            failures: Quarantine {
                records: self.failed.len() as u64,
                samples: self.sink.samples,
            },
        }
    }

    /// A source that hardly any change can be had from is not up to date.
    fn check_failures(&self) -> Result<(), ParseError> {
        let failed = self.failed.len();
        if failed > TOLERATED_FAILURES && self.taken.len() * FAILURES_PER_SUCCESS < failed {
            return Err(ParseError::MembersLost {
                failed,
                first: self.first_failure.clone(),
            });
        }
        Ok(())
    }

    /// Notes what the snapshot is made of; returns how many records of its members could not be
    /// read.
    fn note_members(
        &mut self,
        task: &Task,
        is_rejected: &dyn Fn(&str) -> bool,
    ) -> Result<u64, ParseError> {
        let known = &task.known;
        let mut total = 0;
        let unlisted = self.taken.keys().map(|member| (member, ""));
        let unlisted = unlisted.filter(|(member, _)| !task.plan.times.contains_key(*member));
        let listed = task.plan.times.iter();
        let listed = listed.map(|(member, time)| (member, time.as_str()));
        // A member whose deletion could not be carried out is there still.
        let dropped = task
            .plan
            .dropped
            .iter()
            .filter(|member| is_rejected(member));
        let dropped = dropped.map(|member| (member, ""));
        for (member, time) in listed.chain(unlisted).chain(dropped) {
            let before = known.documents.get(member).map(String::as_str);
            let read = self.taken.get(member).filter(|_| !is_rejected(member));
            let (time, unreadable) = match (read, before) {
                (Some(unreadable), _) => (time, Some(unreadable)),
                (None, Some(before)) => (before, known.unreadable.get(member)),
                (None, None) => continue,
            };
            let builder = &mut self.sink.builder;
            let mut note = |table, value: &str| {
                let noted = builder.note(table, member, value);
                noted.map_err(ParseError::Snapshot)
            };
            note(DOCUMENT_NOTES, time)?;
            if let Some(unreadable) = unreadable.filter(|count| **count > 0) {
                note(QUARANTINE_NOTES, &unreadable.to_string())?;
                total += unreadable;
            }
        }
        Ok(total)
    }

    fn begin(&mut self, collection: &dyn Collection, member: &str) {
        self.current = Some(Current {
            member: member.to_owned(),
            id: collection.id(member),
            records: self.sink.records,
            quarantined: self.sink.quarantined,
            samples: self.sink.samples.len(),
        });
    }

    /// Tells how many records of a member could not be read; none when nothing of it could.
    fn unreadable(&self, current: &Current) -> Option<u64> {
        let unreadable = self.sink.quarantined - current.quarantined;
        let is_empty = self.sink.records == current.records;
        (unreadable == 0 || !is_empty).then_some(unreadable)
    }

    /// Ends a member that was fetched.
    fn end(&mut self) {
        let Some(current) = &self.current else {
            return;
        };
        match self.unreadable(current) {
            Some(unreadable) => {
                self.taken.insert(current.member.clone(), unreadable);
                self.current = None;
            }
            None => self.fail(),
        }
    }

    /// Ends a member of the archive. One of which nothing could be read is returned, and is as if
    /// it had not been there.
    fn end_archived(&mut self) -> Option<String> {
        let current = self.current.take()?;
        if let Some(unreadable) = self.unreadable(&current) {
            self.taken.insert(current.member, unreadable);
            return None;
        }
        self.sink.quarantined = current.quarantined;
        self.sink.samples.truncate(current.samples);
        Some(current.member)
    }

    fn fail(&mut self) {
        let Some(current) = self.current.take() else {
            return;
        };
        if self.failed.is_empty() {
            let last = self.sink.samples.last();
            let reason = last
                .map(|sample| sample.reason.as_str())
                .unwrap_or_default();
            self.first_failure = format!("{}: {reason}", current.member);
        }
        self.failed.insert(current.member);
    }

    /// Puts the member, or something in it, into the quarantine.
    fn quarantine(&mut self, document: String, reason: String) -> Result<(), SinkError> {
        let id = self.current.as_ref().map(|current| current.member.clone());
        self.sink.quarantine(Quarantined {
            feed: self.sink.feed.clone(),
            id: id.unwrap_or_default(),
            document,
            offset: None,
            reason,
        })
    }

    fn refuse(&mut self, reason: String) -> Result<(), SinkError> {
        self.quarantine(String::new(), reason)
    }
}

fn content_of(mut file: File) -> Result<Vec<u8>, String> {
    let mut content = Vec::new();
    match file.read_to_end(&mut content) {
        Ok(_) => Ok(content),
        Err(error) => Err(format!("cannot read what was fetched: {error}")),
    }
}

/// Takes what a member says, as long as it speaks of itself.
struct MemberSink<'a>(&'a RefCell<Assembly>);

impl Sink for MemberSink<'_> {
    fn advisory(&mut self, advisory: &Advisory) -> Result<(), SinkError> {
        let mut assembly = self.0.borrow_mut();
        let is_own = assembly
            .current
            .as_ref()
            .is_some_and(|current| current.id == advisory.id);
        if is_own {
            return assembly.sink.advisory(advisory);
        }
        // Records are replaced by id, so these could never be taken back.
        let id: String = advisory.id.chars().take(80).collect();
        assembly.refuse(format!("advisory of another document: {id}"))
    }

    fn note(&mut self, note: Note) -> Result<(), SinkError> {
        let mut assembly = self.0.borrow_mut();
        // Notes are not replaced with the member.
        assembly.refuse(format!(
            "note of a single document, in table: {}",
            note.table
        ))
    }

    fn quarantine(&mut self, quarantined: Quarantined) -> Result<(), SinkError> {
        self.0.borrow_mut().sink.quarantine(quarantined)
    }
}
