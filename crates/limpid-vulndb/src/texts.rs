use std::path::Path;
use std::sync::{Mutex, PoisonError};

use limpid_types::Details;
use zstd::bulk::{Compressor, Decompressor};

use crate::codec::{Cursor, put_bytes};
use crate::file_writer::{FileWriter, OffsetList};
use crate::format::{MAX_BLOCK_BYTES, Section, TEXTS_PER_BLOCK, checksum_at};
use crate::index::directory_entry;
use crate::{Error, details};

/// Level of compression: higher ones take much more time for a few per cent.
const LEVEL: i32 = 3;
/// How many unused decompressors are kept; each takes some hundred kilobytes.
const POOL: usize = 8;

/// Writes the section of texts.
pub(crate) struct TextWriter {
    compressor: Compressor<'static>,
    block: Vec<u8>,
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
            block: Vec::new(),
            packed: Vec::new(),
            texts: 0,
            directory,
        })
    }

    /// Writes an encoded text; returns its number.
    pub(crate) fn write(&mut self, writer: &mut FileWriter, text: &[u8]) -> Result<u64, Error> {
        put_bytes(&mut self.block, text);
        let number = self.texts;
        self.texts += 1;
        if self.texts.is_multiple_of(TEXTS_PER_BLOCK) {
            self.flush(writer)?;
        }
        Ok(number)
    }

    /// Ends the section and writes its directory; returns how many texts there are.
    pub(crate) fn finish(mut self, writer: &mut FileWriter) -> Result<u64, Error> {
        self.flush(writer)?;
        writer.end_section(Section::Texts)?;
        self.directory.finish(writer, Section::TextDirectory)?;
        Ok(self.texts)
    }

    fn flush(&mut self, writer: &mut FileWriter) -> Result<(), Error> {
        if self.block.is_empty() {
            return Ok(());
        }
        self.packed.clear();
        self.packed
            .reserve(zstd::zstd_safe::compress_bound(self.block.len()));
        self.compressor
            .compress_to_buffer(&self.block, &mut self.packed)
            .map_err(Error::io("compress texts for", Path::new("snapshot")))?;
        let raw_size = u32::try_from(self.block.len()).unwrap_or(u32::MAX);
        let mut content = raw_size.to_le_bytes().to_vec();
        content.extend_from_slice(&self.packed);
        let number = (self.texts - 1) / TEXTS_PER_BLOCK;
        writer.write(&checksum_at(number, &content).to_le_bytes())?;
        writer.write(&content)?;
        self.block.clear();
        self.directory.push(writer.section_length())
    }
}

/// Reads the section of texts.
#[derive(Clone, Copy)]
pub(crate) struct Texts<'a> {
    pub(crate) blocks: &'a [u8],
    pub(crate) directory: &'a [[u8; 8]],
    pub(crate) pool: &'a DecompressorPool,
}

impl Texts<'_> {
    /// Reads one text.
    pub(crate) fn read(&self, number: u64) -> Result<Details, Error> {
        let (offset, block) = self.block(number / TEXTS_PER_BLOCK)?;
        let mut cursor = Cursor::new(&block, Section::Texts, offset);
        for _ in 0..number % TEXTS_PER_BLOCK {
            cursor.bytes()?;
        }
        let length = cursor.varint()?;
        details::decode(&mut cursor.sub_cursor(length)?)
    }

    /// Reads all texts of a block; returns how many there are.
    pub(crate) fn check_block(&self, number: u64) -> Result<u64, Error> {
        let (offset, block) = self.block(number)?;
        let mut cursor = Cursor::new(&block, Section::Texts, offset);
        let mut texts = 0;
        while !cursor.is_empty() {
            let length = cursor.varint()?;
            details::decode(&mut cursor.sub_cursor(length)?)?;
            texts += 1;
        }
        Ok(texts)
    }

    /// Unpacks a block; returns its offset too.
    fn block(&self, number: u64) -> Result<(u64, Vec<u8>), Error> {
        let (offset, block) =
            directory_entry(self.directory, self.blocks, number, Section::TextDirectory)?;
        let mut cursor = Cursor::new(block, Section::Texts, offset);
        let checksum = cursor.u32()?;
        if checksum != checksum_at(number, cursor.rest()) {
            return Err(cursor.corrupt("checksum of a text block does not match"));
        }
        let raw_size = cursor.u32()? as usize;
        if raw_size > MAX_BLOCK_BYTES {
            return Err(cursor.corrupt("text block is larger than allowed"));
        }
        let raw = self
            .pool
            .unpack(cursor.rest(), raw_size)
            .ok_or_else(|| cursor.corrupt("text block cannot be unpacked"))?;
        Ok((offset, raw))
    }
}

/// Decompressors with the dictionary loaded, which takes longer than unpacking a block.
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
