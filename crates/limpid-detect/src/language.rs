//! Packages of programming languages: one module per ecosystem, chosen by the path of a file.
//!
//! A `Format` says which files it reads and how. What it finds in a file becomes a database of
//! its own, so that a later layer that replaces or removes the file takes the packages with it.
//! Whether a package manager of the distribution owns the file is decided later, from all layers.

mod application;
mod archive;
mod conan;
mod dart;
mod document;
mod dotnet;
mod erlang;
mod executable;
mod haskell;
mod java;
mod json;
mod julia;
mod needs;
mod node;
mod php;
mod python;
mod r;
mod ruby;
mod rust;
mod swift;
mod toml_parts;

use limpid_layer::{Content, Entry, EntryKind, Want};
use limpid_types::{DatabaseKind, PackageDatabase, PackageRecord, Problem, ProblemKind};

use crate::detector::{Detector, Sink};

/// A kind of file that lists packages.
pub(crate) struct Format {
    /// What the file is.
    pub(crate) kind: DatabaseKind,
    /// Tells from the path whether a file is of this kind.
    pub(crate) matches: fn(&Path<'_>) -> bool,
    /// Tells from the first [`START`] bytes whether it is; none when the path says it all.
    pub(crate) starts: Option<fn(&[u8]) -> bool>,
    /// More bytes than this are not read, which is a problem; real files have far less.
    pub(crate) most_bytes: u64,
    /// Reads a file.
    pub(crate) read: fn(&File<'_>, &mut Found<'_>),
}

/// How many bytes from the start of a file show what it is.
pub(crate) const START: usize = 64;

/// All formats; the first that matches reads a file.
const FORMATS: &[&[Format]] = &[
    conan::FORMATS,
    dart::FORMATS,
    dotnet::FORMATS,
    erlang::FORMATS,
    haskell::FORMATS,
    java::FORMATS,
    julia::FORMATS,
    node::FORMATS,
    php::FORMATS,
    python::FORMATS,
    r::FORMATS,
    ruby::FORMATS,
    rust::FORMATS,
    swift::FORMATS,
    // Last, because any file without an ending may be a program.
    executable::FORMATS,
];

/// A path, split where formats look.
pub(crate) struct Path<'a> {
    /// The whole path.
    pub(crate) whole: &'a str,
    /// What comes before the last slash, or empty.
    pub(crate) directory: &'a str,
    /// What comes after it.
    pub(crate) name: &'a str,
    /// Whether the file may be executed.
    pub(crate) is_executable: bool,
}

impl<'a> Path<'a> {
    /// Splits a path.
    pub(crate) fn new(whole: &'a str, is_executable: bool) -> Self {
        let (directory, name) = whole.rsplit_once('/').unwrap_or(("", whole));
        Self {
            whole,
            directory,
            name,
            is_executable,
        }
    }

    fn of(entry: &Entry<'a>) -> Self {
        Self::new(entry.path, entry.mode & 0o111 != 0)
    }

    /// Returns the name of the directory that the file is in, or empty.
    pub(crate) fn parent(&self) -> &'a str {
        self.directory
            .rsplit_once('/')
            .map_or(self.directory, |(_, name)| name)
    }
}

/// A file that is to be read.
pub(crate) struct File<'a> {
    /// Its path.
    pub(crate) path: Path<'a>,
    /// Its content, the whole of it.
    pub(crate) content: Content<'a>,
}

/// What is found in one file.
pub(crate) struct Found<'a> {
    path: &'a str,
    sink: &'a mut Sink,
    packages: Vec<PackageRecord>,
    /// False when packages may be missing.
    is_whole: bool,
}

impl Found<'_> {
    /// Adds a package; without a name or a version it is none. Returns whether there was room for
    /// it; when there is none the reader may end.
    pub(crate) fn package(&mut self, record: PackageRecord) -> bool {
        if record.name.is_empty() || record.version.is_empty() {
            return true;
        }
        let kept = self.sink.keep(&mut self.packages, record);
        if !kept && self.is_whole {
            self.unreadable("more packages than there is room for");
        }
        kept
    }

    /// Says that a part of the file is not what it should be; the rest counts.
    pub(crate) fn bad_record(&mut self, why: impl Into<String>) {
        self.problem(ProblemKind::BadRecord, why);
    }

    /// Says that packages of the file may be missing, and why.
    pub(crate) fn unreadable(&mut self, why: impl Into<String>) {
        self.is_whole = false;
        self.problem(ProblemKind::UnreadableDatabase, why);
    }

    /// Takes memory that a reader needs for so many bytes, until what is returned is dropped; none
    /// when there is too little.
    pub(crate) fn lease(&mut self, bytes: u64) -> Option<limpid_layer::Lease> {
        self.sink.lease(bytes)
    }

    /// Takes memory that spares time and can be done without, so that a refusal means nothing.
    pub(crate) fn spare(&mut self, bytes: u64) -> Option<limpid_layer::Lease> {
        self.sink.spare(bytes)
    }

    fn problem(&mut self, kind: ProblemKind, why: impl Into<String>) {
        self.sink.problem(Problem::new(kind, self.path, why));
    }
}

/// Finds packages of programming languages.
pub(crate) struct LanguageDetector;

impl Detector for LanguageDetector {
    fn want(&mut self, entry: &Entry<'_>) -> Want {
        if entry.kind != EntryKind::File {
            return Want::Nothing;
        }
        match format(&Path::of(entry)) {
            Some(Format { starts: None, .. }) => Want::Whole,
            Some(_) => Want::WholeAfter(START),
            None => Want::Nothing,
        }
    }

    fn confirm(&mut self, entry: &Entry<'_>, start: &[u8], sink: &mut Sink) -> bool {
        let path = Path::of(entry);
        let starts = format(&path).and_then(|format| format.starts);
        let is_confirmed = starts.is_none_or(|starts| starts(start));
        // A script may stand where a lower layer has a program. Programs have no ending.
        if !is_confirmed && !path.name.contains('.') {
            replace(entry.path, sink);
        }
        is_confirmed
    }

    fn take(&mut self, entry: &Entry<'_>, content: Content<'_>, sink: &mut Sink) {
        let path = Path::of(entry);
        let Some(format) = format(&path) else {
            return;
        };
        if entry.size > format.most_bytes {
            let why = format!("has more than {} bytes: {}", format.most_bytes, entry.size);
            return sink.unreadable_database(entry.path, format.kind, why);
        }
        read(format, path, content, sink);
    }

    fn lost(&mut self, entry: &Entry<'_>, why: String, sink: &mut Sink) {
        if let Some(format) = format(&Path::of(entry)) {
            sink.unreadable_database(entry.path, format.kind, why);
        }
    }
}

fn format(path: &Path<'_>) -> Option<&'static Format> {
    let mut formats = FORMATS.iter().copied().flatten();
    formats.find(|format| (format.matches)(path))
}

/// Notes that a file has no packages, but takes the place of one in a lower layer that may have.
fn replace(path: &str, sink: &mut Sink) {
    if sink.admit(path.len()) {
        sink.evidence.obstructions.push(path.to_owned());
    }
}

/// Reads one file into a database.
fn read(format: &Format, path: Path<'_>, content: Content<'_>, sink: &mut Sink) {
    let whole = path.whole;
    let mut found = Found {
        path: whole,
        sink,
        packages: Vec::new(),
        is_whole: true,
    };
    (format.read)(&File { path, content }, &mut found);
    let Found {
        mut packages,
        is_whole,
        sink,
        ..
    } = found;
    packages.sort();
    packages.dedup();
    if packages.is_empty() && is_whole {
        return replace(whole, sink);
    }
    sink.database(PackageDatabase {
        path: whole.to_owned(),
        kind: format.kind,
        readable: is_whole || !packages.is_empty(),
        packages,
    });
}

/// Reads one file as the formats for its path do, as if it could be executed; for fuzzing and for
/// tools that have only the file. Returns nothing when no format reads such files.
pub fn read_file(path: &str, content: &[u8]) -> Option<(Vec<PackageRecord>, Vec<Problem>)> {
    let mut sink = Sink::new(limpid_layer::Budget::new(64 << 20));
    let path = Path::new(path, true);
    let format = format(&path)?;
    let start = content.get(..START).unwrap_or(content);
    if format.starts.is_some_and(|starts| !starts(start)) {
        return None;
    }
    read(format, path, Content::Memory(content), &mut sink);
    let databases = sink.evidence.databases.into_iter();
    let packages = databases.flat_map(|database| database.packages).collect();
    Some((packages, sink.evidence.problems))
}
