use limpid_layer::{Budget, Content, Entry, EntryKind, Visitor, Want};
use limpid_types::{LayerEvidence, Problem, ProblemKind};

use crate::apk::ApkDetector;
use crate::bottlerocket::{self, BottlerocketDetector};
use crate::build_info::BuildInfoDetector;
use crate::chisel::{self, ChiselDetector};
use crate::detector::{Detector, Sink};
use crate::dnf_history::DnfHistoryDetector;
use crate::dpkg::DpkgDetector;
use crate::language::LanguageDetector;
use crate::pacman::PacmanDetector;
use crate::portage::PortageDetector;
use crate::release_file::ReleaseFileDetector;
use crate::rpm::RpmDetector;
use crate::yumdb::YumdbDetector;
use crate::{obstruction, whiteout};

/// Identifies what the detectors look at. Evidence is kept under (layer, this).
///
/// It changes only when layers must be read again: when a detector wants other bytes, or keeps
/// other fields of them. A better conclusion from the same evidence does not change it.
pub const DETECTOR_SET: &str = "3";

/// Where package managers keep their databases, as files. One that is a link is a database that is
/// not read.
const DATABASES: [&str; 11] = [
    "var/lib/dpkg/status",
    "lib/apk/db/installed",
    "usr/lib/apk/db/installed",
    "var/lib/rpm/Packages",
    "var/lib/rpm/Packages.db",
    "var/lib/rpm/rpmdb.sqlite",
    "usr/lib/sysimage/rpm/Packages",
    "usr/lib/sysimage/rpm/Packages.db",
    "usr/lib/sysimage/rpm/rpmdb.sqlite",
    chisel::USUAL_PATH,
    bottlerocket::PATH,
];

/// All detectors over one layer.
pub struct DetectorSet {
    detectors: [Box<dyn Detector + Send>; 12],
    /// Which detector wanted the entry that was entered last.
    chosen: usize,
    sink: Sink,
}

/// What the detectors found in one layer.
#[derive(Debug)]
pub struct Detected {
    /// The evidence.
    pub evidence: LayerEvidence,
    /// Which files belong to which package, to be read with [`crate::OwnedFiles`].
    pub owned_files: Vec<u8>,
    /// How many bytes of memory all this takes, about.
    pub bytes: u64,
    /// False when something was left out for want of memory or space: another run may find more,
    /// so this must not be kept.
    pub is_whole: bool,
}

impl DetectorSet {
    /// Makes a set for one layer; records are counted against the budget.
    pub fn new(budget: &Budget) -> Self {
        Self {
            detectors: [
                Box::new(DpkgDetector::default()),
                Box::new(ApkDetector),
                Box::new(RpmDetector::new(budget)),
                Box::new(PacmanDetector),
                Box::new(PortageDetector::default()),
                Box::new(ChiselDetector),
                Box::new(BottlerocketDetector),
                Box::new(BuildInfoDetector),
                Box::new(DnfHistoryDetector::new(budget)),
                Box::new(YumdbDetector::default()),
                Box::new(ReleaseFileDetector),
                Box::new(LanguageDetector),
            ],
            chosen: 0,
            sink: Sink::new(budget.clone()),
        }
    }

    /// Ends the layer and returns what was found, in a fixed order.
    pub fn finish(mut self) -> Detected {
        for detector in &mut self.detectors {
            detector.finish(&mut self.sink);
        }
        let mut evidence = self.sink.evidence;
        last_of_each_path(&mut evidence.databases, |database| &database.path);
        last_of_each_path(&mut evidence.content_manifests, |manifest| &manifest.path);
        last_of_each_path(&mut evidence.container_identities, |identity| {
            &identity.path
        });
        evidence.release_files.sort();
        evidence.whiteouts.sort();
        evidence.whiteouts.dedup();
        evidence.obstructions.sort();
        evidence.obstructions.dedup();
        evidence.problems.sort();
        evidence.problems.dedup();
        let owned_files = self.sink.owned_files.finish();
        Detected {
            evidence,
            bytes: self.sink.held.saturating_add(owned_files.len() as u64),
            is_whole: !self.sink.is_short,
            owned_files,
        }
    }
}

/// Sorts by path. The same path twice in one archive: the later entry is the one that stays on disk.
fn last_of_each_path<T>(list: &mut Vec<T>, path: impl Fn(&T) -> &str) {
    list.reverse();
    list.sort_by(|a, b| path(a).cmp(path(b)));
    list.dedup_by(|a, b| path(a) == path(b));
}

impl DetectorSet {
    /// Tells whether something that is no file stands where a file would be wanted, such as the
    /// link `etc/os-release` where lower layers may have a file.
    fn replaces_file(&mut self, entry: &Entry<'_>) -> bool {
        let file = Entry {
            kind: EntryKind::File,
            ..*entry
        };
        entry.kind != EntryKind::File
            && self
                .detectors
                .iter_mut()
                .any(|detector| match detector.want(&file) {
                    Want::Nothing => false,
                    // Any link may stand where a program was; those beside programs do.
                    Want::WholeAfter(_) => is_beside_programs(entry.path),
                    Want::Prefix(_) | Want::Whole => true,
                })
    }

    /// Reports a wanted file whose content went by under another name, where nobody wanted it.
    ///
    /// The content of a hard link stands with the name that came first. A name that is wanted too
    /// has been looked at; any other content is gone when the link shows that it mattered.
    ///
    /// Tells whether a detector took the link for the file that it links to.
    fn enter_hard_link(&mut self, entry: &Entry<'_>) -> bool {
        let file = Entry {
            kind: EntryKind::File,
            ..*entry
        };
        let target = Entry {
            path: entry.link,
            ..file
        };
        for detector in &mut self.detectors {
            // What has to be confirmed by its content is mostly nothing.
            if !matches!(detector.want(&file), Want::Prefix(_) | Want::Whole) {
                continue;
            }
            if detector.want(&target) != Want::Nothing {
                if detector.see_hard_link(entry, &mut self.sink) {
                    return true;
                }
                continue;
            }
            let why = format!(
                "is a hard link to a file that was not looked at: {}",
                entry.link
            );
            detector.lost(entry, why, &mut self.sink);
            return false;
        }
        false
    }
}

/// Tells whether a path is in a directory of programs.
fn is_beside_programs(path: &str) -> bool {
    let mut parts = path.rsplit('/').skip(1);
    matches!(parts.next(), Some("bin" | "sbin"))
}

impl Visitor for DetectorSet {
    fn enter(&mut self, entry: &Entry<'_>) -> Want {
        if let Some(whiteout) = whiteout::read(entry) {
            if self.sink.admit(entry.path.len()) {
                self.sink.evidence.whiteouts.push(whiteout);
            }
            return Want::Nothing;
        }
        let is_taken = entry.kind == EntryKind::HardLink && self.enter_hard_link(entry);
        if !is_taken
            && (obstruction::is_obstruction(entry) || self.replaces_file(entry))
            && self.sink.admit(entry.path.len())
        {
            self.sink.evidence.obstructions.push(entry.path.to_owned());
        }
        if entry.kind == EntryKind::Symlink && DATABASES.contains(&entry.path) {
            let why = format!("is a symbolic link, which is not followed: {}", entry.link);
            let problem = Problem::new(ProblemKind::UnreadableDatabase, entry.path, why);
            self.sink.problem(problem.at(entry.offset));
        }
        if entry.kind == EntryKind::Directory {
            for detector in &mut self.detectors {
                detector.see_directory(entry.path, &mut self.sink);
            }
            return Want::Nothing;
        }
        if entry.kind == EntryKind::HardLink {
            return Want::Nothing;
        }
        for (index, detector) in self.detectors.iter_mut().enumerate() {
            let want = detector.want(entry);
            if want != Want::Nothing {
                self.chosen = index;
                return want;
            }
        }
        Want::Nothing
    }

    fn confirm(&mut self, entry: &Entry<'_>, start: &[u8]) -> bool {
        self.detectors
            .get_mut(self.chosen)
            .is_some_and(|detector| detector.confirm(entry, start, &mut self.sink))
    }

    fn content(&mut self, entry: &Entry<'_>, content: Content<'_>) {
        if let Some(detector) = self.detectors.get_mut(self.chosen) {
            detector.take(entry, content, &mut self.sink);
        }
    }

    fn lost(&mut self, entry: &Entry<'_>, why: String) {
        self.sink.is_short = true;
        if let Some(detector) = self.detectors.get_mut(self.chosen) {
            detector.lost(entry, why, &mut self.sink);
        }
    }
}

#[cfg(test)]
mod tests {
    use limpid_types::ProblemKind;

    use super::*;

    fn entry(path: &str, kind: EntryKind) -> Entry<'_> {
        Entry {
            path,
            kind,
            size: 0,
            mode: 0o644,
            link: "",
            offset: 0,
        }
    }

    fn file(set: &mut DetectorSet, path: &str, content: &[u8]) {
        let entry = entry(path, EntryKind::File);
        if set.enter(&entry) != Want::Nothing {
            set.content(&entry, Content::Memory(content));
        }
    }

    #[test]
    fn of_many_copies_of_a_release_file_the_last_is_kept() {
        let mut set = DetectorSet::new(&Budget::new(1 << 20));
        for copy in 0..1000 {
            file(&mut set, "etc/os-release", format!("ID={copy}").as_bytes());
        }
        let files = set.finish().evidence.release_files;
        assert_eq!(files.len(), 1);
        assert_eq!(files[0].text, "ID=999");
    }

    #[test]
    fn whiteouts_beyond_the_memory_budget_are_a_problem() {
        let mut set = DetectorSet::new(&Budget::new(1 << 20));
        for number in 0..100_000 {
            file(&mut set, &format!("a/.wh.{number}"), b"");
        }
        let evidence = set.finish().evidence;
        assert!(!evidence.whiteouts.is_empty() && evidence.whiteouts.len() < 10_000);
        assert_eq!(evidence.problems.len(), 1);
        assert_eq!(evidence.problems[0].kind, ProblemKind::DamagedArchive);
    }

    #[test]
    fn a_million_bad_records_are_not_a_million_problems() {
        for path in ["lib/apk/db/installed", "var/lib/dpkg/status"] {
            let mut set = DetectorSet::new(&Budget::new(16 << 20));
            file(&mut set, path, &b"P:a\n\n".repeat(100_000));
            let problems = set.finish().evidence.problems;
            assert!(problems.len() < 1010, "{path}: {}", problems.len());
            let more = problems
                .iter()
                .any(|problem| problem.kind == ProblemKind::DamagedArchive);
            assert!(more, "{path}");
        }
    }

    #[test]
    fn a_link_where_a_release_file_was_is_an_obstruction() {
        let mut set = DetectorSet::new(&Budget::new(1 << 20));
        set.enter(&entry("etc/os-release", EntryKind::Symlink));
        set.enter(&entry("etc/resolv.conf", EntryKind::Symlink));
        assert_eq!(set.finish().evidence.obstructions, ["etc/os-release"]);
    }

    #[test]
    fn a_hard_link_that_was_taken_for_a_file_is_none_where_a_file_was() {
        let path = |name: &str| format!("var/lib/yum/yumdb/{name}/0-{name}-1-1-noarch/from_repo");
        let (first, second) = (path("a"), path("b"));
        let mut set = DetectorSet::new(&Budget::new(1 << 20));
        file(&mut set, &first, b"amzn2-core");
        let mut link = entry(&second, EntryKind::HardLink);
        link.link = &first;
        set.enter(&link);
        let evidence = set.finish().evidence;
        assert_eq!(evidence.yum_packages.len(), 2);
        assert_eq!((evidence.obstructions, evidence.problems), (vec![], vec![]));
    }
}
