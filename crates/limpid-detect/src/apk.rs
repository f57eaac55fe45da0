//! apk's database: the `installed` file.
//!
//! Records are paragraphs of lines `K:value` (apk-package(5) and apk's own documentation of the
//! installed database). Used here: `P` name, `V` version, `A` architecture, `o` origin,
//! `m` maintainer, `c` commit of the package's build recipe, `F` a directory, `R` a file in it.

use std::io::BufRead;

use limpid_layer::{Content, Entry, EntryKind, Want};
use limpid_types::{DatabaseKind, PackageDatabase, PackageRecord, Problem, ProblemKind};

use crate::detector::{Detector, Sink, reader};
use crate::lines::{Lines, text};

/// Where apk keeps its database: the old place, and the one since `/usr` was merged.
const PATHS: [&str; 2] = ["lib/apk/db/installed", "usr/lib/apk/db/installed"];

/// Finds apk databases.
pub(crate) struct ApkDetector;

impl Detector for ApkDetector {
    fn want(&mut self, entry: &Entry<'_>) -> Want {
        if entry.kind == EntryKind::File && PATHS.contains(&entry.path) {
            Want::Whole
        } else {
            Want::Nothing
        }
    }

    fn take(&mut self, entry: &Entry<'_>, content: Content<'_>, sink: &mut Sink) {
        let (packages, problems) = read_database(entry.path, reader(&content), sink);
        sink.database(PackageDatabase {
            path: entry.path.to_owned(),
            kind: DatabaseKind::Apk,
            packages,
            readable: true,
        });
        for problem in problems {
            sink.problem(problem);
        }
    }

    fn lost(&mut self, entry: &Entry<'_>, why: String, sink: &mut Sink) {
        sink.database(PackageDatabase {
            path: entry.path.to_owned(),
            kind: DatabaseKind::Apk,
            packages: Vec::new(),
            readable: false,
        });
        sink.problem(
            Problem::new(ProblemKind::UnreadableDatabase, entry.path, why).at(entry.offset),
        );
    }
}

/// A record while its lines are read.
#[derive(Default)]
struct Partial {
    record: PackageRecord,
    offset: u64,
    is_begun: bool,
    is_owner_named: bool,
    directory: String,
}

fn read_database(
    path: &str,
    content: impl BufRead,
    sink: &mut Sink,
) -> (Vec<PackageRecord>, Vec<Problem>) {
    let mut packages = Vec::new();
    let mut problems = Vec::new();
    let mut lines = Lines::new(content);
    let mut partial = Partial::default();
    loop {
        let more = lines.advance().unwrap_or_else(|error| {
            let detail = format!("cannot be read to its end: {error}");
            sink.hold(
                &mut problems,
                Problem::new(ProblemKind::UnreadableDatabase, path, detail),
            );
            false
        });
        // A second name without a blank line before it begins a record of its own.
        let is_line = more && !lines.line().trim_ascii().is_empty();
        let begins_another = is_line && partial.is_named() && lines.line().starts_with(b"P:");
        if is_line && !begins_another {
            partial.take_line(path, lines.line(), lines.offset(), sink);
            continue;
        }
        if partial.is_begun {
            let offset = partial.offset;
            match std::mem::take(&mut partial).finish() {
                Ok(record) => {
                    if !sink.keep(&mut packages, record) {
                        let detail = "more packages than there is room for";
                        problems.push(
                            Problem::new(ProblemKind::UnreadableDatabase, path, detail).at(offset),
                        );
                        break;
                    }
                }
                Err(detail) => {
                    let problem = Problem::new(ProblemKind::BadRecord, path, detail).at(offset);
                    sink.hold(&mut problems, problem);
                }
            }
        }
        if begins_another {
            partial.take_line(path, lines.line(), lines.offset(), sink);
        }
        if !more {
            break;
        }
    }
    packages.sort();
    packages.dedup();
    (packages, problems)
}

impl Partial {
    fn is_named(&self) -> bool {
        !self.record.name.is_empty()
    }

    fn take_line(&mut self, database: &str, line: &[u8], offset: u64, sink: &mut Sink) {
        if !self.is_begun {
            self.is_begun = true;
            self.offset = offset;
        }
        let [key, b':', value @ ..] = line else {
            return;
        };
        match key {
            b'P' => self.record.name = text(value),
            b'V' => self.record.version = text(value),
            b'A' => self.record.arch = text(value),
            b'o' => self.record.source = text(value),
            b'm' => self.record.maintainer = text(value),
            b'c' => self.record.build_id = text(value),
            b'F' => self.directory = text(value),
            b'R' => {
                if !self.is_owner_named {
                    self.is_owner_named = true;
                    sink.owned_files.owner(database, &self.record.name);
                }
                let name = text(value);
                sink.owned_files.path(&format!("{}/{name}", self.directory));
            }
            _ => {}
        }
    }

    fn finish(self) -> Result<PackageRecord, String> {
        let mut record = self.record;
        if record.name.is_empty() {
            return Err("record without a name (P)".to_owned());
        }
        if record.version.is_empty() {
            return Err(format!("package without a version (V): {}", record.name));
        }
        // A package that was not built from an origin is its own: so apk itself treats it, and
        // advisories are written for origins.
        if record.source.is_empty() {
            record.source.clone_from(&record.name);
        }
        record.source_version.clone_from(&record.version);
        Ok(record)
    }
}

/// Reads one `installed` file; for fuzzing and for tools that have only the file.
pub fn read_installed(bytes: &[u8]) -> (Vec<PackageRecord>, Vec<Problem>) {
    let mut sink = Sink::new(limpid_layer::Budget::new(64 << 20));
    read_database(PATHS[0], bytes, &mut sink)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::owned_files::OwnedFiles;

    const MUSL: &str = "C:Q1xyz=\nP:musl\nV:1.1.20-r4\nA:x86_64\no:musl\nc:0f2a\nF:lib\nR:ld-musl-x86_64.so.1\nZ:Q1=\n";

    #[test]
    fn a_record_has_name_version_architecture_origin_and_commit() {
        let (packages, problems) = read_installed(MUSL.as_bytes());
        assert!(problems.is_empty());
        assert_eq!(
            packages,
            [PackageRecord {
                name: "musl".into(),
                version: "1.1.20-r4".into(),
                arch: "x86_64".into(),
                source: "musl".into(),
                source_version: "1.1.20-r4".into(),
                build_id: "0f2a".into(),
                ..PackageRecord::default()
            }]
        );
    }

    #[test]
    fn the_last_line_needs_no_newline() {
        let (packages, _) = read_installed(b"P:a\nV:1");
        assert_eq!(packages[0].version, "1");
    }

    #[test]
    fn a_package_without_origin_is_its_own_origin() {
        let (packages, _) = read_installed(b"P:a\nV:1\n");
        assert_eq!(
            (
                packages[0].source.as_str(),
                packages[0].source_version.as_str()
            ),
            ("a", "1")
        );
    }

    #[test]
    fn packages_of_one_origin_keep_their_own_versions() {
        let (packages, _) = read_installed(b"P:a\nV:1\no:x\n\nP:b\nV:2\no:x\n");
        let versions: Vec<_> = packages.iter().map(|p| p.source_version.as_str()).collect();
        assert_eq!(versions, ["1", "2"]);
    }

    #[test]
    fn records_that_run_together_are_still_two() {
        let (packages, _) = read_installed(b"P:a\nV:1\nP:b\nV:2\n");
        let names: Vec<_> = packages
            .iter()
            .map(|package| package.name.as_str())
            .collect();
        assert_eq!(names, ["a", "b"]);
    }

    #[test]
    fn a_bad_record_does_not_cost_the_others() {
        let (packages, problems) =
            read_installed(format!("P:broken\n\nV:1\n\n\n{MUSL}").as_bytes());
        assert_eq!(packages.len(), 1);
        let details: Vec<_> = problems.iter().map(Problem::to_string).collect();
        assert_eq!(
            details,
            [
                "lib/apk/db/installed: package without a version (V): broken (at byte 0)",
                "lib/apk/db/installed: record without a name (P) (at byte 10)"
            ]
        );
    }

    #[test]
    fn files_are_owned_by_their_package() {
        let mut sink = Sink::new(limpid_layer::Budget::new(1 << 20));
        read_database(PATHS[0], MUSL.as_bytes(), &mut sink);
        let stored = sink.owned_files.finish();
        let files: Vec<_> = OwnedFiles::new(&stored)
            .unwrap()
            .map(Result::unwrap)
            .collect();
        assert_eq!(files[0].package, "musl");
        assert_eq!(files[0].path, "lib/ld-musl-x86_64.so.1");
    }
}
