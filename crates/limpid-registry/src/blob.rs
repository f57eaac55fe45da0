use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::sync::Arc;

use limpid_types::Digest;

use crate::{SourceError, SourceLimits};

/// Bytes that can be opened any number of times, also at the same time.
#[derive(Clone, Debug)]
pub(crate) struct Blob {
    content: Content,
    size: u64,
}

#[derive(Clone, Debug)]
enum Content {
    /// A file of its own, opened when needed: an image may have more layers than a process may
    /// have open files.
    File(PathBuf),
    /// A piece of an archive that is open anyway.
    Slice {
        archive: PathBuf,
        file: Arc<File>,
        offset: u64,
    },
}

impl Blob {
    pub(crate) fn file(path: PathBuf, size: u64) -> Self {
        Self {
            content: Content::File(path),
            size,
        }
    }

    pub(crate) fn slice(archive: PathBuf, file: Arc<File>, offset: u64, size: u64) -> Self {
        Self {
            content: Content::Slice {
                archive,
                file,
                offset,
            },
            size,
        }
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Opens the bytes for one pass. What is read is never more than [`Blob::size`].
    pub(crate) fn open(&self) -> Result<SliceReader, SourceError> {
        match &self.content {
            Content::Slice { file, offset, .. } => Ok(SliceReader {
                file: Arc::clone(file),
                position: *offset,
                end: offset.saturating_add(self.size),
            }),
            Content::File(path) => {
                let (file, found) = open_regular(path)?;
                if found != self.size {
                    return Err(SourceError::SizeMismatch {
                        name: path.display().to_string(),
                        expected: self.size,
                        found,
                    });
                }
                Ok(SliceReader {
                    file: Arc::new(file),
                    position: 0,
                    end: self.size,
                })
            }
        }
    }

    /// Reads at most so many bytes from the start.
    pub(crate) fn prefix(&self, length: u64) -> Result<Vec<u8>, SourceError> {
        let mut bytes = Vec::new();
        self.open()?
            .take(length)
            .read_to_end(&mut bytes)
            .map_err(|source| SourceError::Read {
                path: self.path().clone(),
                offset: 0,
                source,
            })?;
        Ok(bytes)
    }

    /// Reads a document whole, if it is small enough and, where a digest is known, the right one.
    pub(crate) fn read_document(
        &self,
        name: &str,
        digest: Option<&Digest>,
        limits: &SourceLimits,
    ) -> Result<Vec<u8>, SourceError> {
        if self.size > limits.document_bytes {
            return Err(SourceError::limit("bytes", limits.document_bytes, name));
        }
        let bytes = self.prefix(self.size)?;
        if let Some(expected) = digest {
            verify(name, &bytes, expected)?;
        }
        Ok(bytes)
    }

    fn path(&self) -> &PathBuf {
        match &self.content {
            Content::File(path) | Content::Slice { archive: path, .. } => path,
        }
    }
}

fn verify(name: &str, bytes: &[u8], expected: &Digest) -> Result<(), SourceError> {
    let mut hasher = limpid_types::Hasher::new(expected.algorithm());
    hasher.update(bytes);
    let found = hasher.finish();
    if found == *expected {
        return Ok(());
    }
    Err(SourceError::DigestMismatch {
        name: name.to_owned(),
        expected: expected.clone(),
        found,
    })
}

/// Opens a regular file and returns its size. A pipe or a device is refused before it is opened,
/// because opening one may block.
pub(crate) fn open_regular(path: &std::path::Path) -> Result<(File, u64), SourceError> {
    let refuse = |source| SourceError::open(path, source);
    let not_regular = || SourceError::FileType {
        path: path.to_owned(),
        expected: "regular file",
    };
    if !std::fs::metadata(path).map_err(refuse)?.is_file() {
        return Err(not_regular());
    }
    let file = File::open(path).map_err(refuse)?;
    let metadata = file.metadata().map_err(refuse)?;
    if !metadata.is_file() {
        return Err(not_regular());
    }
    Ok((file, metadata.len()))
}

/// Reads a piece of a file at its own position, so that readers of one file do not disturb each
/// other.
#[derive(Debug)]
pub(crate) struct SliceReader {
    file: Arc<File>,
    position: u64,
    end: u64,
}

impl SliceReader {
    /// Reads a whole open file from its start.
    pub(crate) fn whole(file: Arc<File>, size: u64) -> Self {
        Self {
            file,
            position: 0,
            end: size,
        }
    }

    /// Passes over bytes without reading them; tells whether there were so many.
    pub(crate) fn skip(&mut self, count: u64) -> bool {
        let left = self.end.saturating_sub(self.position);
        self.position = self.position.saturating_add(count.min(left));
        count <= left
    }
}

impl Read for SliceReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.end.saturating_sub(self.position);
        let length = usize::try_from(left).map_or(buffer.len(), |left| left.min(buffer.len()));
        let Some(buffer) = buffer.get_mut(..length).filter(|it| !it.is_empty()) else {
            return Ok(0);
        };
        let count = self.file.read_at(buffer, self.position)?;
        if count == 0 {
            // The file was cut short since its size was taken.
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.position += count as u64;
        Ok(count)
    }
}
