use std::path::Path;

use crate::Error;
use crate::codec::{Cursor, put_bytes, put_delta, put_ordered};
use crate::error::excerpt;
use crate::file_writer::{FileWriter, OffsetList};
use crate::format::{MAX_NOTE_BYTES, NOTE_BLOCK_BYTES, Section, checksum_at};
use crate::sorter::Sorter;

/// Gathers notes in any order and writes their sections.
///
/// An item of the sorter is the ordered table, the ordered key and the value.
pub(crate) struct NoteWriter {
    sorter: Sorter,
    scratch: Vec<u8>,
}

impl NoteWriter {
    pub(crate) fn new(spool: &Path, memory_bytes: usize) -> Self {
        Self {
            sorter: Sorter::new(spool, memory_bytes),
            scratch: Vec::new(),
        }
    }

    /// Takes in a note.
    pub(crate) fn add(&mut self, table: &str, key: &str, value: &str) -> Result<(), Error> {
        let bytes = table.len() + key.len() + value.len();
        if bytes > MAX_NOTE_BYTES {
            return Err(Error::NoteTooLarge {
                key: excerpt(key),
                bytes,
                limit: MAX_NOTE_BYTES,
            });
        }
        self.scratch.clear();
        put_ordered(&mut self.scratch, table);
        put_ordered(&mut self.scratch, key);
        self.sorter.push(&[&self.scratch, value.as_bytes()])
    }

    /// Writes the section and its directory; returns how many notes there are. Of several notes
    /// with the same key the one with the least value is written.
    pub(crate) fn finish(self, writer: &mut FileWriter, spool: &Path) -> Result<u64, Error> {
        let mut blocks = Blocks::new(spool)?;
        let mut last: Option<(String, String)> = None;
        let mut notes = 0;
        let mut sorted = self.sorter.finish()?;
        while let Some(item) = sorted.next()? {
            let mut cursor = Cursor::new(item, Section::Spool, 0);
            let name = (cursor.ordered()?, cursor.ordered()?);
            if last.as_ref() == Some(&name) {
                continue;
            }
            blocks.write(writer, &name.0, &name.1, cursor.rest())?;
            notes += 1;
            last = Some(name);
        }
        blocks.finish(writer)?;
        Ok(notes)
    }
}

/// Writes notes in order.
struct Blocks {
    directory: OffsetList,
    closed: u64,
    content: Vec<u8>,
    /// Table and key of the note before, in the same block.
    previous: (String, String),
}

impl Blocks {
    fn new(spool: &Path) -> Result<Self, Error> {
        let mut directory = OffsetList::new(spool)?;
        directory.push(0)?;
        Ok(Self {
            directory,
            closed: 0,
            content: Vec::new(),
            previous: Default::default(),
        })
    }

    fn write(
        &mut self,
        writer: &mut FileWriter,
        table: &str,
        key: &str,
        value: &[u8],
    ) -> Result<(), Error> {
        put_delta(&mut self.content, &mut self.previous.0, table);
        put_delta(&mut self.content, &mut self.previous.1, key);
        put_bytes(&mut self.content, value);
        if self.content.len() >= NOTE_BLOCK_BYTES {
            self.close(writer)?;
        }
        Ok(())
    }

    fn close(&mut self, writer: &mut FileWriter) -> Result<(), Error> {
        writer.write(&checksum_at(self.closed, &self.content).to_le_bytes())?;
        writer.write(&self.content)?;
        self.closed += 1;
        self.content.clear();
        self.previous = Default::default();
        self.directory.push(writer.section_length())
    }

    fn finish(mut self, writer: &mut FileWriter) -> Result<(), Error> {
        if !self.content.is_empty() {
            self.close(writer)?;
        }
        writer.end_section(Section::Notes)?;
        self.directory.finish(writer, Section::NoteDirectory)
    }
}
