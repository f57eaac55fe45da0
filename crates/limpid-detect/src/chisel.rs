//! Chisel's manifest of an Ubuntu image that was cut from packages: `manifest.wall`.
//!
//! It is one zstd stream of JSON objects, one on a line ("jsonwall"). The first line is the header
//! `{"jsonwall":"1.0","schema":"1.0",…}`; the others have a `kind`. Used here:
//!
//! | kind | members | meaning |
//! |---|---|---|
//! | `package` | `name`, `version`, `arch` | a package of which at least a slice is installed |
//! | `content` | `slice` as `PACKAGE_SLICE`, `path` | a path of a slice; of directories with a slash at the end |
//!
//! The packages are Ubuntu's binary packages. The manifest does not say which source they were
//! built from. See the reference of Chisel, "Chisel manifest"; the file can stand anywhere.

use std::io::{BufRead, BufReader, Read};

use limpid_layer::{Content, Entry, EntryKind, Want};
use limpid_types::{DatabaseKind, PackageDatabase, PackageRecord, Problem, ProblemKind};
use serde::Deserialize;

use crate::detector::{Detector, Sink, reader};
use crate::lines::Lines;

const FILE_NAME: &str = "manifest.wall";
/// Where Chisel itself puts the manifest, if the image wants one.
pub(crate) const USUAL_PATH: &str = "var/lib/chisel/manifest.wall";

/// The most memory that the stream may ask for, as a power of two; Chisel's own window is 8 MiB.
const LARGEST_WINDOW_LOG: u32 = 23;
/// The most text that is read of a manifest, in bytes. A path takes some 200.
const MOST_TEXT: u64 = 256 << 20;

/// Finds Chisel's manifest.
pub(crate) struct ChiselDetector;

impl Detector for ChiselDetector {
    fn want(&mut self, entry: &Entry<'_>) -> Want {
        let name = entry.path.rsplit('/').next();
        if entry.kind == EntryKind::File && name == Some(FILE_NAME) {
            Want::Whole
        } else {
            Want::Nothing
        }
    }

    fn take(&mut self, entry: &Entry<'_>, content: Content<'_>, sink: &mut Sink) {
        let Some(_lease) = sink.lease(1 << LARGEST_WINDOW_LOG) else {
            let why = "the memory budget has no room for unpacking it".to_owned();
            return self.lost(entry, why, sink);
        };
        match open(reader(&content)) {
            Ok(lines) => read_manifest(entry.path, lines, sink),
            // Another program may have a file of this name.
            Err(_) if entry.path != USUAL_PATH => {}
            Err(why) => self.lost(entry, why, sink),
        }
    }

    fn lost(&mut self, entry: &Entry<'_>, why: String, sink: &mut Sink) {
        sink.unreadable_database(entry.path, DatabaseKind::Chisel, why);
    }
}

/// The first line.
#[derive(Deserialize)]
struct Header {
    #[serde(rename = "jsonwall")]
    _version: String,
}

/// Opens the stream and reads the header.
fn open<'a>(content: impl BufRead + 'a) -> Result<Lines<Box<dyn BufRead + 'a>>, String> {
    let failed = |error| format!("is not a manifest of Chisel: {error}");
    let mut stream = zstd::stream::read::Decoder::with_buffer(content).map_err(failed)?;
    stream.window_log_max(LARGEST_WINDOW_LOG).map_err(failed)?;
    let text: Box<dyn BufRead + 'a> = Box::new(BufReader::new(stream.take(MOST_TEXT)));
    let mut lines = Lines::new(text);
    lines.advance().map_err(failed)?;
    match serde_json::from_slice::<Header>(lines.line()) {
        Ok(_) => Ok(lines),
        Err(error) => Err(format!("is not a manifest of Chisel: {error}")),
    }
}

#[derive(Deserialize)]
struct Line {
    kind: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    version: String,
    #[serde(default)]
    arch: String,
    #[serde(default)]
    slice: String,
    #[serde(default)]
    path: String,
}

fn read_manifest<R: BufRead>(path: &str, mut lines: Lines<R>, sink: &mut Sink) {
    let mut packages = Vec::new();
    let mut owner = String::new();
    loop {
        match lines.advance() {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                let detail = format!("cannot be read to its end: {error}");
                sink.problem(Problem::new(ProblemKind::UnreadableDatabase, path, detail));
                break;
            }
        }
        match read_line(lines.line()) {
            Ok(Fact::Package(record)) => {
                if !sink.keep(&mut packages, *record) {
                    let detail = "more packages than there is room for";
                    let problem = Problem::new(ProblemKind::UnreadableDatabase, path, detail);
                    sink.problem(problem.at(lines.offset()));
                    break;
                }
            }
            Ok(Fact::File { package, file }) => {
                if package != owner {
                    sink.owned_files.owner(path, &package);
                    owner = package;
                }
                sink.owned_files.path(&file);
            }
            Ok(Fact::Other) => {}
            Err(detail) => {
                let problem = Problem::new(ProblemKind::BadRecord, path, detail);
                sink.problem(problem.at(lines.offset()));
            }
        }
    }
    packages.sort();
    packages.dedup();
    sink.database(PackageDatabase {
        path: path.to_owned(),
        kind: DatabaseKind::Chisel,
        packages,
        readable: true,
    });
}

/// What one line says.
enum Fact {
    Package(Box<PackageRecord>),
    File { package: String, file: String },
    Other,
}

fn read_line(line: &[u8]) -> Result<Fact, String> {
    if line.trim_ascii().is_empty() {
        return Ok(Fact::Other);
    }
    let line: Line =
        serde_json::from_slice(line).map_err(|error| format!("line is no record: {error}"))?;
    match line.kind.as_str() {
        "package" if line.name.is_empty() => Err("package without a name".to_owned()),
        "package" if line.version.is_empty() => {
            Err(format!("package without a version: {}", line.name))
        }
        "package" => Ok(Fact::Package(Box::new(PackageRecord {
            name: line.name,
            version: line.version,
            arch: line.arch,
            ..PackageRecord::default()
        }))),
        // A name of a Debian package has no underscore, so the first one ends it.
        "content" if !line.path.ends_with('/') => match line.slice.split_once('_') {
            Some((package, _)) => Ok(Fact::File {
                package: package.to_owned(),
                file: line.path,
            }),
            None => Err(format!(
                "content of a slice without a package: {}",
                line.slice
            )),
        },
        _ => Ok(Fact::Other),
    }
}

/// Reads one manifest; for fuzzing and for tools that have only the file.
pub fn read(bytes: &[u8]) -> (Vec<PackageRecord>, Vec<Problem>) {
    let mut sink = Sink::new(limpid_layer::Budget::new(64 << 20));
    match open(bytes) {
        Ok(lines) => read_manifest(USUAL_PATH, lines, &mut sink),
        Err(why) => sink.unreadable_database(USUAL_PATH, DatabaseKind::Chisel, why),
    }
    let databases = sink.evidence.databases.into_iter();
    let packages = databases.flat_map(|database| database.packages).collect();
    (packages, sink.evidence.problems)
}

#[cfg(test)]
mod tests {
    use limpid_layer::Budget;

    use super::*;
    use crate::owned_files::OwnedFiles;

    const WALL: &str = r#"{"jsonwall":"1.0","schema":"1.0","count":6}
{"kind":"content","slice":"base-files_base","path":"/etc/"}
{"kind":"content","slice":"libc6_libs","path":"/lib/ld.so"}
{"kind":"package","name":"base-files","version":"12ubuntu4","sha256":"00","arch":"amd64"}
{"kind":"package","name":"libc6","version":"2.39-0ubuntu8","sha256":"00","arch":"amd64"}
{"kind":"path","path":"/etc/","mode":"0755","slices":["base-files_base"]}
{"kind":"slice","name":"libc6_libs"}
"#;

    fn pack(text: &str) -> Vec<u8> {
        limpid_testkit::layer::zstd(text.as_bytes())
    }

    fn take(path: &str, content: &[u8]) -> Sink {
        let mut sink = Sink::new(Budget::new(16 << 20));
        let entry = Entry {
            path,
            kind: EntryKind::File,
            size: content.len() as u64,
            mode: 0o644,
            link: "",
            offset: 0,
        };
        assert_eq!(ChiselDetector.want(&entry), Want::Whole);
        ChiselDetector.take(&entry, Content::Memory(content), &mut sink);
        sink
    }

    #[test]
    fn packages_are_ubuntus_binaries_whose_source_is_not_said() {
        let (packages, problems) = read(&pack(WALL));
        assert!(problems.is_empty());
        let lines: Vec<_> = packages
            .iter()
            .map(|p| format!("{} {} {} {:?}", p.name, p.version, p.arch, p.source))
            .collect();
        assert_eq!(
            lines,
            [
                "base-files 12ubuntu4 amd64 \"\"",
                "libc6 2.39-0ubuntu8 amd64 \"\""
            ]
        );
    }

    #[test]
    fn files_are_owned_by_the_package_of_their_slice() {
        let sink = take(USUAL_PATH, &pack(WALL));
        let stored = sink.owned_files.finish();
        let files: Vec<_> = OwnedFiles::new(&stored)
            .unwrap()
            .map(Result::unwrap)
            .map(|file| (file.package, file.path))
            .collect();
        assert_eq!(files, [("libc6".into(), "lib/ld.so".into())]);
    }

    #[test]
    fn a_bad_line_does_not_cost_the_others() {
        let deep = "[".repeat(10_000);
        let wall = WALL.to_owned()
            + "{\"kind\":\"package\",\"name\":\"a\"}\n{\"kind\":1}\n"
            + &deep
            + "\n"
            + r#"{"kind":"package","name":"z","version":"1","arch":"all"}"#;
        let (packages, problems) = read(&pack(&wall));
        assert_eq!(packages.len(), 3);
        assert_eq!(problems.len(), 3);
        assert_eq!(problems[0].detail, "package without a version: a");
    }

    #[test]
    fn a_truncated_manifest_is_an_unreadable_database_with_what_was_read() {
        let line = r#"{"kind":"package","name":"a","version":"NUMBER","arch":"all"}"#;
        let mut wall = WALL.to_owned();
        for number in 0..20_000 {
            wall.push_str(&line.replace("NUMBER", &format!("{number}")));
            wall.push('\n');
        }
        let packed = pack(&wall);
        let (packages, problems) = read(&packed[..packed.len() / 2]);
        assert!(!packages.is_empty());
        assert_eq!(problems[0].kind, ProblemKind::UnreadableDatabase);
    }

    #[test]
    fn something_else_at_the_usual_place_is_an_unreadable_database_and_elsewhere_nothing() {
        for content in [&b"not zstd"[..], b"", &pack("{\"a\":1}\n")] {
            let usual = take(USUAL_PATH, content).evidence;
            assert!(!usual.databases[0].readable);
            let elsewhere = take("srv/manifest.wall", content).evidence;
            assert!(elsewhere.databases.is_empty() && elsewhere.problems.is_empty());
        }
    }
}
