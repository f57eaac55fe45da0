//! rpm's databases, in the three formats that `limpid-rpmdb` reads.
//!
//! Any file called `Packages`, `Packages.db` or `rpmdb.sqlite` whose first bytes are right is a
//! database, wherever it stands (`var/lib/rpm`, `usr/lib/sysimage/rpm`, `usr/share/rpm`, …). A
//! sqlite database may have newer pages in the `rpmdb.sqlite-wal` beside it, which can come before
//! or after it in the archive; so sqlite databases are read when the layer has ended.

use std::collections::BTreeMap;

use limpid_layer::{Budget, Content, Entry, EntryKind, Lease, Want};
use limpid_rpmdb::{Limits, ReadAt};
use limpid_types::{DatabaseKind, PackageDatabase, Problem, ProblemKind};

use crate::detector::{Detector, Sink};
use crate::held::Held;

const WAL_SUFFIX: &str = "-wal";

/// Finds rpm databases.
pub(crate) struct RpmDetector {
    budget: Budget,
    /// sqlite databases and their logs, by path, until the layer has ended.
    waiting: BTreeMap<String, Held>,
}

impl RpmDetector {
    pub(crate) fn new(budget: &Budget) -> Self {
        Self {
            budget: budget.clone(),
            waiting: BTreeMap::new(),
        }
    }
}

/// Tells the format that a file's name announces.
fn announced(path: &str) -> Option<DatabaseKind> {
    match path.rsplit('/').next()? {
        "Packages" => Some(DatabaseKind::RpmBdb),
        "Packages.db" => Some(DatabaseKind::RpmNdb),
        "rpmdb.sqlite" => Some(DatabaseKind::RpmSqlite),
        _ => None,
    }
}

impl Detector for RpmDetector {
    fn want(&mut self, entry: &Entry<'_>) -> Want {
        let database = entry.path.strip_suffix(WAL_SUFFIX);
        let is_wal = database.is_some_and(|path| announced(path) == Some(DatabaseKind::RpmSqlite));
        match entry.kind {
            EntryKind::File if is_wal && entry.size == 0 => Want::Nothing,
            EntryKind::File if is_wal || announced(entry.path).is_some() => Want::Whole,
            _ => Want::Nothing,
        }
    }

    fn take(&mut self, entry: &Entry<'_>, content: Content<'_>, sink: &mut Sink) {
        let mut start = [0; 16];
        let is_wal = entry.path.ends_with(WAL_SUFFIX);
        let format = match &content {
            Content::Memory(bytes) => limpid_rpmdb::sniff(bytes),
            Content::Spooled(file) if ReadAt::read_at(*file, 0, &mut start).is_ok() => {
                limpid_rpmdb::sniff(&start)
            }
            Content::Spooled(_) => None,
        };
        match format {
            // Something else that happens to have the name: an index of a Debian repository, say.
            // Not so in a directory of rpm's.
            None if !is_wal => {
                let is_rpm = entry.path.rsplit('/').nth(1) == Some("rpm");
                if is_rpm || announced(entry.path) == Some(DatabaseKind::RpmSqlite) {
                    self.lost(entry, "is not an rpm database".to_owned(), sink);
                }
            }
            Some(DatabaseKind::RpmSqlite) | None => match Held::of(&content, &self.budget) {
                Ok(held) => {
                    self.waiting.insert(entry.path.to_owned(), held);
                }
                Err(why) => {
                    sink.is_short = true;
                    self.lost(entry, why, sink);
                }
            },
            Some(kind) => match &content {
                Content::Memory(bytes) => {
                    read_database(entry.path, kind, bytes, None, &self.budget, sink);
                }
                Content::Spooled(file) => {
                    read_database(entry.path, kind, *file, None, &self.budget, sink);
                }
            },
        }
    }

    fn lost(&mut self, entry: &Entry<'_>, why: String, sink: &mut Sink) {
        let path = entry.path.strip_suffix(WAL_SUFFIX).unwrap_or(entry.path);
        let Some(kind) = announced(path) else { return };
        sink.unreadable_database(path, kind, why);
    }

    fn finish(&mut self, sink: &mut Sink) {
        let waiting = std::mem::take(&mut self.waiting);
        for (path, held) in &waiting {
            if let Some(database) = path.strip_suffix(WAL_SUFFIX) {
                if !waiting.contains_key(database) {
                    let why = "only its write-ahead log is in this layer, not the database itself";
                    sink.unreadable_database(database, DatabaseKind::RpmSqlite, why);
                }
                continue;
            }
            let wal = waiting
                .get(&format!("{path}{WAL_SUFFIX}"))
                .map(|wal| wal as &dyn ReadAt);
            read_database(path, DatabaseKind::RpmSqlite, held, wal, &self.budget, sink);
        }
    }
}

/// Takes the memory that reading a database needs: sqlite holds all of it, the other formats one
/// header at a time.
fn limits(kind: DatabaseKind, bytes: u64, budget: &Budget) -> Option<(Limits, Lease)> {
    let most = Limits::default();
    let limits = Limits {
        header_bytes: most.header_bytes.min(bytes),
        ..most
    };
    let needed = match kind {
        DatabaseKind::RpmSqlite => bytes.checked_add(limits.header_bytes)?,
        _ => limits.header_bytes,
    };
    Some((limits, budget.try_acquire(needed)?))
}

fn read_database(
    path: &str,
    kind: DatabaseKind,
    database: &dyn ReadAt,
    wal: Option<&dyn ReadAt>,
    budget: &Budget,
    sink: &mut Sink,
) {
    let Some((limits, _lease)) = limits(kind, database.len(), budget) else {
        sink.is_short = true;
        let why = "the memory budget has no room for reading it";
        sink.unreadable_database(path, kind, why);
        return;
    };
    let mut packages = Vec::new();
    let mut is_full = false;
    let problems = limpid_rpmdb::read_packages(database, wal, &limits, &mut |record, files| {
        sink.owned_files.owner(path, &record.name);
        files.for_each(|file| sink.owned_files.path(&file));
        is_full |= !sink.keep(&mut packages, record);
    });
    let problems = match problems {
        Ok(problems) => problems,
        Err(error) => {
            let cause = std::error::Error::source(&error);
            let why = cause.map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"));
            sink.unreadable_database(path, kind, why);
            return;
        }
    };
    if is_full {
        let why = "more packages than there is room for";
        sink.problem(Problem::new(ProblemKind::UnreadableDatabase, path, why));
    }
    for problem in problems {
        // The reader knows the record; coalescing goes by the path of the database.
        sink.problem(Problem {
            subject: path.to_owned(),
            detail: format!("{}: {}", problem.subject, problem.detail),
            ..problem
        });
    }
    packages.sort();
    packages.dedup();
    sink.database(PackageDatabase {
        path: path.to_owned(),
        kind,
        packages,
        readable: true,
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn databases(path: &str, content: &[u8]) -> Vec<PackageDatabase> {
        let budget = Budget::new(1 << 20);
        let mut sink = Sink::new(budget.clone());
        let entry = Entry {
            path,
            kind: EntryKind::File,
            size: content.len() as u64,
            mode: 0o644,
            link: "",
            offset: 0,
        };
        RpmDetector::new(&budget).take(&entry, Content::Memory(content), &mut sink);
        sink.evidence.databases
    }

    #[test]
    fn a_package_index_of_a_repository_is_no_rpm_database() {
        let index = b"Package: a\nVersion: 1\n";
        assert!(databases("srv/dists/stable/main/Packages", index).is_empty());
    }

    #[test]
    fn something_else_in_place_of_an_rpm_database_is_an_unreadable_database() {
        for name in ["Packages", "Packages.db", "rpmdb.sqlite"] {
            let found = databases(&format!("var/lib/rpm/{name}"), b"damaged from the start");
            assert_eq!(found.len(), 1, "{name}");
            assert!(!found[0].readable, "{name}");
        }
    }
}
