//! A directory as a stream of entries.

use std::ffi::OsString;
use std::fs::{self, File, Metadata};
use std::io::{self, BufReader};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::vec::IntoIter;

use limpid_types::{Problem, ProblemKind};

use crate::problems::Problems;
use crate::walk::content::Collector;
use crate::walk::cursor::{Cursor, Stop};
use crate::{
    Budget, Entry, EntryKind, LayerError, LayerLimits, Lease, Spool, Visitor, WalkSummary, Want,
};

/// Directories at the root that are left out when something else is mounted there: they show the
/// running system, not the image.
const LIVE: [&str; 3] = ["dev", "proc", "sys"];
/// Bytes read from a file at a time.
const BUFFER: usize = 64 << 10;
/// Bytes of names for which memory is taken at a time.
const NAMES: u64 = 64 << 10;

/// Shows a directory tree to a visitor as if it were a layer, in sorted order.
///
/// Symbolic links are shown, never followed. Special files are shown, never opened. Every name of
/// a file with several is a file. What cannot be read is a problem, and the walk goes on; an error
/// means that the root cannot be read or a limit was met. `root` itself is not an entry, and the
/// offset of all entries is 0.
pub fn walk_directory(
    root: &Path,
    limits: &LayerLimits,
    budget: &Budget,
    spool: &Spool,
    visitor: &mut dyn Visitor,
) -> Result<WalkSummary, LayerError> {
    let cannot_read = |source| LayerError::Source { offset: 0, source };
    let device = fs::metadata(root).map_err(cannot_read)?.dev();
    let mut walker = DirectoryWalker {
        root,
        device,
        limits,
        budget,
        collector: Collector::new(limits, budget, spool),
        visitor,
        seen: 0,
        summary: WalkSummary::default(),
        problems: Problems::default(),
    };
    let first = match walker.list(Path::new("")) {
        Ok(level) => level,
        Err(Unlisted::Unreadable(error)) => return Err(cannot_read(error)),
        Err(Unlisted::Failed(error)) => return Err(error),
    };
    walker.run(first)?;
    walker.summary.problems = walker.problems.finish();
    Ok(walker.summary)
}

struct DirectoryWalker<'w> {
    root: &'w Path,
    /// The file system of the root.
    device: u64,
    limits: &'w LayerLimits,
    budget: &'w Budget,
    collector: Collector<'w>,
    visitor: &'w mut dyn Visitor,
    /// Names that were listed.
    seen: u64,
    summary: WalkSummary,
    problems: Problems,
}

/// What is left of a directory.
struct Level {
    path: PathBuf,
    names: IntoIter<OsString>,
    /// The memory of the names.
    _lease: Lease,
}

/// Why a directory could not be listed.
enum Unlisted {
    Unreadable(io::Error),
    Failed(LayerError),
}

impl DirectoryWalker<'_> {
    fn run(&mut self, first: Level) -> Result<(), LayerError> {
        let mut levels = vec![first];
        while let Some(level) = levels.last_mut() {
            let Some(name) = level.names.next() else {
                levels.pop();
                continue;
            };
            let path = level.path.join(name);
            if !self.show(&path)? {
                continue;
            }
            if levels.len() >= self.limits.depth {
                self.problem(&path, "directory is nested too deeply");
                continue;
            }
            match self.list(&path) {
                Ok(level) => levels.push(level),
                Err(Unlisted::Unreadable(error)) => {
                    self.problem(&path, &format!("cannot list the directory: {error}"));
                }
                Err(Unlisted::Failed(error)) => return Err(error),
            }
        }
        Ok(())
    }

    fn list(&mut self, path: &Path) -> Result<Level, Unlisted> {
        let mut lease = self.budget.empty_lease();
        let mut names = Vec::new();
        let mut held = 0;
        let listing = fs::read_dir(self.root.join(path)).map_err(Unlisted::Unreadable)?;
        for item in listing {
            let name = item.map_err(Unlisted::Unreadable)?.file_name();
            self.seen += 1;
            if self.seen > self.limits.entries {
                return Err(Unlisted::Failed(LayerError::TooManyEntries {
                    limit: self.limits.entries,
                    offset: 0,
                }));
            }
            // A vector may have twice the capacity that it needs.
            held += (name.len() + 2 * size_of::<OsString>()) as u64;
            if held > lease.bytes() && !lease.try_grow(NAMES) {
                return Err(Unlisted::Failed(LayerError::Budget(lease.refusal(NAMES))));
            }
            names.push(name);
        }
        names.sort_unstable();
        Ok(Level {
            path: path.to_owned(),
            names: names.into_iter(),
            _lease: lease,
        })
    }

    /// Shows one entry; tells whether it is a directory to go into.
    fn show(&mut self, path: &Path) -> Result<bool, LayerError> {
        let full = self.root.join(path);
        let metadata = match fs::symlink_metadata(&full) {
            Ok(metadata) => metadata,
            Err(error) => {
                self.problem(path, &format!("cannot look at it: {error}"));
                return Ok(false);
            }
        };
        let kind = kind_of(&metadata);
        let target = if kind == EntryKind::Symlink {
            fs::read_link(&full).map(|target| target.into_os_string().into_vec())
        } else {
            Ok(Vec::new())
        };
        let link = match &target {
            Ok(target) => String::from_utf8_lossy(target),
            Err(error) => {
                self.problem(path, &format!("cannot read the link: {error}"));
                return Ok(false);
            }
        };
        let name = String::from_utf8_lossy(path.as_os_str().as_bytes());
        let entry = Entry {
            path: &name,
            kind,
            size: if kind == EntryKind::File {
                metadata.size()
            } else {
                0
            },
            mode: metadata.mode() & 0o7777,
            link: &link,
            offset: 0,
        };
        self.summary.entries += 1;
        let want = self.visitor.enter(&entry);
        if kind == EntryKind::File && want != Want::Nothing {
            self.deliver(&full, &metadata, &entry, want)?;
        }
        Ok(kind == EntryKind::Directory && !self.is_live(&entry, &metadata))
    }

    fn deliver(
        &mut self,
        full: &Path,
        metadata: &Metadata,
        entry: &Entry<'_>,
        want: Want,
    ) -> Result<(), LayerError> {
        let file = match open_same(full, metadata) {
            Ok(file) => file,
            Err(error) => {
                self.visitor.lost(entry, error.to_string());
                return Ok(());
            }
        };
        let capacity = usize::try_from(entry.size).unwrap_or(BUFFER).min(BUFFER);
        let mut reader = BufReader::with_capacity(capacity.max(1), file);
        let mut cursor = Cursor::new(&mut reader);
        let delivered = self
            .collector
            .deliver(&mut cursor, entry, want, self.visitor);
        match delivered {
            Ok(length) => {
                self.summary.bytes += length;
                Ok(())
            }
            // The visitor was told.
            Err(Stop::Damaged { .. }) => Ok(()),
            Err(Stop::Failed(LayerError::Source { source, .. })) => {
                self.visitor.lost(entry, source.to_string());
                Ok(())
            }
            Err(Stop::Failed(error)) => Err(error),
        }
    }

    fn is_live(&mut self, entry: &Entry<'_>, metadata: &Metadata) -> bool {
        let live = LIVE.contains(&entry.path) && metadata.dev() != self.device;
        if live {
            let detail = "left out: it shows the running system";
            let note = Problem::new(ProblemKind::Note, entry.path, detail);
            self.problems.push(note);
        }
        live
    }

    fn problem(&mut self, path: &Path, detail: &str) {
        let path = String::from_utf8_lossy(path.as_os_str().as_bytes());
        self.problems
            .push(Problem::new(ProblemKind::UnreadableFile, path, detail));
    }
}

fn kind_of(metadata: &Metadata) -> EntryKind {
    let kind = metadata.file_type();
    if kind.is_file() {
        EntryKind::File
    } else if kind.is_dir() {
        EntryKind::Directory
    } else if kind.is_symlink() {
        EntryKind::Symlink
    } else {
        EntryKind::Other
    }
}

/// Opens a file, and makes sure that nobody put a link to another in its place meanwhile.
fn open_same(path: &Path, expected: &Metadata) -> io::Result<File> {
    let file = File::open(path)?;
    let found = file.metadata()?;
    if (found.dev(), found.ino()) == (expected.dev(), expected.ino()) {
        Ok(file)
    } else {
        Err(io::Error::other("replaced while it was being read"))
    }
}
