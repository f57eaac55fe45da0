//! Folders of this machine as documents: archives of tar ("ustar", POSIX 1003.1) with the JSON files
//! in them and in the folders below, by path.
//!
//! Names that begin with a dot are passed by, and links are followed to files but not to folders:
//! this is how Kubernetes lays out the files of a volume. The archive says nothing of owners and
//! times, so that the same content is the same document.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use limpid_types::{Algorithm, Hasher};

use crate::{Document, FetchFault, Fetched, Fingerprint};

/// How many files a folder may have.
const MAX_FILES: usize = 200_000;

/// How deep folders are looked into.
const MAX_DEPTH: usize = 16;

const BLOCK_LENGTH: usize = 512;

/// Where the parts of a name are in a header, and how long they may be.
const NAME: std::ops::Range<usize> = 0..100;
const PREFIX: std::ops::Range<usize> = 345..500;

/// Packs a folder into a file without a name.
pub(crate) fn fetch(folder: &Path, max_bytes: u64, spool: &Path) -> Result<Fetched, FetchFault> {
    let mut archive = Archive {
        file: tempfile::tempfile_in(spool).map_err(FetchFault::Spool)?,
        hasher: Hasher::new(Algorithm::Sha256),
        bytes: 0,
        max_bytes,
    };
    for path in files(folder)? {
        archive.add(folder, &path)?;
    }
    archive.write(&[0; 2 * BLOCK_LENGTH])?;
    let mut file = archive.file;
    file.seek(SeekFrom::Start(0)).map_err(FetchFault::Spool)?;
    Ok(Fetched::Document(Document {
        file,
        bytes: archive.bytes,
        fingerprint: Fingerprint {
            etag: None,
            last_modified: None,
            digest: archive.hasher.finish(),
        },
    }))
}

/// Finds the files, sorted by path.
fn files(folder: &Path) -> Result<Vec<PathBuf>, FetchFault> {
    let mut files = Vec::new();
    let mut folders = vec![(folder.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(FetchFault::Mirror)? {
            let entry = entry.map_err(FetchFault::Mirror)?;
            let (name, path) = (entry.file_name(), entry.path());
            if name.as_bytes().starts_with(b".") {
                continue;
            }
            if entry.file_type().map_err(FetchFault::Mirror)?.is_dir() {
                if depth < MAX_DEPTH {
                    folders.push((path, depth + 1));
                }
                continue;
            }
            let is_json = name.to_ascii_lowercase().as_bytes().ends_with(b".json");
            if !is_json || !path.is_file() {
                continue;
            }
            if files.len() == MAX_FILES {
                return Err(FetchFault::TooManyFiles { limit: MAX_FILES });
            }
            files.push(path);
        }
    }
    files.sort_unstable();
    Ok(files)
}

/// An archive that is being written.
struct Archive {
    file: File,
    hasher: Hasher,
    bytes: u64,
    max_bytes: u64,
}

impl Archive {
    /// Adds a file. One that becomes shorter meanwhile is filled up with zeros, and is read again
    /// in the next run, because it is another document then.
    fn add(&mut self, folder: &Path, path: &Path) -> Result<(), FetchFault> {
        let file = File::open(path).map_err(FetchFault::Mirror)?;
        let size = file.metadata().map_err(FetchFault::Mirror)?.len();
        if size > self.max_bytes {
            return Err(FetchFault::TooLarge {
                limit: self.max_bytes,
            });
        }
        let name = path.strip_prefix(folder).unwrap_or(path);
        self.write(&header(name.as_os_str().as_bytes(), size))?;
        let padded = size.next_multiple_of(BLOCK_LENGTH as u64);
        let mut content = file.take(size).chain(io::repeat(0)).take(padded);
        let mut buffer = vec![0; 64 << 10];
        loop {
            let count = content.read(&mut buffer).map_err(FetchFault::Mirror)?;
            match buffer.get(..count) {
                Some(chunk) if !chunk.is_empty() => self.write(chunk)?,
                _ => return Ok(()),
            }
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), FetchFault> {
        self.bytes += bytes.len() as u64;
        if self.bytes > self.max_bytes {
            return Err(FetchFault::TooLarge {
                limit: self.max_bytes,
            });
        }
        self.hasher.update(bytes);
        self.file.write_all(bytes).map_err(FetchFault::Spool)
    }
}

/// Writes a header. Of a name that does not fit, the end stays.
fn header(name: &[u8], size: u64) -> [u8; BLOCK_LENGTH] {
    let mut header = [0; BLOCK_LENGTH];
    let slashes = (0..name.len()).filter(|&at| name[at] == b'/');
    let split = slashes
        .map(|at| (&name[..at], &name[at + 1..]))
        .find(|(prefix, rest)| prefix.len() <= PREFIX.len() && rest.len() <= NAME.len());
    let (prefix, name) = match split {
        Some(split) if name.len() > NAME.len() => split,
        _ => (&[][..], &name[name.len().saturating_sub(NAME.len())..]),
    };
    let mut put = |at: usize, bytes: &[u8]| header[at..at + bytes.len()].copy_from_slice(bytes);
    put(NAME.start, name);
    put(PREFIX.start, prefix);
    put(100, b"0000644\0");
    put(124, format!("{size:011o} ").as_bytes());
    put(148, b"        0");
    put(257, b"ustar\x0000");
    let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    header
}
