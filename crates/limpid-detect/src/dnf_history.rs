//! dnf's history: which repository each rpm came from, which rpm itself does not know.
//!
//! Like rpm's own, the sqlite database may have newer pages in a `-wal` beside it, so it is read
//! when the layer has ended.

use std::collections::BTreeMap;

use limpid_layer::{Budget, Content, Entry, EntryKind, Want};
use limpid_rpmdb::{Limits, ReadAt};
use limpid_types::{DnfHistory, Problem, ProblemKind};

use crate::detector::{Detector, Sink};
use crate::held::Held;

/// The history of dnf 5, and that of dnf 4.
const PATHS: [&str; 2] = [
    "usr/lib/sysimage/libdnf5/transaction_history.sqlite",
    "var/lib/dnf/history.sqlite",
];
const WAL_SUFFIX: &str = "-wal";
/// A header of an rpm is far larger than anything that the history has in a row.
const LONGEST_ROW: u64 = 1 << 20;

/// Finds dnf's history.
pub(crate) struct DnfHistoryDetector {
    budget: Budget,
    /// Databases and their logs, by path, until the layer has ended.
    waiting: BTreeMap<String, Held>,
}

impl DnfHistoryDetector {
    pub(crate) fn new(budget: &Budget) -> Self {
        Self {
            budget: budget.clone(),
            waiting: BTreeMap::new(),
        }
    }

    fn read(&self, path: &str, database: &Held, sink: &mut Sink) -> Result<(), String> {
        let limits = Limits {
            header_bytes: LONGEST_ROW,
            ..Limits::default()
        };
        // sqlite holds the whole database in memory.
        let Some(_lease) = self.budget.try_acquire(database.len() + LONGEST_ROW) else {
            sink.is_short = true;
            return Err("the memory budget has no room for reading it".to_owned());
        };
        let wal = self
            .waiting
            .get(&format!("{path}{WAL_SUFFIX}"))
            .map(|wal| wal as &dyn ReadAt);
        let mut admit = |bytes| sink.admit(bytes);
        let (packages, problems) = limpid_rpmdb::read_dnf_history(
            database, wal, &limits, &mut admit,
        )
        .map_err(|error| match std::error::Error::source(&error) {
            Some(cause) => format!("{error}: {cause}"),
            None => error.to_string(),
        })?;
        for problem in problems {
            sink.problem(Problem {
                subject: path.to_owned(),
                detail: format!("{}: {}", problem.subject, problem.detail),
                ..problem
            });
        }
        sink.evidence.dnf_histories.push(DnfHistory {
            path: path.to_owned(),
            packages,
        });
        Ok(())
    }
}

/// Returns the path of the database that a path is, or is the log of.
fn database(path: &str) -> Option<&'static str> {
    let path = path.strip_suffix(WAL_SUFFIX).unwrap_or(path);
    PATHS.into_iter().find(|known| *known == path)
}

impl Detector for DnfHistoryDetector {
    fn want(&mut self, entry: &Entry<'_>) -> Want {
        let is_empty_log = entry.size == 0 && entry.path.ends_with(WAL_SUFFIX);
        if entry.kind == EntryKind::File && database(entry.path).is_some() && !is_empty_log {
            Want::Whole
        } else {
            Want::Nothing
        }
    }

    fn take(&mut self, entry: &Entry<'_>, content: Content<'_>, sink: &mut Sink) {
        match Held::of(&content, &self.budget) {
            Ok(held) => {
                self.waiting.insert(entry.path.to_owned(), held);
            }
            Err(why) => {
                sink.is_short = true;
                self.lost(entry, why, sink);
            }
        }
    }

    fn finish(&mut self, sink: &mut Sink) {
        for path in PATHS {
            if let Some(database) = self.waiting.get(path)
                && let Err(why) = self.read(path, database, sink)
            {
                sink.problem(Problem::new(ProblemKind::UnreadableFile, path, why));
            }
        }
        self.waiting.clear();
    }
}

#[cfg(test)]
mod tests {
    use limpid_testkit::dnf::{DnfStep, write_dnf4_history, write_dnf5_history};

    use super::*;

    fn found(path: &str, content: &[u8]) -> (Vec<String>, Vec<Problem>) {
        let budget = Budget::new(16 << 20);
        let mut sink = Sink::new(budget.clone());
        let entry = Entry {
            path,
            kind: EntryKind::File,
            size: content.len() as u64,
            mode: 0o644,
            link: "",
            offset: 0,
        };
        let mut detector = DnfHistoryDetector::new(&budget);
        assert_eq!(detector.want(&entry), Want::Whole);
        detector.take(&entry, Content::Memory(content), &mut sink);
        detector.finish(&mut sink);
        let histories = sink.evidence.dnf_histories;
        let packages = histories.into_iter().flat_map(|history| history.packages);
        let lines = packages
            .map(|p| format!("{}-{}.{} {}", p.name, p.version, p.arch, p.repository))
            .collect();
        (lines, sink.evidence.problems)
    }

    fn steps() -> Vec<DnfStep> {
        vec![
            DnfStep::install("bash", "0:5.1-2.el9", "x86_64", "old"),
            DnfStep::install("tcl", "1:8.6-7.el9", "x86_64", "appstream"),
            DnfStep::reinstall("bash", "0:5.1-2.el9", "x86_64", "baseos"),
            DnfStep::reason_change("bash", "0:5.1-2.el9", "x86_64", "@System"),
            DnfStep::remove("tcl", "1:8.6-7.el9", "x86_64", "@System"),
        ]
    }

    #[test]
    fn each_package_has_the_repository_that_it_was_last_brought_in_from() {
        let expected = [
            "bash-5.1-2.el9.x86_64 baseos",
            "tcl-1:8.6-7.el9.x86_64 appstream",
        ];
        let dnf4 = found(PATHS[1], &write_dnf4_history(&steps()));
        assert_eq!(dnf4, (expected.map(str::to_owned).to_vec(), vec![]));
        let dnf5 = found(PATHS[0], &write_dnf5_history(&steps()));
        assert_eq!(dnf5, (expected.map(str::to_owned).to_vec(), vec![]));
    }

    #[test]
    fn what_is_no_history_is_a_problem() {
        let rpmdb = limpid_testkit::rpmdb::write_sqlite(&[]);
        let truncated = &write_dnf4_history(&steps())[..5000];
        for content in [
            &b"not sqlite at all, but long enough"[..],
            b"",
            &rpmdb,
            truncated,
        ] {
            let (_, problems) = found(PATHS[1], content);
            assert_eq!(problems.len(), 1);
            assert_eq!(problems[0].kind, ProblemKind::UnreadableFile);
        }
    }
}
