//! pacman's database: `var/lib/pacman/local/NAME-VERSION-RELEASE/desc`, and `files` beside it.
//!
//! Both are lists of blocks, a key `%KEY%` and a value on each line until an empty one. Used here:
//!
//! | file | key | meaning |
//! |---|---|---|
//! | `desc` | `NAME`, `VERSION`, `ARCH` | the package; the version as `[epoch:]pkgver-pkgrel` |
//! | `desc` | `BASE` | the package base, which advisories name; the package itself when absent |
//! | `desc` | `PACKAGER` | who built it |
//! | `files` | `FILES` | paths, those of directories with a slash at the end |
//!
//! Each `desc` is a database of its own, since pacman replaces the directory as a whole.

use std::io::BufRead;

use limpid_layer::{Content, Entry, EntryKind, Want};
use limpid_types::{DatabaseKind, PackageDatabase, PackageRecord, Problem, ProblemKind};

use crate::detector::{Detector, Sink, reader};
use crate::lines::{Lines, text};

const LOCAL: &str = "var/lib/pacman/local/";

/// Finds pacman's packages.
pub(crate) struct PacmanDetector;

/// Returns the directory of a package and the file in it.
fn part(path: &str) -> Option<(&str, &str)> {
    let (directory, file) = path.strip_prefix(LOCAL)?.split_once('/')?;
    matches!(file, "desc" | "files").then_some((directory, file))
}

impl Detector for PacmanDetector {
    fn want(&mut self, entry: &Entry<'_>) -> Want {
        match part(entry.path) {
            Some(_) if entry.kind == EntryKind::File => Want::Whole,
            _ => Want::Nothing,
        }
    }

    fn take(&mut self, entry: &Entry<'_>, content: Content<'_>, sink: &mut Sink) {
        match part(entry.path) {
            Some((_, "desc")) => take_desc(entry, reader(&content), sink),
            Some((directory, _)) => {
                let name = split_directory(directory).unwrap_or(directory);
                let database = format!("{LOCAL}{directory}/desc");
                sink.owned_files.owner(&database, name);
                let _ = each_value(reader(&content), |key, value| {
                    if key == b"FILES" && !value.ends_with('/') {
                        sink.owned_files.path(value);
                    }
                });
            }
            None => {}
        }
    }

    fn lost(&mut self, entry: &Entry<'_>, why: String, sink: &mut Sink) {
        if entry.path.ends_with("/desc") {
            sink.unreadable_database(entry.path, DatabaseKind::Pacman, why);
        } else {
            // A lost file list costs an ownership, never a package.
            let problem = Problem::new(ProblemKind::Note, entry.path, why);
            sink.problem(problem.at(entry.offset));
        }
    }
}

fn take_desc(entry: &Entry<'_>, content: impl BufRead, sink: &mut Sink) {
    let record = match read_desc(content) {
        Ok(record) => record,
        Err(why) => return sink.unreadable_database(entry.path, DatabaseKind::Pacman, why),
    };
    let mut packages = Vec::new();
    if !sink.keep(&mut packages, record) {
        let why = "more packages than there is room for";
        return sink.unreadable_database(entry.path, DatabaseKind::Pacman, why);
    }
    sink.database(PackageDatabase {
        path: entry.path.to_owned(),
        kind: DatabaseKind::Pacman,
        packages,
        readable: true,
    });
}

/// Reads one `desc` file; an error says what is wrong with it.
pub fn read_desc(content: impl BufRead) -> Result<PackageRecord, String> {
    let mut record = PackageRecord::default();
    each_value(content, |key, value| {
        let field = match key {
            b"NAME" => &mut record.name,
            b"VERSION" => &mut record.version,
            b"ARCH" => &mut record.arch,
            b"BASE" => &mut record.source,
            b"PACKAGER" => &mut record.maintainer,
            _ => return,
        };
        if field.is_empty() {
            value.clone_into(field);
        }
    })?;
    if record.name.is_empty() {
        return Err("package without a name".to_owned());
    }
    if record.version.is_empty() {
        return Err(format!("package without a version: {}", record.name));
    }
    if record.source.is_empty() {
        record.source.clone_from(&record.name);
    }
    // All packages of a base are built at once, by one recipe with one version.
    record.source_version.clone_from(&record.version);
    Ok(record)
}

/// Gives each value with its key.
fn each_value(content: impl BufRead, mut take: impl FnMut(&[u8], &str)) -> Result<(), String> {
    let mut lines = Lines::new(content);
    let mut key = Vec::new();
    while lines
        .advance()
        .map_err(|error| format!("cannot be read to its end: {error}"))?
    {
        match lines.line().trim_ascii() {
            b"" => key.clear(),
            [b'%', name @ .., b'%'] if key.is_empty() => key = name.to_vec(),
            value if !key.is_empty() => take(&key, &text(value)),
            _ => {}
        }
    }
    Ok(())
}

/// Returns the name in `NAME-VERSION-RELEASE`.
fn split_directory(directory: &str) -> Option<&str> {
    let (rest, _) = directory.rsplit_once('-')?;
    rest.rsplit_once('-').map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use limpid_layer::Budget;

    use super::*;
    use crate::owned_files::OwnedFiles;

    const DESC: &str = "%NAME%\nlib32-gcc-libs\n\n%VERSION%\n1:13.2.1-3\n\n%BASE%\ngcc\n\n\
        %DESC%\n%NAME% of nothing\n\n%ARCH%\nx86_64\n\n%PACKAGER%\nA B <a@b>\n\n%DEPENDS%\nglibc\nbash\n";

    fn sink_of(files: &[(&str, &[u8])]) -> Sink {
        let mut sink = Sink::new(Budget::new(1 << 20));
        for (path, content) in files {
            let entry = Entry {
                path,
                kind: EntryKind::File,
                size: content.len() as u64,
                mode: 0o644,
                link: "",
                offset: 0,
            };
            assert_eq!(PacmanDetector.want(&entry), Want::Whole, "{path}");
            PacmanDetector.take(&entry, Content::Memory(content), &mut sink);
        }
        sink
    }

    #[test]
    fn a_package_belongs_to_its_base() {
        let record = read_desc(DESC.as_bytes()).unwrap();
        assert_eq!(
            record,
            PackageRecord {
                name: "lib32-gcc-libs".into(),
                version: "1:13.2.1-3".into(),
                arch: "x86_64".into(),
                source: "gcc".into(),
                source_version: "1:13.2.1-3".into(),
                maintainer: "A B <a@b>".into(),
                ..PackageRecord::default()
            }
        );
    }

    #[test]
    fn a_package_without_a_base_is_its_own() {
        let record = read_desc(&b"%NAME%\r\na\r\n\r\n%VERSION%\r\n1-1"[..]).unwrap();
        assert_eq!(
            (record.source.as_str(), record.version.as_str()),
            ("a", "1-1")
        );
    }

    #[test]
    fn a_damaged_desc_is_an_unreadable_database_and_the_others_are_read() {
        let sink = sink_of(&[
            ("var/lib/pacman/local/a-1-1/desc", b"%NAME%\n\n\xff\xfe"),
            ("var/lib/pacman/local/gcc-13-1/desc", DESC.as_bytes()),
            ("var/lib/pacman/local/b-1-1/desc", b"%NAME%\nb\n"),
        ]);
        let readable: Vec<_> = sink.evidence.databases.iter().map(|d| d.readable).collect();
        assert_eq!(readable, [false, true, false]);
        assert_eq!(sink.evidence.problems.len(), 2);
    }

    #[test]
    fn files_are_owned_by_their_package_and_directories_by_nobody() {
        let files = b"%FILES%\nusr/\nusr/lib/\nusr/lib/libc.so.6\n\n%BACKUP%\netc/x\tsum\n";
        let sink = sink_of(&[("var/lib/pacman/local/lib-c-2.38-7/files", files)]);
        let stored = sink.owned_files.finish();
        let owned: Vec<_> = OwnedFiles::new(&stored)
            .unwrap()
            .map(Result::unwrap)
            .map(|file| (file.database, file.package, file.path))
            .collect();
        assert_eq!(
            owned,
            [(
                "var/lib/pacman/local/lib-c-2.38-7/desc".into(),
                "lib-c".into(),
                "usr/lib/libc.so.6".into()
            )]
        );
    }
}
