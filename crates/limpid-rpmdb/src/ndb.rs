//! rpm's own database format, "ndb": the file `Packages.db`.
//!
//! All numbers are little-endian; space is counted in blocks of 16 bytes.
//!
//! | Where | Content |
//! |---|---|
//! | 0 | header of 32 bytes: `RpmP`, version (0), generation, number of slot pages, next record |
//! | 32 | slots of 16 bytes up to the end of the slot pages (4096 bytes each): `Slot`, record number (0: free), first block, number of blocks |
//! | blob, first 16 bytes | `BlbS`, record number, generation, length |
//! | blob, middle | the package's header, zeros up to the tail |
//! | blob, last 12 bytes | Adler-32 of everything before, length, `BlbE` |

use limpid_types::{Problem, ProblemKind};

use crate::byte_order::ByteOrder::Little;
use crate::collector::{Collector, Place};
use crate::{Error, ReadAt};

pub(crate) const MAGIC: &[u8] = b"RpmP";
const SLOT_MAGIC: &[u8] = b"Slot";
const BLOB_START: &[u8] = b"BlbS";
const BLOB_END: &[u8] = b"BlbE";

const HEADER_BYTES: usize = 32;
const PAGE_BYTES: usize = 4096;
const BLOCK_BYTES: u64 = 16;
const BLOB_HEAD_BYTES: usize = 16;
const BLOB_TAIL_BYTES: usize = 12;

/// A slot in use: where a record's blob is.
struct Slot {
    record: u32,
    offset: u64,
    bytes: u64,
}

/// Reads every blob that a slot points at.
pub(crate) fn read(database: &dyn ReadAt, collector: &mut Collector<'_>) -> Result<(), Error> {
    let mut page = [0; PAGE_BYTES];
    read_page(database, 0, &mut page)?;
    let field = |at| Little.u32(&page, at).unwrap_or_default();
    let (version, pages) = (field(4), field(12));
    if version != 0 {
        return Err(Error::Unsupported("ndb of a version other than 0"));
    }
    let pages_there = database.len() / PAGE_BYTES as u64;
    if pages == 0 || u64::from(pages) > pages_there {
        return Err(Error::Damaged {
            field: "number of slot pages",
            value: pages.into(),
        });
    }
    read_slots(database, &page, HEADER_BYTES, collector);
    for number in 1..u64::from(pages) {
        if collector.is_full() {
            break;
        }
        let offset = number * PAGE_BYTES as u64;
        if let Err(error) = read_page(database, offset, &mut page) {
            let subject = format!("slot page {number}");
            let problem = Problem::new(ProblemKind::BadRecord, subject, error.to_string());
            collector.problem(problem.at(offset));
            continue;
        }
        read_slots(database, &page, 0, collector);
    }
    Ok(())
}

fn read_page(database: &dyn ReadAt, offset: u64, page: &mut [u8]) -> Result<(), Error> {
    database
        .read_at(offset, page)
        .map_err(|source| Error::Read { offset, source })
}

fn read_slots(database: &dyn ReadAt, page: &[u8], start: usize, collector: &mut Collector<'_>) {
    let slots = page.get(start..).unwrap_or_default();
    for slot in slots.as_chunks::<16>().0 {
        if collector.is_full() {
            break;
        }
        let number = |at| Little.u32(slot, at).unwrap_or_default();
        let slot_offset = u64::from(number(8)) * BLOCK_BYTES;
        let found = Slot {
            record: number(4),
            offset: slot_offset,
            bytes: u64::from(number(12)) * BLOCK_BYTES,
        };
        let place = Place {
            record: found.record.into(),
            offset: Some(found.offset),
        };
        if !slot.starts_with(SLOT_MAGIC) {
            collector.bad_record(place, None, "slot has no magic");
        } else if found.record != 0 {
            match read_blob(database, &found, collector) {
                Ok(blob) => collector.header(place, blob_content(&blob)),
                Err(why) => collector.bad_record(place, None, why),
            }
        }
    }
}

/// Reads a whole blob, head and tail included, and checks everything that it says about itself.
fn read_blob(
    database: &dyn ReadAt,
    slot: &Slot,
    collector: &mut Collector<'_>,
) -> Result<Vec<u8>, String> {
    let size = collector.admit(slot.bytes)?;
    if size < BLOB_HEAD_BYTES + BLOB_TAIL_BYTES {
        return Err(format!("blob has only {size} bytes"));
    }
    if slot.offset.saturating_add(slot.bytes) > database.len() {
        return Err("blob is outside of the database".to_owned());
    }
    if !collector.spend(slot.bytes) {
        return Err("blobs overlap".to_owned());
    }
    let mut blob = vec![0; size];
    database
        .read_at(slot.offset, &mut blob)
        .map_err(|error| error.to_string())?;
    let tail = size - BLOB_TAIL_BYTES;
    let number = |at| Little.u32(&blob, at).unwrap_or_default();
    let (checked, tail_magic) = (blob.get(..tail), blob.get(tail + 8..));
    if !blob.starts_with(BLOB_START) || tail_magic != Some(BLOB_END) {
        return Err("blob has no magic".to_owned());
    }
    if number(4) != slot.record {
        return Err(format!("blob belongs to another record: {}", number(4)));
    }
    let length = number(12);
    if length != number(tail + 4) || length as usize > tail - BLOB_HEAD_BYTES {
        return Err(format!("blob has an impossible length: {length}"));
    }
    let (stored, computed) = (number(tail), adler32(checked.unwrap_or_default()));
    if stored != computed {
        return Err(format!(
            "blob has checksum {computed:08x}, expected {stored:08x}"
        ));
    }
    Ok(blob)
}

fn blob_content(blob: &[u8]) -> &[u8] {
    let length = Little.u32(blob, 12).unwrap_or_default() as usize;
    blob.get(BLOB_HEAD_BYTES..BLOB_HEAD_BYTES + length)
        .unwrap_or_default()
}

/// Computes the checksum of RFC 1950.
fn adler32(bytes: &[u8]) -> u32 {
    const MODULUS: u32 = 65521;
    // The most bytes for which the sums fit in 32 bits before they are reduced.
    const CHUNK: usize = 5552;
    let (mut low, mut high) = (1, 0);
    for chunk in bytes.chunks(CHUNK) {
        for &byte in chunk {
            low += u32::from(byte);
            high += low;
        }
        low %= MODULUS;
        high %= MODULUS;
    }
    high << 16 | low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adler32_agrees_with_known_sums() {
        assert_eq!(adler32(b""), 1);
        assert_eq!(adler32(b"Wikipedia"), 0x11e6_0398);
        assert_eq!(adler32(&vec![0xff; 100_000]), {
            let low = (1 + 255_u64 * 100_000) % 65521;
            let high = (1..=100_000_u64).map(|n| 1 + 255 * n).sum::<u64>() % 65521;
            u32::try_from(high << 16 | low).unwrap()
        });
    }
}
