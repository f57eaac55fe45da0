use std::fs::{File, Permissions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use limpid_types::{Algorithm, Digest, Hasher};
use tempfile::NamedTempFile;
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use crate::Error;
use crate::format::{ENTRY_BYTES, MAGIC, MAJOR, MINOR, Section};
use crate::leftovers::PARTIAL_SUFFIX;

/// Size of the buffer in front of the file.
const BUFFER_BYTES: usize = 256 * 1024;

/// Writes a snapshot from its beginning to its end, with all checksums.
pub(crate) struct FileWriter {
    file: NamedTempFile,
    buffer: Vec<u8>,
    digest: Hasher,
    checksum: Box<Xxh3>,
    position: u64,
    section_start: u64,
    table: Vec<u8>,
    entries: u32,
}

impl FileWriter {
    /// Makes the file, under a name that marks it as incomplete, and writes the header.
    pub(crate) fn new(directory: &Path) -> Result<Self, Error> {
        let file = tempfile::Builder::new()
            .prefix("snapshot-")
            .suffix(PARTIAL_SUFFIX)
            .permissions(Permissions::from_mode(0o644))
            .tempfile_in(directory)
            .map_err(Error::io("make a file", directory))?;
        let mut writer = Self {
            file,
            buffer: Vec::with_capacity(BUFFER_BYTES),
            digest: Hasher::new(Algorithm::Sha256),
            checksum: Box::new(Xxh3::new()),
            position: 0,
            section_start: 0,
            table: Vec::new(),
            entries: 0,
        };
        writer.write(&header())?;
        writer.begin()?;
        Ok(writer)
    }

    /// Appends to the current section.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.position += bytes.len() as u64;
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= BUFFER_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    /// Returns how long the current section is.
    pub(crate) fn section_length(&self) -> u64 {
        self.position - self.section_start
    }

    /// Ends the current section and begins the next.
    pub(crate) fn end_section(&mut self, section: Section) -> Result<(), Error> {
        self.flush()?;
        self.table.extend_from_slice(&section.kind().to_le_bytes());
        self.table.extend_from_slice(&[0; 4]);
        for number in [
            self.section_start,
            self.section_length(),
            self.checksum.digest(),
        ] {
            self.table.extend_from_slice(&number.to_le_bytes());
        }
        self.entries += 1;
        self.begin()
    }

    /// Writes a whole section.
    pub(crate) fn section(&mut self, section: Section, bytes: &[u8]) -> Result<(), Error> {
        self.write(bytes)?;
        self.end_section(section)
    }

    /// Writes the section table, makes the file durable and gives it its name. Returns the
    /// digest, the path and the size.
    pub(crate) fn finish(mut self, directory: &Path) -> Result<(Digest, PathBuf, u64), Error> {
        let mut covered = header().to_vec();
        let mut tail = std::mem::take(&mut self.table);
        tail.extend_from_slice(&self.entries.to_le_bytes());
        tail.extend_from_slice(&u32::try_from(ENTRY_BYTES).unwrap_or_default().to_le_bytes());
        covered.extend_from_slice(&tail);
        tail.extend_from_slice(&xxh3_64(&covered).to_le_bytes());
        tail.extend_from_slice(&MAGIC);
        self.write(&tail)?;
        self.flush()?;
        self.file
            .as_file()
            .sync_all()
            .map_err(Error::io("write to disk", self.file.path()))?;
        let digest = self.digest.finish();
        let path = directory.join(format!("{}.{}", digest.hex(), crate::format::EXTENSION));
        persist(self.file, &path)?;
        File::open(directory)
            .and_then(|directory| directory.sync_all())
            .map_err(Error::io("write to disk", directory))?;
        Ok((digest, path, self.position))
    }

    fn begin(&mut self) -> Result<(), Error> {
        self.flush()?;
        self.section_start = self.position;
        self.checksum.reset();
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Error> {
        self.digest.update(&self.buffer);
        self.checksum.update(&self.buffer);
        let path = self.file.path().to_owned();
        self.file
            .as_file_mut()
            .write_all(&self.buffer)
            .map_err(Error::io("write", &path))?;
        self.buffer.clear();
        Ok(())
    }
}

fn header() -> [u8; 16] {
    let mut header = [0; 16];
    let (magic, rest) = header.split_at_mut(8);
    magic.copy_from_slice(&MAGIC);
    let (major, rest) = rest.split_at_mut(2);
    major.copy_from_slice(&MAJOR.to_le_bytes());
    let (minor, _) = rest.split_at_mut(2);
    minor.copy_from_slice(&MINOR.to_le_bytes());
    header
}

/// Gives the finished file its name.
///
/// The name is the digest of the content, so a file that is there already is the same or damaged.
/// Either way the new one takes its place, under the feet of nobody: readers keep what they mapped.
fn persist(file: NamedTempFile, path: &Path) -> Result<(), Error> {
    file.persist(path)
        .map(drop)
        .map_err(|error| Error::io("rename to", path)(error.error))
}

/// A list of numbers in a temporary file: the directory of a section that is being written.
pub(crate) struct OffsetList {
    file: File,
    buffer: Vec<u8>,
    directory: PathBuf,
}

impl OffsetList {
    pub(crate) fn new(directory: &Path) -> Result<Self, Error> {
        let file = tempfile::tempfile_in(directory)
            .map_err(Error::io("make a temporary file", directory))?;
        Ok(Self {
            file,
            buffer: Vec::new(),
            directory: directory.to_owned(),
        })
    }

    pub(crate) fn push(&mut self, offset: u64) -> Result<(), Error> {
        self.buffer.extend_from_slice(&offset.to_le_bytes());
        if self.buffer.len() >= BUFFER_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    /// Writes the list as a section.
    pub(crate) fn finish(mut self, writer: &mut FileWriter, section: Section) -> Result<(), Error> {
        self.flush()?;
        self.file
            .seek(SeekFrom::Start(0))
            .map_err(Error::io("read a temporary file", &self.directory))?;
        self.buffer.resize(BUFFER_BYTES, 0);
        loop {
            let read = match self.file.read(&mut self.buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read.map_err(Error::io("read a temporary file", &self.directory))?,
            };
            if read == 0 {
                return writer.end_section(section);
            }
            writer.write(self.buffer.get(..read).unwrap_or_default())?;
        }
    }

    fn flush(&mut self) -> Result<(), Error> {
        self.file
            .write_all(&self.buffer)
            .map_err(Error::io("write a temporary file", &self.directory))?;
        self.buffer.clear();
        Ok(())
    }
}
