use std::path::Path;
use std::sync::{Mutex, PoisonError};

use limpid_types::Details;
use zstd::bulk::{Compressor, Decompressor};

use crate::codec::Cursor;
use crate::file_writer::{FileWriter, OffsetList};
use crate::format::{MAX_TEXT_BYTES, Section, checksum_at};
use crate::index::directory_entry;
use crate::{Error, details};

/// Level of compression: higher ones take much more time for a few per cent.
const LEVEL: i32 = 1;
/// How many unused decompressors are kept; each takes some hundred kilobytes.
const POOL: usize = 8;

/// Writes the section of texts.
pub(crate) struct TextWriter {
    compressor: Compressor<'static>,
    packed: Vec<u8>,
    texts: u64,
    directory: OffsetList,
}

impl TextWriter {
    pub(crate) fn new(spool: &Path, dictionary: &[u8]) -> Result<Self, Error> {
        let compressor = Compressor::with_dictionary(LEVEL, dictionary)
            .map_err(Error::io("prepare compression in", spool))?;
        let mut directory = OffsetList::new(spool)?;
        directory.push(0)?;
        Ok(Self {
            compressor,
            packed: Vec::new(),
            texts: 0,
            directory,
        })
    }

    /// Writes an encoded text; returns its number.
    pub(crate) fn write(&mut self, writer: &mut FileWriter, text: &[u8]) -> Result<u64, Error> {
        let number = self.texts;
        self.texts += 1;
        self.packed.clear();
        self.packed
            .reserve(zstd::zstd_safe::compress_bound(text.len()));
        self.compressor
            .compress_to_buffer(text, &mut self.packed)
            .map_err(Error::io("compress texts for", Path::new("snapshot")))?;
        let raw_size = u32::try_from(text.len()).unwrap_or(u32::MAX);
        let mut content = raw_size.to_le_bytes().to_vec();
        content.extend_from_slice(&self.packed);
        writer.write(&checksum_at(number, &content).to_le_bytes())?;
        writer.write(&content)?;
        self.directory.push(writer.section_length())?;
        Ok(number)
    }

    /// Ends the section and writes its directory; returns how many texts there are.
    pub(crate) fn finish(self, writer: &mut FileWriter) -> Result<u64, Error> {
        writer.end_section(Section::Texts)?;
        self.directory.finish(writer, Section::TextDirectory)?;
        Ok(self.texts)
    }
}

/// Reads the section of texts.
#[derive(Clone, Copy)]
pub(crate) struct Texts<'a> {
    pub(crate) content: &'a [u8],
    pub(crate) directory: &'a [[u8; 8]],
    pub(crate) pool: &'a DecompressorPool,
}

impl Texts<'_> {
    /// Returns how many texts there are.
    pub(crate) fn count(&self) -> u64 {
        (self.directory.len() as u64).saturating_sub(1)
    }

    /// Reads one text.
    pub(crate) fn read(&self, number: u64) -> Result<Details, Error> {
        let raw = self.unpack(number)?;
        details::decode(&mut Cursor::new(
            &raw,
            Section::Texts,
            self.packed(number)?.0,
        ))
    }

    /// Reads one text as it was encoded.
    pub(crate) fn unpack(&self, number: u64) -> Result<Vec<u8>, Error> {
        let (offset, text) = self.packed(number)?;
        let mut cursor = Cursor::new(text, Section::Texts, offset);
        let checksum = cursor.u32()?;
        if checksum != checksum_at(number, cursor.rest()) {
            return Err(cursor.corrupt("checksum of a text does not match"));
        }
        let raw_size = cursor.u32()? as usize;
        if raw_size > MAX_TEXT_BYTES {
            return Err(cursor.corrupt("text is larger than allowed"));
        }
        self.pool
            .unpack(cursor.rest(), raw_size)
            .ok_or_else(|| cursor.corrupt("text cannot be unpacked"))
    }

    /// Returns the packed bytes of a text and their place.
    fn packed(&self, number: u64) -> Result<(u64, &[u8]), Error> {
        directory_entry(self.directory, self.content, number, Section::TextDirectory)
    }
}

/// Decompressors with the dictionary loaded, which takes longer than unpacking a text.
pub(crate) struct DecompressorPool {
    dictionary: Vec<u8>,
    unused: Mutex<Vec<Decompressor<'static>>>,
}

impl DecompressorPool {
    pub(crate) fn new(dictionary: &[u8]) -> Self {
        Self {
            dictionary: dictionary.to_vec(),
            unused: Mutex::new(Vec::new()),
        }
    }

    fn unpack(&self, packed: &[u8], raw_size: usize) -> Option<Vec<u8>> {
        let unused = self.lock().pop();
        let mut decompressor = match unused {
            Some(decompressor) => decompressor,
            None => Decompressor::with_dictionary(&self.dictionary).ok()?,
        };
        let mut raw = Vec::with_capacity(raw_size);
        let written = decompressor.decompress_to_buffer(packed, &mut raw);
        let mut unused = self.lock();
        if unused.len() < POOL {
            unused.push(decompressor);
        }
        written
            .is_ok_and(|written| written == raw_size)
            .then_some(raw)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Decompressor<'static>>> {
        self.unused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
