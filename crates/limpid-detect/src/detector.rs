use std::fs::File;
use std::io::{BufRead, BufReader, Seek};

use limpid_layer::{Budget, Content, Entry, Lease, Want};
use limpid_types::{
    DatabaseKind, LayerEvidence, PackageDatabase, PackageRecord, Problem, ProblemKind,
};

use crate::owned_files::OwnedFilesWriter;

/// Finds one sort of thing in a layer.
pub(crate) trait Detector {
    /// Decides from the metadata what is wanted of an entry; anything but [`Want::Nothing`] makes
    /// the entry this detector's alone.
    fn want(&mut self, entry: &Entry<'_>) -> Want;

    /// Learns of a directory, which has no content to want.
    fn see_directory(&mut self, _path: &str, _sink: &mut Sink) {}

    /// Decides from the first bytes whether the rest is wanted, see [`Want::WholeAfter`].
    fn confirm(&mut self, _entry: &Entry<'_>, _start: &[u8], _sink: &mut Sink) -> bool {
        true
    }

    /// Learns of a hard link whose name and target are both wanted, and tells whether it took it
    /// for a file: the content went by with the target.
    fn see_hard_link(&mut self, _entry: &Entry<'_>, _sink: &mut Sink) -> bool {
        false
    }

    /// Takes the content that was wanted.
    fn take(&mut self, entry: &Entry<'_>, content: Content<'_>, sink: &mut Sink);

    /// Learns that the wanted content could not be had.
    fn lost(&mut self, entry: &Entry<'_>, why: String, sink: &mut Sink) {
        sink.problem(Problem::new(ProblemKind::UnreadableFile, entry.path, why).at(entry.offset));
    }

    /// Learns that the layer has ended.
    fn finish(&mut self, _sink: &mut Sink) {}
}

/// Where detectors put what they find.
pub(crate) struct Sink {
    pub(crate) evidence: LayerEvidence,
    pub(crate) owned_files: OwnedFilesWriter,
    lease: Option<Lease>,
    budget: Budget,
    pub(crate) held: u64,
    /// Something was left out for want of memory: another run, with more, would find more.
    pub(crate) is_short: bool,
    packages: usize,
    is_full: bool,
    has_more_problems: bool,
}

/// How many problems one layer may report; more say nothing new and could fill the memory.
const MOST_PROBLEMS: usize = 1000;

/// How many packages one layer may have. The largest real images have some ten thousand; each
/// costs about 4 KiB on its way to a report.
const MOST_PACKAGES: usize = 100_000;

/// Databases that are kept even when the memory is used up by their records.
const CERTAIN_DATABASES: usize = 1000;

/// What an item of a list takes beside its text, with the room that the list keeps for growing.
const ITEM_BYTES: usize = 128;

/// The lease for records grows by this many bytes at a time.
const LEASE_STEP: u64 = 256 << 10;

impl Sink {
    pub(crate) fn new(budget: Budget) -> Self {
        Self {
            evidence: LayerEvidence::default(),
            owned_files: OwnedFilesWriter::new(budget.clone()),
            lease: None,
            budget,
            held: 0,
            is_short: false,
            packages: 0,
            is_full: false,
            has_more_problems: false,
        }
    }

    /// Takes memory for something with so much text that is kept until the layer ends; a refusal
    /// is reported once.
    pub(crate) fn admit(&mut self, text_bytes: usize) -> bool {
        let admitted = self.reserve(text_bytes.saturating_add(ITEM_BYTES) as u64);
        if !admitted && !self.is_full {
            self.is_full = true;
            self.evidence.problems.push(Problem::new(
                ProblemKind::DamagedArchive,
                "layer",
                "more databases and whiteouts than the memory budget has room for",
            ));
        }
        admitted
    }

    /// Takes memory for a while; a refusal is for another run with more.
    pub(crate) fn lease(&mut self, bytes: u64) -> Option<Lease> {
        let lease = self.budget.try_acquire(bytes);
        self.is_short |= lease.is_none();
        lease
    }

    /// Takes memory that can be done without, for a while.
    pub(crate) fn spare(&self, bytes: u64) -> Option<Lease> {
        self.budget.try_acquire(bytes)
    }

    /// Adds a database. Only where there are a great many must the memory budget have room for it.
    pub(crate) fn database(&mut self, database: PackageDatabase) {
        let is_certain = self.evidence.databases.len() < CERTAIN_DATABASES;
        if is_certain || self.admit(database.path.len()) {
            self.evidence.databases.push(database);
        }
    }

    /// Notes a problem; after [`MOST_PROBLEMS`] one last one says that there were more.
    pub(crate) fn problem(&mut self, problem: Problem) {
        if self.evidence.problems.len() < MOST_PROBLEMS {
            self.evidence.problems.push(problem);
        } else if problem.loses_packages() && !self.has_more_problems {
            self.has_more_problems = true;
            // About the layer, so that it outlives the files that the others are about.
            self.evidence.problems.push(Problem::new(
                ProblemKind::DamagedArchive,
                "layer",
                "more problems than are listed",
            ));
        }
    }

    /// Adds a record to a list if there is room for it; tells whether there was.
    pub(crate) fn keep(&mut self, records: &mut Vec<PackageRecord>, record: PackageRecord) -> bool {
        let bytes = size_of::<PackageRecord>() as u64 + text_bytes(&record);
        let kept = self.packages < MOST_PACKAGES && self.reserve(bytes);
        if kept {
            self.packages += 1;
            records.push(record);
        }
        kept
    }

    /// Takes memory for a problem that is not reported yet; one more than is ever listed is enough
    /// to say that there were more.
    pub(crate) fn hold(&mut self, problems: &mut Vec<Problem>, problem: Problem) {
        if problems.len() <= MOST_PROBLEMS
            && self.admit(problem.subject.len() + problem.detail.len())
        {
            problems.push(problem);
        }
    }

    /// Adds a database that could not be read, and the problem that says why.
    pub(crate) fn unreadable_database(
        &mut self,
        path: &str,
        kind: DatabaseKind,
        why: impl Into<String>,
    ) {
        self.database(PackageDatabase {
            path: path.to_owned(),
            kind,
            packages: Vec::new(),
            readable: false,
        });
        self.problem(Problem::new(ProblemKind::UnreadableDatabase, path, why));
    }

    fn reserve(&mut self, bytes: u64) -> bool {
        let leased = self.lease.as_ref().map_or(0, Lease::bytes);
        let wanted = self.held.saturating_add(bytes);
        if wanted > leased {
            let step = (wanted - leased).max(LEASE_STEP);
            let granted = match &mut self.lease {
                Some(lease) => lease.try_grow(step),
                none => {
                    *none = self.budget.try_acquire(step);
                    none.is_some()
                }
            };
            if !granted {
                self.is_short = true;
                return false;
            }
        }
        self.held = wanted;
        true
    }
}

fn text_bytes(record: &PackageRecord) -> u64 {
    [
        &record.name,
        &record.version,
        &record.arch,
        &record.source,
        &record.source_version,
        &record.module,
        &record.vendor,
        &record.maintainer,
        &record.signature_key,
        &record.build_id,
        &record.place,
    ]
    .into_iter()
    .map(|text| text.len() as u64)
    .sum()
}

/// The most that is read of a document that is read whole, in bytes. Real ones have some hundred
/// KiB at most.
pub(crate) const LARGEST_DOCUMENT: usize = 4 << 20;

/// Returns a document of at most [`LARGEST_DOCUMENT`] bytes, or why it cannot be had.
pub(crate) fn document<'a>(
    entry: &Entry<'_>,
    content: &Content<'a>,
    sink: &mut Sink,
) -> Result<&'a [u8], String> {
    if entry.size > LARGEST_DOCUMENT as u64 {
        let size = entry.size;
        return Err(format!("has more than {LARGEST_DOCUMENT} bytes: {size}"));
    }
    match *content {
        Content::Memory(bytes) => Ok(bytes),
        Content::Spooled(_) => {
            sink.is_short = true;
            Err("the memory budget has no room for it".to_owned())
        }
    }
}

/// Returns a reader over content, wherever it is.
pub(crate) fn reader<'a>(content: &Content<'a>) -> Box<dyn BufRead + 'a> {
    match *content {
        Content::Memory(bytes) => Box::new(bytes),
        Content::Spooled(file) => Box::new(BufReader::new(rewound(file))),
    }
}

/// Returns the file at its start. A failed seek shows up as a short or odd content, which every
/// reader reports.
fn rewound(mut file: &File) -> &File {
    let _ = file.rewind();
    file
}
