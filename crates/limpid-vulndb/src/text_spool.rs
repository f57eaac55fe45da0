use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::xxh3_128;

use crate::Error;
use crate::dictionary::Samples;

/// Size of the buffer in front of the temporary file.
const BUFFER_BYTES: usize = 256 * 1024;

/// Keeps the texts in their final order, uncompressed, in a temporary file: the dictionary that
/// compression needs is learnt from all of them.
pub(crate) struct TextSpool {
    writer: BufWriter<File>,
    directory: PathBuf,
    samples: Samples,
    texts: u64,
}

/// Reads the texts again in the order in which they were kept.
pub(crate) struct SpooledTexts {
    reader: BufReader<File>,
    directory: PathBuf,
    left: u64,
    text: Vec<u8>,
}

impl TextSpool {
    pub(crate) fn new(directory: &Path) -> Result<Self, Error> {
        let file = tempfile::tempfile_in(directory)
            .map_err(Error::io("make a temporary file", directory))?;
        Ok(Self {
            writer: BufWriter::with_capacity(BUFFER_BYTES, file),
            directory: directory.to_owned(),
            samples: Samples::default(),
            texts: 0,
        })
    }

    /// Appends a text with the key that sorts it; returns its number.
    pub(crate) fn push(&mut self, key: &[u8], text: &[u8]) -> Result<u64, Error> {
        self.samples.offer(xxh3_128(key), text);
        let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
        self.writer
            .write_all(&length.to_le_bytes())
            .and_then(|()| self.writer.write_all(text))
            .map_err(Error::io("write a temporary file", &self.directory))?;
        self.texts += 1;
        Ok(self.texts - 1)
    }

    /// Ends the input; returns the dictionary and the texts.
    pub(crate) fn finish(self) -> Result<(Vec<u8>, SpooledTexts), Error> {
        let mut file = self.writer.into_inner().map_err(|error| {
            Error::io("write a temporary file", &self.directory)(error.into_error())
        })?;
        file.seek(SeekFrom::Start(0))
            .map_err(Error::io("read a temporary file", &self.directory))?;
        let texts = SpooledTexts {
            reader: BufReader::with_capacity(BUFFER_BYTES, file),
            directory: self.directory,
            left: self.texts,
            text: Vec::new(),
        };
        Ok((self.samples.train(), texts))
    }
}

impl SpooledTexts {
    /// Returns the next text.
    pub(crate) fn next(&mut self) -> Result<Option<&[u8]>, Error> {
        let Some(left) = self.left.checked_sub(1) else {
            return Ok(None);
        };
        self.left = left;
        let mut length = [0; 4];
        self.reader
            .read_exact(&mut length)
            .and_then(|()| {
                // The length is our own: it was the text's length when it was written.
                self.text.resize(u32::from_le_bytes(length) as usize, 0);
                self.reader.read_exact(&mut self.text)
            })
            .map_err(Error::io("read a temporary file", &self.directory))?;
        Ok(Some(&self.text))
    }
}
