//! sqlite's write-ahead log, the file `rpmdb.sqlite-wal`: pages newer than those in the database.
//!
//! Numbers are big-endian.
//!
//! | Bytes | Content |
//! |---|---|
//! | 4 | magic 0x377f0682, or 0x377f0683 when checksums are made of big-endian words |
//! | 4 | version 3007000 |
//! | 4 | page size |
//! | 4 | number of the checkpoint |
//! | 8 | salt |
//! | 8 | checksum of the 24 bytes before |
//!
//! Then frames follow, each a header and a page:
//!
//! | Bytes | Content |
//! |---|---|
//! | 4 | number of the page |
//! | 4 | pages of the database if this frame ends a transaction, else 0 |
//! | 8 | salt, the same as in the log's header |
//! | 8 | checksum of everything so far: log header, 8 bytes of every frame header, pages |
//!
//! The log ends at the first frame whose salt or checksum is wrong: frames after it are left over
//! from an earlier use of the file. Frames after the last one that ends a transaction do not count.
//!
//! See <https://www.sqlite.org/fileformat2.html#walformat>.

use std::collections::HashMap;

use crate::ReadAt;
use crate::byte_order::ByteOrder::{self, Big, Little};

const MAGIC_LITTLE: u32 = 0x377f_0682;
const MAGIC_BIG: u32 = 0x377f_0683;
const HEADER_BYTES: usize = 32;
const FRAME_HEADER_BYTES: usize = 24;

/// Where the committed pages of a log are.
#[derive(Debug)]
pub(super) struct Log {
    /// Offset in the log of the newest content of each page.
    pages: HashMap<u32, u64>,
    database_pages: u32,
}

impl Log {
    /// Reads which pages were committed; nothing when none were.
    pub(super) fn read(wal: &dyn ReadAt, page_size: u32) -> Result<Option<Self>, String> {
        let mut header = [0; HEADER_BYTES];
        wal.read_at(0, &mut header)
            .map_err(|error| format!("cannot read the header: {error}"))?;
        let number = |at| Big.u32(&header, at).unwrap_or_default();
        let mut checksum = match number(0) {
            MAGIC_LITTLE => Checksum::new(Little),
            MAGIC_BIG => Checksum::new(Big),
            other => {
                return Err(format!(
                    "not a write-ahead log, it starts with: {other:08x}"
                ));
            }
        };
        let (start, salt) = (header.first_chunk::<24>(), header.get(16..24));
        checksum.update(start.map_or(&[], |start| start));
        if !checksum.is(&header, 24) {
            return Err("the header has a wrong checksum".to_owned());
        }
        if number(8) != page_size {
            return Err(format!(
                "pages have {} bytes, expected {page_size}",
                number(8)
            ));
        }
        Ok(Self::read_frames(wal, page_size, salt, checksum))
    }

    fn read_frames(
        wal: &dyn ReadAt,
        page_size: u32,
        salt: Option<&[u8]>,
        mut checksum: Checksum,
    ) -> Option<Self> {
        let mut log = Self {
            pages: HashMap::new(),
            database_pages: 0,
        };
        let mut uncommitted = Vec::new();
        let mut frame = vec![0; FRAME_HEADER_BYTES + page_size as usize];
        let mut offset = HEADER_BYTES as u64;
        // The end of the file ends the log like any other frame that is not valid.
        while wal.read_at(offset, &mut frame).is_ok() {
            let (header, page) = frame.split_at_checked(FRAME_HEADER_BYTES)?;
            checksum.update(header.get(..8)?);
            checksum.update(page);
            if header.get(8..16) != salt || !checksum.is(header, 16) {
                break;
            }
            let (number, commit) = (Big.u32(header, 0)?, Big.u32(header, 4)?);
            uncommitted.push((number, offset + FRAME_HEADER_BYTES as u64));
            if commit != 0 {
                log.pages.extend(uncommitted.drain(..));
                log.database_pages = commit;
            }
            offset += frame.len() as u64;
        }
        (!log.pages.is_empty()).then_some(log)
    }

    /// Returns where the content of a page is, if the log has it.
    pub(super) fn page(&self, number: u32) -> Option<u64> {
        self.pages.get(&number).copied()
    }

    /// Returns how many different pages the log has.
    pub(super) fn pages(&self) -> u32 {
        u32::try_from(self.pages.len()).unwrap_or(u32::MAX)
    }

    /// Returns how many pages the database has after the last transaction.
    pub(super) fn database_pages(&self) -> u32 {
        self.database_pages
    }
}

/// The running checksum of a log, over words of four bytes taken in pairs.
struct Checksum {
    order: ByteOrder,
    sums: (u32, u32),
}

impl Checksum {
    fn new(order: ByteOrder) -> Self {
        Self {
            order,
            sums: (0, 0),
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        let (mut first, mut second) = self.sums;
        for pair in bytes.as_chunks::<8>().0 {
            let word = |at| self.order.u32(pair, at).unwrap_or_default();
            first = first.wrapping_add(word(0)).wrapping_add(second);
            second = second.wrapping_add(word(4)).wrapping_add(first);
        }
        self.sums = (first, second);
    }

    /// Tells whether this is the checksum that stands at a place.
    fn is(&self, bytes: &[u8], at: usize) -> bool {
        let stored = (Big.u32(bytes, at), Big.u32(bytes, at + 4));
        stored == (Some(self.sums.0), Some(self.sums.1))
    }
}
