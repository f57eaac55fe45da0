use std::collections::HashSet;
use std::sync::Arc;

use limpid_types::{Distribution, Ecosystem, Status, Vulnerability};
use limpid_version::RangeEnd;
use limpid_vulndb::{Record, Records, Snapshot};

use crate::clair::view::{StatementView, VulnerabilityId, VulnerabilityView};
use crate::updater_name::{self, Updater};
use crate::{MatchFault, UpdateOperation, distributions};

/// What changed between two update operations.
///
/// It can be a whole database, so it is not held in memory: both snapshots are read side by side,
/// once for what was added and once for what was removed. Reading blocks.
#[derive(Debug)]
pub struct Diff {
    cur: Side,
    prev: Option<Side>,
}

/// One of the operations that are compared.
#[derive(Debug)]
pub(crate) struct Side {
    pub(crate) operation: UpdateOperation,
    pub(crate) feed: String,
    pub(crate) updater: Updater,
    pub(crate) snapshot: Arc<Snapshot>,
}

impl Diff {
    pub(crate) fn new(cur: Side, prev: Option<Side>) -> Self {
        Self { cur, prev }
    }

    /// Returns the later operation.
    pub fn cur(&self) -> &UpdateOperation {
        &self.cur.operation
    }

    /// Returns the earlier operation, if there is one.
    pub fn prev(&self) -> Option<&UpdateOperation> {
        self.prev.as_ref().map(|side| &side.operation)
    }

    /// Goes through the vulnerabilities that only the later operation has.
    pub fn added(&self) -> Changes<'_> {
        Changes::new(Some(&self.cur), self.prev.as_ref())
    }

    /// Goes through the vulnerabilities that only the earlier operation has.
    pub fn removed(&self) -> Changes<'_> {
        Changes::new(self.prev.as_ref(), Some(&self.cur))
    }
}

/// The vulnerabilities that one operation has and another has not, each once. A vulnerability that
/// changed in any part is another one. After an error there are no more.
pub struct Changes<'a> {
    of: Option<Reader<'a>>,
    without: Option<Reader<'a>>,
    /// What the present record was written as, last first.
    pending: Vec<Vulnerability>,
    key: Option<Key<'a>>,
    /// Vulnerabilities of the present key that are not to be given (again).
    excluded: HashSet<VulnerabilityId>,
}

impl<'a> Changes<'a> {
    fn new(of: Option<&'a Side>, without: Option<&'a Side>) -> Self {
        let is_same =
            of.map(|side| side.operation.reference) == without.map(|side| side.operation.reference);
        Self {
            of: of.filter(|_| !is_same).map(Reader::new),
            without: without.map(Reader::new),
            pending: Vec::new(),
            key: None,
            excluded: HashSet::new(),
        }
    }

    /// Reads records until one has something to give; none at the end.
    fn read(&mut self) -> Result<Option<Vulnerability>, MatchFault> {
        loop {
            if let Some(vulnerability) = self.pending.pop() {
                return Ok(Some(vulnerability));
            }
            let Some(reader) = &mut self.of else {
                return Ok(None);
            };
            let Some(record) = reader.take()? else {
                return Ok(None);
            };
            let key = Key::of(&record);
            if self.key.as_ref() != Some(&key) {
                self.excluded.clear();
                if let Some(without) = &mut self.without {
                    without.add_ids(&key, &mut self.excluded)?;
                }
                self.key = Some(key);
            }
            let (excluded, pending) = (&mut self.excluded, &mut self.pending);
            reader.write(&record, |view| {
                if excluded.insert(view.id()) {
                    pending.push(view.to_vulnerability());
                }
            })?;
        }
    }
}

impl Iterator for Changes<'_> {
    type Item = Result<Vulnerability, MatchFault>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.read().transpose();
        if !matches!(next, Some(Ok(_))) {
            self.of = None;
            self.pending.clear();
        }
        next
    }
}

/// The order of the records in a snapshot. Records with the same key follow each other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key<'a> {
    namespace: &'a str,
    package: &'a str,
    id: String,
}

impl<'a> Key<'a> {
    fn of(record: &Record<'a>) -> Self {
        Self {
            namespace: record.namespace,
            package: record.package,
            id: record.id.clone(),
        }
    }
}

/// Reads the records of an operation in their order.
struct Reader<'a> {
    side: &'a Side,
    records: Records<'a>,
    /// The record that was looked at and not taken.
    next: Option<Record<'a>>,
    /// The namespace of the record that was written last, and its distribution.
    distribution: (&'a str, Distribution),
}

impl<'a> Reader<'a> {
    fn new(side: &'a Side) -> Self {
        Self {
            side,
            records: side.snapshot.iter(),
            next: None,
            distribution: ("", Distribution::default()),
        }
    }

    /// Takes the next record of the operation's updater.
    fn take(&mut self) -> Result<Option<Record<'a>>, MatchFault> {
        if let Some(record) = self.next.take() {
            return Ok(Some(record));
        }
        for record in &mut self.records {
            let record = record.map_err(|source| damaged(self.side, source))?;
            if self.side.updater.has(record.repository) {
                return Ok(Some(record));
            }
        }
        Ok(None)
    }

    /// Goes forward to a key and adds the ids of what is there.
    fn add_ids(
        &mut self,
        key: &Key<'_>,
        ids: &mut HashSet<VulnerabilityId>,
    ) -> Result<(), MatchFault> {
        while let Some(record) = self.take()? {
            match Key::of(&record).cmp(key) {
                std::cmp::Ordering::Less => {}
                std::cmp::Ordering::Equal => self.write(&record, |view| {
                    ids.insert(view.id());
                })?,
                std::cmp::Ordering::Greater => {
                    self.next = Some(record);
                    break;
                }
            }
        }
        Ok(())
    }

    /// Writes a record in Clair's shape: one vulnerability per fixed version.
    fn write(
        &mut self,
        record: &Record<'a>,
        mut give: impl FnMut(VulnerabilityView<'_>),
    ) -> Result<(), MatchFault> {
        let fixed_versions = fixed_versions(record);
        if fixed_versions.is_empty() {
            return Ok(());
        }
        let side = self.side;
        let details = side
            .snapshot
            .details(&record.details)
            .map_err(|source| damaged(side, source))?;
        if self.distribution.0 != record.namespace {
            let distribution = distributions::of_namespace(record.namespace);
            self.distribution = (record.namespace, distribution);
        }
        for fixed_in_version in fixed_versions {
            let updater = updater_name::of_record(&side.feed, record.namespace, record.repository);
            let statement = StatementView {
                name: &record.id,
                severity: record.severity_text,
                normalized_severity: record.severity,
                package: record.package,
                kind: record.kind,
                fixed_in_version,
                product: record.cpes.first().copied().unwrap_or_default(),
                ecosystem: Ecosystem::from_key(record.namespace),
            };
            let distribution = Some(&self.distribution.1);
            give(VulnerabilityView::new(
                updater,
                statement,
                &details,
                distribution,
            ));
        }
        Ok(())
    }
}

/// Returns the versions in which the package of a record was fixed, empty where it is not. There
/// is none when the record holds nothing against any version.
fn fixed_versions<'r>(record: &'r Record<'_>) -> Vec<&'r str> {
    let has_fixes = match record.status {
        Status::NotAffected => return Vec::new(),
        Status::Affected => true,
        Status::UnderInvestigation | Status::WillNotFix | Status::EndOfLife => false,
    };
    let mut versions: Vec<&str> = record
        .versions
        .ranges
        .iter()
        .map(|range| match &range.end {
            Some(RangeEnd::Fixed(version)) if has_fixes => version.as_str(),
            _ => "",
        })
        .collect();
    if !record.versions.enumerated.is_empty() {
        versions.push("");
    }
    versions.sort_unstable();
    versions.dedup();
    versions
}

fn damaged(side: &Side, source: limpid_vulndb::Error) -> MatchFault {
    MatchFault::Damaged {
        feed: side.feed.clone(),
        source,
    }
}
