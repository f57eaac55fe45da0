use std::io::{self, BufRead, BufReader, Write};

use limpid_layer::{Budget, Lease};

/// A file and the package that owns it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedFile {
    /// Path of the package database that says so.
    pub database: String,
    /// Name of the owning package; dpkg's multi-arch packages as `name:arch`.
    pub package: String,
    /// Path of the file, without leading slash.
    pub path: String,
}

/// Reads the list of owned files that [`crate::Detected`] carries.
///
/// | line | meaning |
/// |---|---|
/// | `\x01DATABASE\x01PACKAGE` | the following paths belong to this package |
/// | `PATH` | one owned file |
///
/// The whole is one zstd stream; no bytes at all is an empty list. Directories, and what lies
/// under documentation and translation trees, are left out: nothing that a detector looks for
/// lives there, and they are two thirds of a distribution's file list.
pub struct OwnedFiles<'a> {
    lines: BufReader<Box<dyn io::Read + 'a>>,
    database: String,
    package: String,
}

const OWNER: char = '\x01';

impl<'a> OwnedFiles<'a> {
    /// Opens a stored list.
    pub fn new(stored: &'a [u8]) -> io::Result<Self> {
        let reader: Box<dyn io::Read + 'a> = if stored.is_empty() {
            Box::new(io::empty())
        } else {
            Box::new(zstd::stream::read::Decoder::with_buffer(stored)?)
        };
        Ok(Self {
            lines: BufReader::new(reader),
            database: String::new(),
            package: String::new(),
        })
    }
}

impl Iterator for OwnedFiles<'_> {
    type Item = io::Result<OwnedFile>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let mut line = String::new();
            match self.lines.read_line(&mut line) {
                Ok(0) => return None,
                Ok(_) => {}
                Err(error) => return Some(Err(error)),
            }
            let line = line.trim_end_matches('\n');
            let Some(owner) = line.strip_prefix(OWNER) else {
                return Some(Ok(OwnedFile {
                    database: self.database.clone(),
                    package: self.package.clone(),
                    path: line.to_owned(),
                }));
            };
            let (database, package) = owner.split_once(OWNER).unwrap_or((owner, ""));
            database.clone_into(&mut self.database);
            package.clone_into(&mut self.package);
        }
    }
}

/// Writes the list while the layer is walked, so that it never stands in memory uncompressed.
pub(crate) struct OwnedFilesWriter {
    stream: Option<zstd::stream::write::Encoder<'static, Vec<u8>>>,
    written: u64,
    lease: Option<Lease>,
    budget: Budget,
}

/// The most text that is taken from one layer, in bytes; a million long paths fit.
const MOST_TEXT: u64 = 256 << 20;

impl OwnedFilesWriter {
    /// Starts a list whose compressed form is counted against the budget.
    pub(crate) fn new(budget: Budget) -> Self {
        Self {
            stream: None,
            written: 0,
            lease: None,
            budget,
        }
    }

    /// Names the package that the next paths belong to.
    pub(crate) fn owner(&mut self, database: &str, package: &str) {
        self.write_line(&[
            OWNER.encode_utf8(&mut [0; 4]),
            database,
            OWNER.encode_utf8(&mut [0; 4]),
            package,
        ]);
    }

    /// Adds a path of the current owner.
    pub(crate) fn path(&mut self, path: &str) {
        let path = path
            .strip_prefix("./")
            .unwrap_or(path)
            .trim_start_matches('/');
        if !path.is_empty() && !path.starts_with(OWNER) && !is_documentation(path) {
            self.write_line(&[path]);
        }
    }

    /// Ends the list and returns its stored form.
    pub(crate) fn finish(self) -> Vec<u8> {
        // Writing to a Vec cannot fail, and an unfinished stream would only lose owners.
        self.stream
            .and_then(|stream| stream.finish().ok())
            .unwrap_or_default()
    }

    fn write_line(&mut self, parts: &[&str]) {
        let bytes: u64 = parts.iter().map(|part| part.len() as u64).sum();
        if self.written + bytes > MOST_TEXT || parts.iter().any(|part| part.contains('\n')) {
            return;
        }
        self.written += bytes + 1;
        if self.stream.is_none() {
            self.stream = zstd::stream::write::Encoder::new(Vec::new(), 1).ok();
        }
        if let Some(stream) = &mut self.stream {
            for part in parts.iter().chain(&["\n"]) {
                let _ = stream.write_all(part.as_bytes());
            }
            let held = stream.get_ref().capacity() as u64;
            if !self.has_room(held) {
                self.written = MOST_TEXT;
            }
        }
    }

    fn has_room(&mut self, held: u64) -> bool {
        let Some(lease) = &mut self.lease else {
            self.lease = self.budget.try_acquire(held);
            return self.lease.is_some();
        };
        held <= lease.bytes() || lease.try_grow(held - lease.bytes())
    }
}

fn is_documentation(path: &str) -> bool {
    const TREES: [&str; 7] = [
        "usr/share/doc/",
        "usr/share/man/",
        "usr/share/info/",
        "usr/share/locale/",
        "usr/share/zoneinfo/",
        "usr/share/icons/",
        "usr/share/i18n/",
    ];
    TREES.iter().any(|tree| path.starts_with(tree))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_without_documentation() {
        let mut writer = OwnedFilesWriter::new(Budget::new(1 << 20));
        writer.owner("var/lib/dpkg/status", "bash");
        writer.path("/bin/bash");
        writer.path("/usr/share/doc/bash/README");
        writer.owner("var/lib/dpkg/status", "libc6:amd64");
        writer.path("/lib/ld.so");
        let stored = writer.finish();
        let found: Vec<_> = OwnedFiles::new(&stored)
            .unwrap()
            .map(|file| file.map(|file| (file.package, file.path)).unwrap())
            .collect();
        assert_eq!(
            found,
            [
                ("bash".into(), "bin/bash".into()),
                ("libc6:amd64".into(), "lib/ld.so".into())
            ]
        );
    }

    #[test]
    fn no_owned_files_take_no_bytes() {
        let writer = OwnedFilesWriter::new(Budget::new(0));
        assert!(writer.finish().is_empty());
        assert_eq!(OwnedFiles::new(&[]).unwrap().count(), 0);
    }

    #[test]
    fn a_list_that_the_budget_has_no_room_for_ends() {
        let mut writer = OwnedFilesWriter::new(Budget::new(64 << 10));
        writer.owner("var/lib/dpkg/status", "bash");
        let mut state = 1_u64;
        for _ in 0..100_000 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            writer.path(&format!("usr/lib/{state:x}"));
        }
        let stored = writer.finish();
        assert!(stored.len() < 512 << 10, "{}", stored.len());
        assert!(OwnedFiles::new(&stored).unwrap().all(|file| file.is_ok()));
    }
}
