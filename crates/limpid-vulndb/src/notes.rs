use std::cmp::Ordering;
use std::collections::BTreeSet;

use crate::codec::Cursor;
use crate::format::{Section, checksum_at};
use crate::index::directory_entry;
use crate::{Error, Snapshot};

/// The table of namespaces that the source does not speak of any more. Their records are the last
/// ones it had; the value is when it last had them, RFC 3339 in UTC.
pub const FROZEN_NOTES: &str = "frozen";

/// The sections of notes.
#[derive(Clone, Copy)]
pub(crate) struct NoteBlocks<'a> {
    pub(crate) blocks: &'a [u8],
    pub(crate) directory: &'a [[u8; 8]],
}

/// A note as it stands in the file.
struct Note<'a> {
    table: String,
    key: String,
    value: &'a str,
}

impl Note<'_> {
    fn compare(&self, table: &str, key: &str) -> Ordering {
        (self.table.as_str(), self.key.as_str()).cmp(&(table, key))
    }
}

impl Snapshot {
    /// Finds what a table of notes says of a key.
    pub fn note(&self, table: &str, key: &str) -> Result<Option<&str>, Error> {
        let blocks = self.note_blocks();
        let mut block = Block::at(blocks, blocks.start(table, key)?)?;
        while let Some(note) = block.next()? {
            match note.compare(table, key) {
                Ordering::Less => {}
                Ordering::Equal => return Ok(Some(note.value)),
                Ordering::Greater => break,
            }
        }
        Ok(None)
    }

    /// Returns the names of all tables of notes.
    pub fn note_tables(&self) -> Result<BTreeSet<String>, Error> {
        let blocks = self.note_blocks();
        let mut tables = BTreeSet::new();
        for number in 0..blocks.count() {
            let mut block = Block::at(blocks, number)?;
            while let Some(note) = block.next()? {
                if !tables.contains(&note.table) {
                    tables.insert(note.table);
                }
            }
        }
        Ok(tables)
    }

    /// Goes through a table of notes, by key.
    pub fn notes<'a>(&'a self, table: &str) -> Notes<'a> {
        Notes {
            blocks: self.note_blocks(),
            table: table.to_owned(),
            state: State::Unread,
        }
    }
}

impl NoteBlocks<'_> {
    fn count(&self) -> u64 {
        (self.directory.len() as u64).saturating_sub(1)
    }

    /// Returns the number of the only block that can have a note, or where a table begins.
    fn start(&self, table: &str, key: &str) -> Result<u64, Error> {
        let (mut first, mut after) = (0, self.count());
        // The first note of block `first` is not behind the wanted one, unless it is the first of
        // all; that of block `after` is.
        while after - first > 1 {
            let middle = first + (after - first) / 2;
            let mut block = Block::at(*self, middle)?;
            let note = block
                .next()?
                .ok_or_else(|| block.rest.corrupt("empty block of notes"))?;
            if note.compare(table, key) == Ordering::Greater {
                after = middle;
            } else {
                first = middle;
            }
        }
        Ok(first)
    }

    /// Checks every block; returns how many notes there are.
    pub(crate) fn verify(&self) -> Result<u64, Error> {
        let mut notes = 0;
        let mut last: Option<(String, String)> = None;
        for number in 0..self.count() {
            let mut block = Block::at(*self, number)?;
            if block.rest.is_empty() {
                return Err(block.rest.corrupt("empty block of notes"));
            }
            while let Some(note) = block.next()? {
                if let Some((table, key)) = &last
                    && note.compare(table, key) != Ordering::Greater
                {
                    return Err(block.rest.corrupt("notes are not in order"));
                }
                notes += 1;
                last = Some((note.table, note.key));
            }
        }
        Ok(notes)
    }
}

/// A block of notes that is being read, whose checksum was found right.
struct Block<'a> {
    rest: Cursor<'a>,
    table: String,
    key: String,
}

impl<'a> Block<'a> {
    /// Opens a block; one after the last has no notes.
    fn at(blocks: NoteBlocks<'a>, number: u64) -> Result<Self, Error> {
        let mut rest = Cursor::new(&[], Section::Notes, 0);
        if number < blocks.count() {
            let (offset, bytes) = directory_entry(
                blocks.directory,
                blocks.blocks,
                number,
                Section::NoteDirectory,
            )?;
            rest = Cursor::new(bytes, Section::Notes, offset);
            let checksum = rest.u32()?;
            if checksum != checksum_at(number, rest.rest()) {
                return Err(rest.corrupt("checksum of a block of notes does not match"));
            }
        }
        Ok(Self {
            rest,
            table: String::new(),
            key: String::new(),
        })
    }

    fn next(&mut self) -> Result<Option<Note<'a>>, Error> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        self.rest.delta(&mut self.table)?;
        self.rest.delta(&mut self.key)?;
        Ok(Some(Note {
            table: self.table.clone(),
            key: self.key.clone(),
            value: self.rest.text()?,
        }))
    }
}

/// The notes of one table as key and value, by key. After an error there are no more.
pub struct Notes<'a> {
    blocks: NoteBlocks<'a>,
    table: String,
    state: State<'a>,
}

enum State<'a> {
    Unread,
    Reading {
        block: Block<'a>,
        /// Number of the next block.
        next: u64,
    },
    Ended,
}

impl<'a> Notes<'a> {
    fn read(&mut self) -> Result<Option<(String, &'a str)>, Error> {
        loop {
            match &mut self.state {
                State::Unread => self.open(self.blocks.start(&self.table, "")?)?,
                State::Reading { block, next } => match block.next()? {
                    Some(note) => match note.table.as_str().cmp(&self.table) {
                        Ordering::Less => {}
                        Ordering::Equal => return Ok(Some((note.key, note.value))),
                        Ordering::Greater => return Ok(None),
                    },
                    None if *next >= self.blocks.count() => return Ok(None),
                    None => {
                        let number = *next;
                        self.open(number)?;
                    }
                },
                State::Ended => return Ok(None),
            }
        }
    }

    fn open(&mut self, number: u64) -> Result<(), Error> {
        self.state = State::Reading {
            block: Block::at(self.blocks, number)?,
            next: number + 1,
        };
        Ok(())
    }
}

impl<'a> Iterator for Notes<'a> {
    type Item = Result<(String, &'a str), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.read().transpose();
        if !matches!(next, Some(Ok(_))) {
            self.state = State::Ended;
        }
        next
    }
}
