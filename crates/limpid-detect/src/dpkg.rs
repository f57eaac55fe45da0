//! dpkg's databases: `status`, the `status.d` of distroless images, and `info/*.list`.
//!
//! A `status` file counts as a database when it stands at `var/lib/dpkg/status`, or beside a
//! directory `info` of the same layer, wherever that is (chroots, opkg). In `status.d` every file
//! that does not end in `.md5sums` or `.list` holds one package or more and is a database of its own.
//!
//! Which packages are installed follows dpkg(1), "Package states": a package whose files are on
//! disk counts, also when its configuration is still to come.

mod stanza;

use std::collections::{BTreeMap, BTreeSet};
use std::io::BufRead;

use limpid_layer::{Content, Entry, EntryKind, Want};
use limpid_types::{DatabaseKind, PackageDatabase, PackageRecord, Problem, ProblemKind};

use crate::detector::{Detector, Sink, reader};
use crate::lines::{Lines, text};
use stanza::{Stanza, Stanzas};

/// dpkg's own place for its database.
const STATUS: &str = "var/lib/dpkg/status";

/// Finds dpkg databases.
#[derive(Default)]
pub(crate) struct DpkgDetector {
    /// Databases found so far, by the directory that they are in.
    found: BTreeMap<String, PackageDatabase>,
    /// Problems of a `status` file that may turn out not to be a database.
    problems: BTreeMap<String, Vec<Problem>>,
    /// Directories that have an `info` directory.
    with_info: BTreeSet<String>,
}

enum Part<'a> {
    Status {
        directory: &'a str,
    },
    Distroless,
    DistrolessSums {
        package: &'a str,
    },
    DistrolessList {
        package: &'a str,
    },
    FileList {
        directory: &'a str,
        package: &'a str,
    },
}

/// Tells which part of a dpkg database a path is.
fn part(path: &str) -> Option<Part<'_>> {
    let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
    if name == "status" {
        return Some(Part::Status { directory });
    }
    if directory.ends_with("/status.d") || directory == "status.d" {
        if let Some(package) = name.strip_suffix(".md5sums") {
            return Some(Part::DistrolessSums { package });
        }
        return Some(match name.strip_suffix(".list") {
            Some(package) => Part::DistrolessList { package },
            None => Part::Distroless,
        });
    }
    let package = name.strip_suffix(".list")?;
    let directory = directory.strip_suffix("/info")?;
    Some(Part::FileList { directory, package })
}

impl DpkgDetector {
    fn add_info(&mut self, parent: &str, sink: &mut Sink) {
        if !self.with_info.contains(parent) && sink.admit(parent.len()) {
            self.with_info.insert(parent.to_owned());
        }
    }

    /// Keeps a database until it is known whether it is one.
    fn add_status(
        &mut self,
        directory: &str,
        database: PackageDatabase,
        problems: Vec<Problem>,
        sink: &mut Sink,
    ) {
        if sink.admit(2 * directory.len()) {
            self.found.insert(directory.to_owned(), database);
            self.problems.insert(directory.to_owned(), problems);
        }
    }
}

impl Detector for DpkgDetector {
    fn want(&mut self, entry: &Entry<'_>) -> Want {
        match part(entry.path) {
            Some(_) if entry.kind == EntryKind::File => Want::Whole,
            _ => Want::Nothing,
        }
    }

    fn see_directory(&mut self, path: &str, sink: &mut Sink) {
        if let Some(parent) = path.strip_suffix("/info") {
            self.add_info(parent, sink);
        }
    }

    fn take(&mut self, entry: &Entry<'_>, content: Content<'_>, sink: &mut Sink) {
        match part(entry.path) {
            Some(Part::Status { directory }) => {
                let mut problems = Vec::new();
                if let Some(database) = read_database(
                    entry.path,
                    DatabaseKind::Dpkg,
                    reader(&content),
                    sink,
                    &mut problems,
                ) {
                    self.add_status(directory, database, problems, sink);
                }
            }
            Some(Part::Distroless) => {
                let mut problems = Vec::new();
                let kind = DatabaseKind::DpkgDistroless;
                if let Some(database) =
                    read_database(entry.path, kind, reader(&content), sink, &mut problems)
                    && !(database.packages.is_empty() && problems.is_empty())
                {
                    sink.database(database);
                    for problem in problems {
                        sink.problem(problem);
                    }
                }
            }
            Some(Part::FileList { directory, package }) => {
                self.add_info(directory, sink);
                sink.owned_files
                    .owner(&format!("{directory}/status"), package);
                each_line(reader(&content), |line| sink.owned_files.path(line));
            }
            Some(Part::DistrolessSums { package }) => {
                let database = entry.path.strip_suffix(".md5sums").unwrap_or(entry.path);
                sink.owned_files.owner(database, package);
                // md5sum's format: the sum, two blanks, the path.
                each_line(reader(&content), |line| {
                    if let Some((_, path)) = line.split_once("  ") {
                        sink.owned_files.path(path);
                    }
                });
            }
            Some(Part::DistrolessList { package }) => {
                let database = entry.path.strip_suffix(".list").unwrap_or(entry.path);
                sink.owned_files.owner(database, package);
                each_line(reader(&content), |line| sink.owned_files.path(line));
            }
            None => {}
        }
    }

    fn lost(&mut self, entry: &Entry<'_>, why: String, sink: &mut Sink) {
        let problem = |kind| Problem::new(kind, entry.path, why.clone()).at(entry.offset);
        match part(entry.path) {
            Some(Part::Status { directory }) => {
                let database = unreadable(entry.path, DatabaseKind::Dpkg);
                let problems = vec![problem(ProblemKind::UnreadableDatabase)];
                self.add_status(directory, database, problems, sink);
            }
            Some(Part::Distroless) => {
                sink.database(unreadable(entry.path, DatabaseKind::DpkgDistroless));
                sink.problem(problem(ProblemKind::UnreadableDatabase));
            }
            // A lost file list costs an ownership, never a package.
            _ => sink.problem(problem(ProblemKind::Note)),
        }
    }

    fn finish(&mut self, sink: &mut Sink) {
        for (directory, database) in std::mem::take(&mut self.found) {
            if database.path == STATUS || self.with_info.contains(&directory) {
                sink.database(database);
                for problem in self.problems.remove(&directory).unwrap_or_default() {
                    sink.problem(problem);
                }
            }
        }
    }
}

fn unreadable(path: &str, kind: DatabaseKind) -> PackageDatabase {
    PackageDatabase {
        path: path.to_owned(),
        kind,
        packages: Vec::new(),
        readable: false,
    }
}

fn each_line(reader: impl BufRead, mut take: impl FnMut(&str)) {
    let mut lines = Lines::new(reader);
    while lines.advance().unwrap_or(false) {
        take(&text(lines.line()));
    }
}

/// Reads a status file or one file of `status.d`.
///
/// Returns none when the file is something else that happens to have the same name: vcpkg's
/// status file, or one whose first line is no field, which is damage at dpkg's own place.
fn read_database(
    path: &str,
    kind: DatabaseKind,
    content: impl BufRead,
    sink: &mut Sink,
    problems: &mut Vec<Problem>,
) -> Option<PackageDatabase> {
    let mut database = PackageDatabase {
        path: path.to_owned(),
        kind,
        packages: Vec::new(),
        readable: true,
    };
    let (mut is_vcpkg, mut has_maintainer) = (false, false);
    let mut stanzas = Stanzas::new(content);
    loop {
        let stanza = match stanzas.next() {
            Ok(Some(stanza)) => stanza,
            Ok(None) => break,
            Err(error) => {
                let detail = format!("cannot be read to its end: {error}");
                problems.push(Problem::new(ProblemKind::UnreadableDatabase, path, detail));
                break;
            }
        };
        is_vcpkg |= stanza.is_vcpkg;
        has_maintainer |= !stanza.maintainer.is_empty();
        if stanza.is_other_format {
            if path != STATUS {
                return None;
            }
            let detail = "is not a list of packages";
            let problem = Problem::new(ProblemKind::UnreadableDatabase, path, detail);
            sink.hold(problems, problem);
            database.readable = false;
            break;
        }
        match record(&stanza, kind) {
            Ok(Some(record)) => {
                if !sink.keep(&mut database.packages, record) {
                    problems.push(
                        Problem::new(
                            ProblemKind::UnreadableDatabase,
                            path,
                            "more packages than there is room for",
                        )
                        .at(stanza.offset),
                    );
                    break;
                }
            }
            Ok(None) => {}
            Err(detail) => {
                let problem = Problem::new(ProblemKind::BadRecord, path, detail);
                sink.hold(problems, problem.at(stanza.offset));
            }
        }
    }
    // dpkg names a maintainer with its packages. One stray field of vcpkg's among them must not make
    // a whole system vanish.
    if is_vcpkg && !(path == STATUS && has_maintainer) {
        return None;
    }
    for (offset, detail) in stanzas.take_oddities() {
        problems.push(Problem::new(ProblemKind::Note, path, detail).at(offset));
    }
    database.packages.sort();
    database.packages.dedup();
    Some(database)
}

/// Makes a record of a stanza; none when the package is not installed.
fn record(stanza: &Stanza, kind: DatabaseKind) -> Result<Option<PackageRecord>, String> {
    // `status.d` has no Status field: what is listed there is installed.
    if stanza.status.is_empty() {
        if kind == DatabaseKind::Dpkg {
            return Err(missing(stanza, "Status"));
        }
    } else if !is_installed(stanza)? {
        return Ok(None);
    }
    if stanza.package.is_empty() {
        return Err(missing(stanza, "Package"));
    }
    if stanza.version.is_empty() {
        return Err(missing(stanza, "Version"));
    }
    let (source, source_version) = source(stanza);
    Ok(Some(PackageRecord {
        name: stanza.package.clone(),
        version: stanza.version.clone(),
        arch: stanza.architecture.clone(),
        source,
        source_version,
        vendor: stanza.origin.clone(),
        maintainer: stanza.maintainer.clone(),
        ..PackageRecord::default()
    }))
}

fn missing(stanza: &Stanza, field: &str) -> String {
    match stanza.package.as_str() {
        "" => format!("record without a {field} field"),
        name => format!("package without a {field} field: {name}"),
    }
}

/// Tells from the `Status` field whether the package's files are on disk.
///
/// The third word is the state (dpkg(1)). `half-installed` is left out: its unpacking broke off.
/// A word that is no state says nothing, and a package must not vanish by that.
fn is_installed(stanza: &Stanza) -> Result<bool, String> {
    match stanza.status.split_ascii_whitespace().nth(2) {
        Some(
            "installed" | "unpacked" | "half-configured" | "triggers-awaited" | "triggers-pending",
        ) => Ok(true),
        Some("not-installed" | "config-files" | "half-installed") => Ok(false),
        _ => Err(format!("package in an unknown state: {}", stanza.package)),
    }
}

/// Returns name and version of the source package (deb-control(5), "Source").
///
/// The field is left out when both equal the binary's; the version alone when it does.
fn source(stanza: &Stanza) -> (String, String) {
    let field = stanza.source.as_str();
    let (name, version) = match field.split_once('(') {
        Some((name, version)) => (name.trim(), version.trim_end_matches([')', ' ']).trim()),
        None => (field.trim(), ""),
    };
    let or = |text: &str, other: &str| if text.is_empty() { other } else { text }.to_owned();
    (or(name, &stanza.package), or(version, &stanza.version))
}

/// Reads one dpkg status file; for fuzzing and for tools that have only the file.
pub fn read_status(bytes: &[u8]) -> (Vec<PackageRecord>, Vec<Problem>) {
    let mut problems = Vec::new();
    let mut sink = Sink::new(limpid_layer::Budget::new(64 << 20));
    let database = read_database(STATUS, DatabaseKind::Dpkg, bytes, &mut sink, &mut problems);
    (
        database
            .map(|database| database.packages)
            .unwrap_or_default(),
        problems,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(text: &str) -> (Vec<PackageRecord>, Vec<Problem>) {
        read_status(text.as_bytes())
    }

    fn names(records: &[PackageRecord]) -> Vec<&str> {
        records.iter().map(|record| record.name.as_str()).collect()
    }

    const LVM: &str = "Package: libdevmapper1.02.1\nStatus: install ok installed\n\
        Architecture: amd64\nSource: lvm2 (2.03.16-2)\nVersion: 2:1.02.185-2\n";

    #[test]
    fn the_source_version_is_the_one_in_parentheses() {
        let (records, problems) = status(LVM);
        assert!(problems.is_empty());
        assert_eq!(records[0].source, "lvm2");
        assert_eq!(records[0].source_version, "2.03.16-2");
        assert_eq!(records[0].version, "2:1.02.185-2");
    }

    #[test]
    fn a_package_without_source_is_its_own_source() {
        let (records, _) = status("Package: a\nStatus: install ok installed\nVersion: 1\n");
        assert_eq!(
            (
                records[0].source.as_str(),
                records[0].source_version.as_str()
            ),
            ("a", "1")
        );
    }

    #[test]
    fn the_same_package_of_two_architectures_is_two_packages() {
        let stanza = |arch| {
            format!(
                "Package: libc6\nStatus: install ok installed\nArchitecture: {arch}\nVersion: 2.36\n\n"
            )
        };
        let (records, _) = status(&(stanza("amd64") + &stanza("i386")));
        assert_eq!(records.len(), 2);
    }

    #[test]
    fn the_last_stanza_needs_no_blank_line() {
        let (records, _) = status(&format!(
            "{LVM}\nPackage: z\nStatus: install ok installed\nVersion: 1"
        ));
        assert_eq!(names(&records), ["libdevmapper1.02.1", "z"]);
    }

    #[test]
    fn a_bad_stanza_does_not_cost_the_others() {
        let (records, problems) = status(&format!(
            "Package: a\nStatus: install ok installed\n\nStatus: install ok installed\nVersion: 1\n\n{LVM}"
        ));
        assert_eq!(names(&records), ["libdevmapper1.02.1"]);
        let details: Vec<_> = problems
            .iter()
            .map(|problem| problem.detail.as_str())
            .collect();
        assert_eq!(
            details,
            [
                "package without a Version field: a",
                "record without a Package field"
            ]
        );
        assert_eq!(problems[1].offset, Some(41));
    }

    #[test]
    fn only_packages_whose_files_are_on_disk_count() {
        let states = [
            ("install ok installed", true),
            ("hold ok installed", true),
            ("deinstall ok installed", true),
            ("install reinstreq installed", true),
            ("install ok unpacked", true),
            ("install ok half-configured", true),
            ("install ok triggers-pending", true),
            ("deinstall ok config-files", false),
            ("install ok half-installed", false),
            ("unknown ok not-installed", false),
        ];
        for (state, expected) in states {
            let (records, _) = status(&format!("Package: a\nStatus: {state}\nVersion: 1\n"));
            assert_eq!(!records.is_empty(), expected, "{state}");
        }
    }

    #[test]
    fn a_state_that_dpkg_does_not_have_is_a_problem_and_not_an_absence() {
        for state in ["install ok instXlled", "install ok", "installed"] {
            let (records, problems) = status(&format!("Package: a\nStatus: {state}\nVersion: 1\n"));
            assert!(records.is_empty());
            assert_eq!(problems[0].detail, "package in an unknown state: a");
        }
    }

    #[test]
    fn a_vcpkg_status_file_is_not_a_dpkg_database() {
        let mut sink = Sink::new(limpid_layer::Budget::new(1 << 20));
        let mut problems = Vec::new();
        let database = read_database(
            "opt/vcpkg/installed/vcpkg/status",
            DatabaseKind::Dpkg,
            &b"Package: zlib\nVersion: 1.3\nPort-Version: 1\nArchitecture: x64-linux\nStatus: install ok installed\n"[..],
            &mut sink,
            &mut problems,
        );
        assert!(database.is_none() && problems.is_empty());
    }

    #[test]
    fn a_field_of_vcpkg_does_not_hide_the_packages_of_the_system() {
        let (records, _) = status(&format!("{LVM}Maintainer: A\nPort-Version: 1\n"));
        assert_eq!(names(&records), ["libdevmapper1.02.1"]);
    }

    #[test]
    fn something_else_in_place_of_the_status_file_is_an_unreadable_database() {
        let (records, problems) = status("<html>\n");
        assert!(records.is_empty());
        assert_eq!(problems[0].kind, ProblemKind::UnreadableDatabase);
    }

    #[test]
    fn field_names_are_read_in_any_case() {
        let (records, _) = status("package: a\nSTATUS: install ok installed\nversion: 1\n");
        assert_eq!(names(&records), ["a"]);
    }
}
