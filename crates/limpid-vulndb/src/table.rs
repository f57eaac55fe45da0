use std::collections::HashMap;

use crate::Error;
use crate::codec::{Cursor, put_bytes, put_varint};
use crate::format::Section;

/// The most entries of a table.
const MAX_ENTRIES: usize = 65_536;
/// The most bytes of all entries, so that a table is small enough to be checked on opening.
const MAX_TABLE_BYTES: usize = 512 * 1024;

/// Gives numbers to values that many records share.
#[derive(Default)]
pub(crate) struct TableBuilder {
    numbers: HashMap<Box<[u8]>, u64>,
    ends: Vec<u32>,
    entries: Vec<u8>,
}

impl TableBuilder {
    /// Appends a reference to a value: its number, or 0 and the value when the table is full.
    pub(crate) fn put(&mut self, out: &mut Vec<u8>, value: &[u8]) {
        let number = self.numbers.get(value).copied().or_else(|| self.add(value));
        put_varint(out, number.unwrap_or(0));
        if number.is_none() {
            put_bytes(out, value);
        }
    }

    /// Returns the content of the section.
    pub(crate) fn finish(self) -> Vec<u8> {
        let count = u32::try_from(self.ends.len()).unwrap_or_default();
        let mut out = count.to_le_bytes().to_vec();
        for end in std::iter::once(0).chain(self.ends) {
            out.extend_from_slice(&end.to_le_bytes());
        }
        out.extend_from_slice(&self.entries);
        out
    }

    fn add(&mut self, value: &[u8]) -> Option<u64> {
        let bytes = self.entries.len() + value.len();
        if self.ends.len() >= MAX_ENTRIES || bytes > MAX_TABLE_BYTES {
            return None;
        }
        self.entries.extend_from_slice(value);
        self.ends.push(u32::try_from(bytes).ok()?);
        let number = self.ends.len() as u64;
        self.numbers.insert(value.into(), number);
        Some(number)
    }
}

/// Reads the values that [`TableBuilder`] gave numbers to.
#[derive(Clone, Copy)]
pub(crate) struct Table<'a> {
    section: Section,
    offsets: &'a [[u8; 4]],
    entries: &'a [u8],
}

impl<'a> Table<'a> {
    pub(crate) fn new(section: Section, bytes: &'a [u8]) -> Result<Self, Error> {
        let mut cursor = Cursor::new(bytes, section, 0);
        let count = u64::from(cursor.u32()?);
        let (offsets, _) = cursor.take((count + 1) * 4)?.as_chunks();
        Ok(Self {
            section,
            offsets,
            entries: cursor.rest(),
        })
    }

    /// Reads a reference and returns the bytes of the value that it stands for.
    pub(crate) fn value(&self, cursor: &mut Cursor<'a>) -> Result<&'a [u8], Error> {
        let number = cursor.varint()?;
        if number == 0 {
            return cursor.bytes();
        }
        let entry = self.entry(number);
        Ok(entry.ok_or_else(|| missing(cursor))?.rest())
    }

    /// Returns the entry with a number, counted from 1.
    fn entry(&self, number: u64) -> Option<Cursor<'a>> {
        let last = usize::try_from(number).ok()?;
        let offset = |index: usize| Some(u32::from_le_bytes(*self.offsets.get(index)?));
        let (start, end) = (offset(last.checked_sub(1)?)?, offset(last)?);
        let bytes = self.entries.get(start as usize..end as usize)?;
        let before = (self.offsets.len() as u64 + 1) * 4;
        Some(Cursor::new(bytes, self.section, before + u64::from(start)))
    }
}

fn missing(cursor: &Cursor<'_>) -> Error {
    cursor.corrupt("reference to a missing table entry")
}

/// Reads references to the entries of a table, and remembers the last entry: records of one
/// package mostly refer to the same.
pub(crate) struct TableReader<'a, T> {
    table: Table<'a>,
    decode: fn(Cursor<'a>) -> Result<T, Error>,
    last: Option<(u64, T)>,
}

impl<'a, T: Clone> TableReader<'a, T> {
    pub(crate) fn new(table: Table<'a>, decode: fn(Cursor<'a>) -> Result<T, Error>) -> Self {
        Self {
            table,
            decode,
            last: None,
        }
    }

    /// Reads a reference and returns the value that it stands for.
    pub(crate) fn value(&mut self, cursor: &mut Cursor<'a>) -> Result<T, Error> {
        let number = cursor.varint()?;
        if number == 0 {
            let length = cursor.varint()?;
            return (self.decode)(cursor.sub_cursor(length)?);
        }
        if let Some((last, value)) = &self.last
            && *last == number
        {
            return Ok(value.clone());
        }
        let entry = self.table.entry(number).ok_or_else(|| missing(cursor))?;
        let value = (self.decode)(entry)?;
        self.last = Some((number, value.clone()));
        Ok(value)
    }
}
