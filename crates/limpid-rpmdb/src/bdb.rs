//! Berkeley DB hash databases: the file `Packages` of rpm before version 4.16.
//!
//! Numbers have the byte order of the machine that wrote the file. The file is an array of pages of
//! equal size, 512 bytes to 64 KiB; page 0 describes the database:
//!
//! | Byte of page 0 | Content |
//! |---|---|
//! | 12 | magic 0x00061561, which also tells the byte order |
//! | 20 | page size |
//! | 24 | encryption, 0 for none |
//! | 25 | page type, 8 |
//! | 26 | flags, 1: pages have checksums |
//! | 32 | number of the last page |
//!
//! Every other page has a header of 26 bytes:
//!
//! | Byte | Content |
//! |---|---|
//! | 16 | next page of the bucket or chain, 0 for none |
//! | 20 | number of items |
//! | 22 | overflow page: bytes of data after the header |
//! | 25 | type: 2 and 13 hash, 7 overflow |
//! | 26 | hash page: offset of each item in the page, 2 bytes each |
//!
//! Items fill a hash page from its end: keys (the record's number) and values take turns. The first
//! byte of an item is its type: 1, the bytes follow; 3, a chain of overflow pages holds the bytes,
//! whose first page is at byte 4 of the item and whose length at byte 8.
//!
//! All pages are looked at once, in file order, instead of bucket by bucket: freed pages change
//! their type, so the outcome is the same, and a crafted file cannot lead in circles.

use limpid_types::{Problem, ProblemKind};

use crate::byte_order::ByteOrder;
use crate::collector::{Collector, Place};
use crate::{Error, ReadAt};

const MAGIC: u32 = 0x0006_1561;
const MAGIC_OFFSET: usize = 12;
const META_BYTES: usize = 72;
const META_TYPE: u8 = 8;
const CHECKSUM_FLAG: u8 = 1;

const PAGE_HEADER_BYTES: usize = 26;
const UNSORTED_HASH_PAGE: u8 = 2;
const OVERFLOW_PAGE: u8 = 7;
const HASH_PAGE: u8 = 13;

const INLINE_ITEM: u8 = 1;
const OVERFLOW_ITEM: u8 = 3;

/// Tells the byte order of a hash database; nothing when the bytes are the start of none.
pub(crate) fn byte_order(start: &[u8]) -> Option<ByteOrder> {
    [ByteOrder::Little, ByteOrder::Big]
        .into_iter()
        .find(|order| order.u32(start, MAGIC_OFFSET) == Some(MAGIC))
}

/// Reads the values of all hash pages.
pub(crate) fn read(database: &dyn ReadAt, collector: &mut Collector<'_>) -> Result<(), Error> {
    let file = HashFile::open(database)?;
    if file.pages < file.pages_claimed {
        let detail = format!(
            "only {} of {} pages are there",
            file.pages, file.pages_claimed
        );
        collector.problem(Problem::new(
            ProblemKind::UnreadableFile,
            "database",
            detail,
        ));
    }
    let mut page = vec![0; file.page_size];
    for number in 1..file.pages {
        if collector.is_full() {
            break;
        }
        if let Err(why) = file.read_page(number, &mut page) {
            let problem = Problem::new(ProblemKind::BadRecord, format!("page {number}"), why);
            collector.problem(problem.at(file.page_offset(number)));
        } else if matches!(page_type(&page), Some(HASH_PAGE | UNSORTED_HASH_PAGE)) {
            file.read_hash_page(number, &page, collector);
        }
    }
    Ok(())
}

struct HashFile<'a> {
    database: &'a dyn ReadAt,
    order: ByteOrder,
    page_size: usize,
    /// Whole pages that are there.
    pages: u32,
    /// Pages that the description counts.
    pages_claimed: u32,
}

/// The parts of a hash page where a record's number and header stand.
struct Pair<'a> {
    key: &'a [u8],
    value: &'a [u8],
    value_offset: usize,
}

impl<'a> HashFile<'a> {
    fn open(database: &'a dyn ReadAt) -> Result<Self, Error> {
        let mut meta = [0; META_BYTES];
        database
            .read_at(0, &mut meta)
            .map_err(|source| Error::Read { offset: 0, source })?;
        let order = byte_order(&meta).ok_or(Error::UnknownFormat)?;
        let [.., encryption, kind, flags] =
            *meta.first_chunk::<27>().ok_or(Error::UnknownFormat)?;
        let number = |at| order.u32(&meta, at).unwrap_or_default();
        let page_size = number(20);
        if !page_size.is_power_of_two() || !(512..=65536).contains(&page_size) {
            return Err(Error::Damaged {
                field: "page size",
                value: page_size.into(),
            });
        }
        if kind != META_TYPE {
            return Err(Error::Damaged {
                field: "type of the first page",
                value: kind.into(),
            });
        }
        if encryption != 0 {
            return Err(Error::Unsupported("encrypted pages"));
        }
        if flags & CHECKSUM_FLAG != 0 {
            return Err(Error::Unsupported("pages with checksums"));
        }
        let pages_claimed = number(32).saturating_add(1);
        let pages_there = database.len() / u64::from(page_size);
        Ok(Self {
            database,
            order,
            page_size: page_size as usize,
            pages: u32::try_from(pages_there)
                .map_or(pages_claimed, |there| there.min(pages_claimed)),
            pages_claimed,
        })
    }

    fn page_offset(&self, number: u32) -> u64 {
        u64::from(number) * self.page_size as u64
    }

    fn read_page(&self, number: u32, page: &mut [u8]) -> Result<(), String> {
        self.database
            .read_at(self.page_offset(number), page)
            .map_err(|error| format!("cannot read page {number}: {error}"))
    }

    fn read_hash_page(&self, number: u32, page: &[u8], collector: &mut Collector<'_>) {
        let items = self.order.u16(page, 20).unwrap_or_default();
        let mut end = page.len();
        for first in (0..usize::from(items)).step_by(2) {
            if collector.is_full() {
                break;
            }
            let Some(pair) = self.pair(page, first, end) else {
                let subject = format!("page {number}");
                let detail = format!("bad offset of item {first}, the rest of the page is lost");
                let problem = Problem::new(ProblemKind::BadRecord, subject, detail);
                collector.problem(problem.at(self.page_offset(number)));
                break;
            };
            end = pair.value_offset;
            self.read_pair(number, &pair, collector);
        }
    }

    /// Cuts the pair of items whose key has a certain number and ends at a certain byte.
    fn pair<'p>(&self, page: &'p [u8], first: usize, end: usize) -> Option<Pair<'p>> {
        let offset = |item| self.order.u16(page, PAGE_HEADER_BYTES + 2 * item);
        let key_offset = offset(first)?.into();
        let value_offset = offset(first + 1)?.into();
        Some(Pair {
            key: page.get(key_offset..end)?,
            value: page.get(value_offset..key_offset)?,
            value_offset,
        })
    }

    fn read_pair(&self, page: u32, pair: &Pair<'_>, collector: &mut Collector<'_>) {
        let key = match pair.key {
            [INLINE_ITEM, key @ ..] => self.order.u32(key, 0),
            _ => None,
        };
        // Record 0 is no package: it holds the highest number given to a record so far.
        if key == Some(0) {
            return;
        }
        let place = Place {
            record: key.unwrap_or_default().into(),
            offset: Some(self.page_offset(page) + pair.value_offset as u64),
        };
        if let Err(why) = self.read_value(place, pair.value, collector) {
            collector.bad_record(place, None, why);
        }
    }

    fn read_value(
        &self,
        place: Place,
        value: &[u8],
        collector: &mut Collector<'_>,
    ) -> Result<(), String> {
        match value {
            [INLINE_ITEM, blob @ ..] => {
                collector.admit(blob.len() as u64)?;
                if !collector.spend(blob.len() as u64) {
                    return Err("items overlap".to_owned());
                }
                collector.header(place, blob);
                Ok(())
            }
            [OVERFLOW_ITEM, ..] => {
                let blob = self.read_overflow(value, collector)?;
                collector.header(place, &blob);
                Ok(())
            }
            [other, ..] => Err(format!("unsupported type of item: {other}")),
            [] => Err("item is empty".to_owned()),
        }
    }

    /// Joins the bytes of a chain of overflow pages.
    fn read_overflow(&self, item: &[u8], collector: &mut Collector<'_>) -> Result<Vec<u8>, String> {
        let number = |at| self.order.u32(item, at).ok_or("item is cut off");
        let (mut next, length) = (number(4)?, number(8)?);
        let length = collector.admit(length.into())?;
        // Neither buffer grows before the pages are paid for: an item has only 12 bytes.
        let (mut blob, mut page) = (Vec::new(), Vec::new());
        // A chain without circles is not longer than the file.
        for _ in 0..self.pages {
            if blob.len() >= length || next == 0 {
                break;
            }
            if next >= self.pages {
                return Err(format!("overflow chain leaves the file at page {next}"));
            }
            if !collector.spend(self.page_size as u64) {
                return Err("overflow chains overlap".to_owned());
            }
            page.resize(self.page_size, 0);
            self.read_page(next, &mut page)?;
            if page_type(&page) != Some(OVERFLOW_PAGE) {
                return Err(format!("overflow chain leads to another page: {next}"));
            }
            let used = usize::from(self.order.u16(&page, 22).unwrap_or_default());
            let data = page
                .get(PAGE_HEADER_BYTES..PAGE_HEADER_BYTES + used)
                .ok_or_else(|| format!("overflow page {next} has too much data"))?;
            blob.extend_from_slice(data);
            next = self.order.u32(&page, 16).unwrap_or_default();
        }
        if blob.len() < length {
            return Err(format!(
                "overflow chain ends after {} of {length} bytes",
                blob.len()
            ));
        }
        blob.truncate(length);
        Ok(blob)
    }
}

fn page_type(page: &[u8]) -> Option<u8> {
    page.get(25).copied()
}
