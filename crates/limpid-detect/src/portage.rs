//! Portage's database: one directory `var/db/pkg/CATEGORY/NAME-VERSION` for each package.
//!
//! | file | content |
//! |---|---|
//! | `PF` | the directory's own name again; the file that stands for the package here |
//! | `SLOT` | `SLOT[/SUBSLOT]`: packages of one name in different slots are installed side by side |
//! | `repository` | the repository that it came from, `gentoo` or an overlay |
//! | `CONTENTS` | `obj PATH MD5 TIME`, `sym PATH -> TARGET TIME`, `dir PATH` on each line |
//!
//! The package is named as Gentoo's advisories name it, `CATEGORY/NAME`. Names and versions are
//! told apart by the Package Manager Specification, section 3.1.2: a name does not end in what
//! looks like a version.

use std::collections::BTreeMap;

use limpid_layer::{Content, Entry, EntryKind, Want};
use limpid_types::{DatabaseKind, PackageDatabase, PackageRecord, Problem, ProblemKind};

use crate::detector::{Detector, Sink, reader};
use crate::lines::{Lines, text};

const ROOT: &str = "var/db/pkg/";
/// The longest of the small files that is read, in bytes.
const LONGEST_VALUE: usize = 4096;

/// Finds Portage's packages.
#[derive(Default)]
pub(crate) struct PortageDetector {
    /// What the files of each directory say, until the layer has ended.
    packages: BTreeMap<String, Values>,
}

#[derive(Default)]
struct Values {
    is_package: bool,
    slot: String,
    repository: String,
}

/// Returns the directory of a package and the file in it.
fn part(path: &str) -> Option<(&str, &str)> {
    let (directory, file) = path.strip_prefix(ROOT)?.rsplit_once('/')?;
    let is_package = directory.split('/').count() == 2;
    let is_known = matches!(file, "PF" | "SLOT" | "repository" | "CONTENTS");
    (is_package && is_known).then_some((directory, file))
}

impl Detector for PortageDetector {
    fn want(&mut self, entry: &Entry<'_>) -> Want {
        match part(entry.path) {
            Some((_, "CONTENTS")) if entry.kind == EntryKind::File => Want::Whole,
            Some(_) if entry.kind == EntryKind::File => Want::Prefix(LONGEST_VALUE),
            _ => Want::Nothing,
        }
    }

    fn take(&mut self, entry: &Entry<'_>, content: Content<'_>, sink: &mut Sink) {
        let Some((directory, file)) = part(entry.path) else {
            return;
        };
        let mut lines = Lines::new(reader(&content));
        if file == "CONTENTS" {
            let name = split(directory).map_or(directory, |(name, _)| name);
            sink.owned_files.owner(&database_path(directory), name);
            while lines.advance().unwrap_or(false) {
                if let Some(path) = contents_path(&text(lines.line())) {
                    sink.owned_files.path(path);
                }
            }
            return;
        }
        let value = match lines.advance() {
            Ok(_) => text(lines.line()),
            Err(error) => return self.lost(entry, format!("cannot be read: {error}"), sink),
        };
        if !sink.admit(directory.len() + value.len()) {
            return;
        }
        let values = self.packages.entry(directory.to_owned()).or_default();
        match file {
            "PF" => values.is_package = true,
            "SLOT" => values.slot = value,
            _ => values.repository = value,
        }
    }

    fn lost(&mut self, entry: &Entry<'_>, why: String, sink: &mut Sink) {
        if entry.path.ends_with("/PF") {
            sink.unreadable_database(entry.path, DatabaseKind::Portage, why);
        } else {
            // The package itself is known by its directory.
            let problem = Problem::new(ProblemKind::Note, entry.path, why);
            sink.problem(problem.at(entry.offset));
        }
    }

    fn finish(&mut self, sink: &mut Sink) {
        for (directory, values) in std::mem::take(&mut self.packages) {
            if values.is_package {
                add_package(&directory, values, sink);
            }
        }
    }
}

fn database_path(directory: &str) -> String {
    format!("{ROOT}{directory}/PF")
}

fn add_package(directory: &str, values: Values, sink: &mut Sink) {
    let path = database_path(directory);
    let kind = DatabaseKind::Portage;
    let Some((name, version)) = split(directory) else {
        return sink.unreadable_database(&path, kind, "the directory has no version in its name");
    };
    let module = match values.slot.as_str() {
        "" => String::new(),
        slot => format!("slot:{slot}"),
    };
    let record = PackageRecord {
        name: name.to_owned(),
        version: version.to_owned(),
        source: name.to_owned(),
        source_version: version.to_owned(),
        module,
        vendor: values.repository,
        ..PackageRecord::default()
    };
    let mut packages = Vec::new();
    if !sink.keep(&mut packages, record) {
        return sink.unreadable_database(&path, kind, "more packages than there is room for");
    }
    sink.database(PackageDatabase {
        path,
        kind,
        packages,
        readable: true,
    });
}

/// Splits `CATEGORY/NAME-VERSION[-rREVISION]` into `CATEGORY/NAME` and the version.
pub fn split(directory: &str) -> Option<(&str, &str)> {
    let (rest, last) = directory.rsplit_once('-')?;
    let is_revision = last
        .strip_prefix('r')
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()));
    let name = match rest.rsplit_once('-') {
        Some((name, version)) if is_revision && is_version(version) => name,
        _ if is_version(last) => rest,
        _ => return None,
    };
    let is_whole = name
        .split_once('/')
        .is_some_and(|(category, name)| !category.is_empty() && !name.is_empty());
    let version = directory.get(name.len() + 1..)?;
    is_whole.then_some((name, version))
}

fn is_version(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_digit())
}

/// Returns the path of a file in a line of `CONTENTS`.
fn contents_path(line: &str) -> Option<&str> {
    let (kind, rest) = line.split_once(' ')?;
    match kind {
        "obj" => {
            let (rest, _time) = rest.rsplit_once(' ')?;
            rest.rsplit_once(' ').map(|(path, _md5)| path)
        }
        "sym" => rest.split_once(" -> ").map(|(path, _target)| path),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use limpid_layer::Budget;

    use super::*;
    use crate::owned_files::OwnedFiles;

    fn sink_of(files: &[(&str, &[u8])]) -> Sink {
        let mut sink = Sink::new(Budget::new(1 << 20));
        let mut detector = PortageDetector::default();
        for (path, content) in files {
            let entry = Entry {
                path,
                kind: EntryKind::File,
                size: content.len() as u64,
                mode: 0o644,
                link: "",
                offset: 0,
            };
            if detector.want(&entry) != Want::Nothing {
                detector.take(&entry, Content::Memory(content), &mut sink);
            }
        }
        detector.finish(&mut sink);
        sink
    }

    #[test]
    fn a_package_is_its_directory_with_slot_and_repository() {
        let sink = sink_of(&[
            (
                "var/db/pkg/dev-libs/openssl-3.0.13-r2/PF",
                b"openssl-3.0.13-r2\n",
            ),
            ("var/db/pkg/dev-libs/openssl-3.0.13-r2/SLOT", b"0/3\n"),
            (
                "var/db/pkg/dev-libs/openssl-3.0.13-r2/repository",
                b"gentoo\n",
            ),
            ("var/db/pkg/dev-libs/openssl-3.0.13-r2/IUSE", b"x\n"),
            ("var/db/pkg/dev-libs/gone-1/SLOT", b"0\n"),
            ("var/db/pkg/world/PF", b"x\n"),
        ]);
        let databases = sink.evidence.databases;
        assert_eq!(databases.len(), 1);
        assert_eq!(
            databases[0].path,
            "var/db/pkg/dev-libs/openssl-3.0.13-r2/PF"
        );
        let package = &databases[0].packages[0];
        assert_eq!(package.name, "dev-libs/openssl");
        assert_eq!(package.version, "3.0.13-r2");
        assert_eq!(package.module, "slot:0/3");
        assert_eq!(package.vendor, "gentoo");
    }

    #[test]
    fn names_and_versions_are_told_apart() {
        let cases = [
            ("a/b-1", Some(("a/b", "1"))),
            ("a/gtk+-2.24.33-r3", Some(("a/gtk+", "2.24.33-r3"))),
            (
                "media-fonts/font-adobe-100dpi-1.0.4",
                Some(("media-fonts/font-adobe-100dpi", "1.0.4")),
            ),
            ("sys-apps/foo-r1-2", Some(("sys-apps/foo-r1", "2"))),
            ("a/b-9999", Some(("a/b", "9999"))),
            ("a/b-1_rc2-r0", Some(("a/b", "1_rc2-r0"))),
            ("a/b", None),
            ("a/b-r1", None),
            ("a/-1", None),
            ("b-1", None),
        ];
        for (directory, expected) in cases {
            assert_eq!(split(directory), expected, "{directory}");
        }
    }

    #[test]
    fn files_and_links_of_contents_are_owned() {
        let contents = b"dir /usr\nobj /usr/bin/a b c 0123456789abcdef 1700000000\n\
            sym /usr/bin/c -> a b 1700000000\nobj\nobj /x\n\xff\xff\n";
        let sink = sink_of(&[("var/db/pkg/a/b-1/CONTENTS", contents)]);
        let stored = sink.owned_files.finish();
        let paths: Vec<_> = OwnedFiles::new(&stored)
            .unwrap()
            .map(Result::unwrap)
            .map(|file| (file.package, file.path))
            .collect();
        assert_eq!(
            paths,
            [
                ("a/b".into(), "usr/bin/a b c".into()),
                ("a/b".into(), "usr/bin/c".into())
            ]
        );
    }

    #[test]
    fn a_directory_without_a_version_is_an_unreadable_database() {
        let sink = sink_of(&[("var/db/pkg/a/b/PF", b"b\n")]);
        assert!(!sink.evidence.databases[0].readable);
        assert_eq!(sink.evidence.problems.len(), 1);
    }
}
