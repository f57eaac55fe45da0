//! Archives of many small documents, zip or tar, told apart by their first bytes.

use std::io::{Read, Seek, SeekFrom};

use zip::ZipArchive;

use crate::run::TOO_LARGE;
use crate::tar::TarReader;
use crate::{DocumentFault, FeedError, Limits, ReadSeek};

/// How much of a document that is no archive is quoted.
const QUOTED_BYTES: u64 = 40;

/// What every archive of zip begins with; one without entries, too.
const ZIP_MAGIC: &[u8] = b"PK";

/// A file of an archive.
pub(crate) struct ArchiveEntry<'a> {
    /// Its number, by which [`ZipReader::entry`] reads it once more; tar has none.
    pub(crate) index: usize,
    /// Its name.
    pub(crate) name: String,
    /// What is in it, or why that cannot be said.
    pub(crate) content: Result<&'a [u8], String>,
}

/// An archive of either form that is being read.
pub(crate) enum ArchiveReader {
    Zip(ZipReader),
    Tar(TarReader),
}

impl ArchiveReader {
    /// Begins to read a document.
    pub(crate) fn open(
        url: &str,
        mut input: Box<dyn ReadSeek>,
        limits: &Limits,
    ) -> Result<Self, FeedError> {
        if begin(url, &mut input)?.starts_with(ZIP_MAGIC) {
            ZipReader::open(url, input, limits).map(Self::Zip)
        } else {
            TarReader::open(url, input, limits).map(Self::Tar)
        }
    }

    /// Reads the next file; none at the end.
    pub(crate) fn next_entry(&mut self) -> Result<Option<ArchiveEntry<'_>>, FeedError> {
        match self {
            Self::Zip(archive) => archive.next_entry(),
            Self::Tar(archive) => Ok(archive.next_member()?.map(|member| ArchiveEntry {
                index: 0,
                name: member.name,
                content: member.content.ok_or_else(|| TOO_LARGE.to_owned()),
            })),
        }
    }
}

/// An archive of zip that is being read, an entry at a time. Its directory is the one thing that is
/// held whole.
pub(crate) struct ZipReader {
    url: String,
    archive: ZipArchive<Box<dyn ReadSeek>>,
    limits: Limits,
    next: usize,
    unpacked: u64,
    content: Vec<u8>,
}

impl ZipReader {
    /// Begins to read a document.
    pub(crate) fn open(
        url: &str,
        mut input: Box<dyn ReadSeek>,
        limits: &Limits,
    ) -> Result<Self, FeedError> {
        let fail = |fault| FeedError::document(url, fault);
        let begins = begin(url, &mut input)?;
        if !begins.starts_with(ZIP_MAGIC) {
            return Err(fail(DocumentFault::WrongFormat {
                expected: "a zip archive",
                begins: String::from_utf8_lossy(&begins).into_owned(),
            }));
        }
        let archive =
            ZipArchive::new(input).map_err(|error| fail(DocumentFault::Archive(error)))?;
        if archive.len() > limits.archive_entries {
            return Err(fail(DocumentFault::OverLimit {
                what: "entries",
                limit: limits.archive_entries as u64,
            }));
        }
        Ok(Self {
            url: url.to_owned(),
            archive,
            limits: limits.clone(),
            next: 0,
            unpacked: 0,
            content: Vec::new(),
        })
    }

    /// Reads the next file; none at the end.
    pub(crate) fn next_entry(&mut self) -> Result<Option<ArchiveEntry<'_>>, FeedError> {
        while self.next < self.archive.len() {
            let index = self.next;
            self.next += 1;
            let outcome = self.unpack(index);
            if !matches!(outcome, Ok(None)) {
                return self.found(index, outcome);
            }
        }
        Ok(None)
    }

    /// Reads a file once more; none when there is no such file.
    pub(crate) fn entry(&mut self, index: usize) -> Result<Option<ArchiveEntry<'_>>, FeedError> {
        let outcome = self.unpack(index);
        self.found(index, outcome)
    }

    fn found(
        &mut self,
        index: usize,
        outcome: Result<Option<String>, (String, String)>,
    ) -> Result<Option<ArchiveEntry<'_>>, FeedError> {
        self.unpacked += self.content.len() as u64;
        if self.unpacked > self.limits.unpacked_bytes {
            let fault = DocumentFault::OverLimit {
                what: "unpacked bytes",
                limit: self.limits.unpacked_bytes,
            };
            return Err(FeedError::document(&self.url, fault));
        }
        let (name, content) = match outcome {
            Ok(None) => return Ok(None),
            Ok(Some(name)) => (name, Ok(&*self.content)),
            Err((name, reason)) => (name, Err(reason)),
        };
        Ok(Some(ArchiveEntry {
            index,
            name,
            content,
        }))
    }

    /// Unpacks an entry and returns its name; none when it is no file. One that cannot be unpacked
    /// gives its name and the reason.
    fn unpack(&mut self, index: usize) -> Result<Option<String>, (String, String)> {
        self.content.clear();
        let entry = self
            .archive
            .by_index(index)
            .map_err(|error| (format!("entry {index}"), error.to_string()))?;
        if !entry.is_file() {
            return Ok(None);
        }
        let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
        // What the entry says of its size is not believed: one byte more than allowed is enough to
        // know.
        let limit = self.limits.record_bytes;
        match entry.take(limit as u64 + 1).read_to_end(&mut self.content) {
            Ok(_) if self.content.len() > limit => Err((name, TOO_LARGE.to_owned())),
            Ok(_) => Ok(Some(name)),
            Err(error) => Err((name, format!("cannot unpack: {error}"))),
        }
    }
}

/// Returns the first bytes of a document, and goes back to its beginning.
fn begin(url: &str, input: &mut Box<dyn ReadSeek>) -> Result<Vec<u8>, FeedError> {
    let mut begins = Vec::new();
    input
        .take(QUOTED_BYTES)
        .read_to_end(&mut begins)
        .and_then(|_| input.seek(SeekFrom::Start(0)))
        .map_err(|source| {
            FeedError::document(url, DocumentFault::Unreadable { offset: 0, source })
        })?;
    Ok(begins)
}

/// Tells whether a name is that of a document of JSON.
pub(crate) fn is_json(name: &str) -> bool {
    name.to_ascii_lowercase().ends_with(".json")
}
