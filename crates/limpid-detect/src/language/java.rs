//! Java: archives of classes, with the archives in them.
//!
//! | what says it | where | how sure |
//! |---|---|---|
//! | `pom.properties` | anywhere in an archive; a shaded one has several | certain |
//! | `META-INF/MANIFEST.MF`, its main section | in an archive without one of its own | derived |
//! | the archive's name, `NAME-VERSION.jar` | when the manifest does not agree or says nothing | by file name |
//!
//! An archive is read whether or not it has a `META-INF`, and so are the archives in it, as Spring
//! Boot (`BOOT-INF/lib`), web and enterprise applications have them. Archives that are not surely
//! known carry their SHA-1, by which an index of jars may know them better. Python's wheels and
//! eggs are zip archives, too; their metadata is read here, by the rules of [`python`].
//!
//! What is named like an archive and is none is passed over: Java does not load it either.

mod file_name;
mod groups;
mod identity;
mod manifest;
mod pom;

use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, Read};

use limpid_rpmdb::ReadAt;
use limpid_types::{Confidence, DatabaseKind, Ecosystem, PackageRecord};
use sha1::{Digest, Sha1};

use super::archive::{Bounds, Content, Members, Window, walk};
use super::{File, Format, Found, Path, python};
use crate::detector::reader;
use crate::lines::text;
use identity::{Coordinates, Evidence};

/// What is read of Java.
pub(super) const FORMATS: &[Format] = &[
    Format {
        kind: DatabaseKind::LanguagePackage,
        matches: |path| has_ending(path.name.as_bytes(), ARCHIVES),
        starts: None,
        most_bytes: MOST_BYTES,
        read: read_archive,
    },
    Format {
        kind: DatabaseKind::LanguagePackage,
        matches: |path| has_ending(path.name.as_bytes(), RARE_ARCHIVES),
        starts: Some(|start| start.starts_with(b"PK")),
        most_bytes: MOST_BYTES,
        read: read_archive,
    },
    Format {
        kind: DatabaseKind::LanguagePackage,
        matches: is_unpacked_pom,
        starts: None,
        most_bytes: MOST_POM_BYTES,
        read: read_unpacked_pom,
    },
];

/// How the names of archives end, in any case.
const ARCHIVES: &[&str] = &[
    ".jar", ".war", ".ear", ".jpi", ".hpi", ".par", ".nar", ".kar", ".lpkg", ".aar", ".egg", ".whl",
];

/// Endings that other things have, too.
const RARE_ARCHIVES: &[&str] = &[".rar", ".sar"];

/// The largest archive that is read; it is not held in memory.
const MOST_BYTES: u64 = 4 << 30;

/// The largest `pom.properties` that is read.
const MOST_POM_BYTES: u64 = 1 << 20;

/// The largest manifest that is read; it is not held in memory. Those of OSGi bundles list every
/// class path, and signed ones every class.
const MOST_MANIFEST_BYTES: u64 = 16 << 20;

/// How deep archives may be packed into each other. Real ones are three deep.
const MOST_DEPTH: usize = 8;

/// The largest packed archive that is unpacked into memory, when there is memory to spare. Others
/// are read forward, which needs none.
const MOST_UNPACKED_BYTES: u64 = 32 << 20;

/// What is taken at first to unpack an archive.
const UNPACK_STEP: u64 = 1 << 20;

fn has_ending(name: &[u8], endings: &[&str]) -> bool {
    endings.iter().any(|ending| {
        let start = name.len().checked_sub(ending.len());
        let end = start.and_then(|start| name.get(start..));
        end.is_some_and(|end| end.eq_ignore_ascii_case(ending.as_bytes()))
    })
}

/// Tells whether a file is the `pom.properties` of an archive that was unpacked.
fn is_unpacked_pom(path: &Path<'_>) -> bool {
    path.name == "pom.properties" && path.directory.contains("META-INF/maven/")
}

fn read_unpacked_pom(file: &File<'_>, found: &mut Found<'_>) {
    match pom::read(reader(&file.content)) {
        Ok(Some(coordinates)) if coordinates.is_resolved() => {
            found.package(record(&coordinates, Confidence::Certain, ""));
        }
        Ok(_) => {}
        Err(error) => found.unreadable(error.to_string()),
    }
}

fn read_archive(file: &File<'_>, found: &mut Found<'_>) {
    let source: &dyn ReadAt = match &file.content {
        limpid_layer::Content::Memory(bytes) => bytes,
        limpid_layer::Content::Spooled(file) => file,
    };
    let bounds = Bounds::of_file(source.len());
    let mut archive = Archive {
        found,
        bounds: &bounds,
        name: file.path.name,
        place: "",
        depth: 0,
        evidence: Evidence::new(file.path.name),
    };
    archive.read(Content::Window(Window::new(source, &bounds)));
}

fn record(coordinates: &Coordinates, confidence: Confidence, place: &str) -> PackageRecord {
    PackageRecord {
        name: coordinates.name(),
        version: coordinates.version.clone(),
        ecosystem: Some(Ecosystem::Maven),
        place: place.to_owned(),
        confidence,
        ..PackageRecord::default()
    }
}

/// An archive that is being read.
struct Archive<'a, 'f> {
    found: &'a mut Found<'f>,
    bounds: &'a Bounds,
    /// Its file name.
    name: &'a str,
    /// Where it is in the file: the paths of the archives around it and its own.
    place: &'a str,
    /// How many archives are around it.
    depth: usize,
    evidence: Evidence,
}

/// What the members of an archive are that are of interest.
enum Interest {
    Pom,
    Manifest,
    Archive,
    Python,
}

impl Archive<'_, '_> {
    /// Finds what is in the archive, and what it is.
    fn read(&mut self, content: Content<'_>) {
        match content {
            Content::Window(window) => {
                if walk(Content::Window(window), self.bounds, self) {
                    self.finish(|| sha1(window.reader()));
                }
            }
            Content::Stream(stream) => {
                let mut hashed = BufReader::new(Hashed {
                    stream,
                    hash: Sha1::new(),
                });
                if walk(Content::Stream(&mut hashed), self.bounds, self) {
                    self.finish(move || {
                        io::copy(&mut hashed, &mut io::sink())?;
                        Ok(hashed.into_inner().hash)
                    });
                }
            }
        }
    }

    /// Says what the archive itself is, if no member of it said so. Only then it is hashed.
    fn finish(&mut self, hash: impl FnOnce() -> io::Result<Sha1>) {
        if has_ending(self.name.as_bytes(), &[".whl", ".egg"]) {
            return;
        }
        let Some((coordinates, confidence)) = self.evidence.own() else {
            return;
        };
        let mut record = record(&coordinates, confidence, self.place);
        // Without a digest it is what it seems to be.
        if let Ok(hash) = hash() {
            record.build_id = digest(hash);
        }
        self.found.package(record);
    }

    fn interest(&self, name: &[u8]) -> Option<Interest> {
        let start = name.iter().rposition(|&byte| byte == b'/');
        let base = name.get(start.map_or(0, |slash| slash + 1)..)?;
        match base {
            b"pom.properties" => Some(Interest::Pom),
            b"METADATA" | b"PKG-INFO" => {
                let path = format!("{}/{}", self.name, text(name));
                python::is_metadata(&Path::new(&path, false)).then_some(Interest::Python)
            }
            _ if name.eq_ignore_ascii_case(b"META-INF/MANIFEST.MF") => Some(Interest::Manifest),
            _ if has_ending(base, ARCHIVES) => Some(Interest::Archive),
            _ if has_ending(base, RARE_ARCHIVES) => Some(Interest::Archive),
            _ => None,
        }
    }

    fn take_pom(&mut self, content: &mut dyn BufRead) -> io::Result<()> {
        if let Some(coordinates) = pom::read(content.take(MOST_POM_BYTES))?
            && self.evidence.see_pom(&coordinates)
        {
            let record = record(&coordinates, Confidence::Certain, self.place);
            self.found.package(record);
        }
        Ok(())
    }

    fn take_python(&mut self, content: &mut dyn BufRead) -> io::Result<()> {
        if let Some(record) = python::read_package(content)? {
            let place = self.place.to_owned();
            self.found.package(PackageRecord { place, ..record });
        }
        Ok(())
    }

    /// Reads an archive in this one.
    fn take_archive(&mut self, path: &[u8], content: Content<'_>) -> io::Result<()> {
        if self.depth >= MOST_DEPTH {
            return Err(io::Error::other("archives are packed too deeply"));
        }
        self.bounds.count_archive()?;
        let path = text(path);
        let name = path
            .rsplit_once('/')
            .map_or(path.as_str(), |(_, name)| name);
        let place = match self.place {
            "" => path.clone(),
            outer => format!("{outer}!/{path}"),
        };
        let mut inner = Archive {
            found: &mut *self.found,
            bounds: self.bounds,
            name,
            place: &place,
            depth: self.depth + 1,
            evidence: Evidence::new(name),
        };
        match content {
            Content::Window(window) => inner.read(Content::Window(window)),
            Content::Stream(stream) => inner.unpack(stream)?,
        }
        Ok(())
    }

    /// Reads a packed archive, in memory if it is not large and there is memory to spare.
    fn unpack(&mut self, stream: &mut dyn BufRead) -> io::Result<()> {
        let Some(mut lease) = self.found.spare(UNPACK_STEP) else {
            self.read(Content::Stream(stream));
            return Ok(());
        };
        let mut unpacked = Vec::new();
        loop {
            let room = lease.bytes().saturating_sub(unpacked.len() as u64);
            unpacked.reserve_exact(usize::try_from(room).unwrap_or_default());
            if (Read::take(&mut *stream, room).read_to_end(&mut unpacked)? as u64) < room {
                let bounds = self.bounds;
                self.read(Content::Window(Window::new(&unpacked.as_slice(), bounds)));
                return Ok(());
            }
            let held = lease.bytes();
            if held >= MOST_UNPACKED_BYTES || !lease.try_grow(held) {
                self.read(Content::Stream(&mut unpacked.chain(stream)));
                return Ok(());
            }
        }
    }
}

impl Members for Archive<'_, '_> {
    fn wants(&mut self, name: &[u8]) -> bool {
        if name.ends_with(b"/pom.xml") {
            self.evidence.see_pom_path(&text(name));
        }
        self.interest(name).is_some()
    }

    fn take(&mut self, name: &[u8], content: Content<'_>) -> io::Result<()> {
        match self.interest(name) {
            Some(Interest::Pom) => content.with_reader(|reader| self.take_pom(reader)),
            Some(Interest::Python) => content.with_reader(|reader| self.take_python(reader)),
            Some(Interest::Archive) => self.take_archive(name, content),
            Some(Interest::Manifest) => content.with_reader(|reader| {
                let reader = reader.take(MOST_MANIFEST_BYTES);
                self.evidence.see_manifest(manifest::read(reader)?);
                Ok(())
            }),
            None => Ok(()),
        }
    }

    fn lose(&mut self, name: &[u8], error: io::Error) {
        let member = text(name);
        let parts = [self.place, &member];
        let parts = parts.into_iter().filter(|part| !part.is_empty());
        let subject = parts.collect::<Vec<_>>().join("!/");
        if subject.is_empty() {
            self.found.unreadable(error.to_string());
        } else {
            self.found.unreadable(format!("{subject}: {error}"));
        }
    }
}

fn sha1(mut reader: impl Read) -> io::Result<Sha1> {
    let mut hash = Sha1::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        match reader.read(&mut buffer)? {
            0 => return Ok(hash),
            read => hash.update(buffer.get(..read).unwrap_or_default()),
        }
    }
}

fn digest(hash: Sha1) -> String {
    let mut digest = String::from("sha1:");
    for byte in hash.finalize() {
        // Writing into a string does not fail.
        let _ = write!(digest, "{byte:02x}");
    }
    digest
}

/// Hashes what is read.
struct Hashed<'a> {
    stream: &'a mut dyn BufRead,
    hash: Sha1,
}

impl Read for Hashed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.stream.read(buffer)?;
        self.hash.update(buffer.get(..read).unwrap_or_default());
        Ok(read)
    }
}

#[cfg(test)]
mod tests;
