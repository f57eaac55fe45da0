use std::path::Path;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::Error;
use crate::codec::Cursor;
use crate::file_writer::{FileWriter, OffsetList};
use crate::format::{BUCKET_LOAD, INDEX_ENTRY_BYTES, Section, checksum_at};
use crate::sorter::{Sorted, Sorter};

/// Computes the hash of a package that decides its bucket.
fn hash(namespace: u32, package: &str) -> u64 {
    xxh3_64_with_seed(package.as_bytes(), u64::from(namespace))
}

/// Returns the bucket of a hash. Buckets ascend with the hashes.
fn bucket(hash: u64, buckets: u64) -> u64 {
    let number = (u128::from(hash) * u128::from(buckets)) >> 64;
    u64::try_from(number).unwrap_or_default()
}

/// Returns the part of a hash that an entry keeps.
fn fingerprint(hash: u64) -> [u8; 4] {
    let [a, b, c, d, ..] = hash.to_le_bytes();
    [a, b, c, d]
}

/// Writes the index section.
pub(crate) struct IndexWriter {
    sorter: Sorter,
    packages: u64,
}

impl IndexWriter {
    pub(crate) fn new(spool: &Path, memory_bytes: usize) -> Self {
        Self {
            sorter: Sorter::new(spool, memory_bytes),
            packages: 0,
        }
    }

    /// Adds a package whose first chunk is at an offset.
    pub(crate) fn add(&mut self, namespace: u32, package: &str, offset: u64) -> Result<(), Error> {
        self.packages += 1;
        let hash = hash(namespace, package).to_be_bytes();
        self.sorter.push(&[&hash, &offset.to_be_bytes()])
    }

    /// Writes the section and its directory; returns how many packages there are.
    pub(crate) fn finish(self, writer: &mut FileWriter, spool: &Path) -> Result<u64, Error> {
        let buckets = self.packages / BUCKET_LOAD + 1;
        let mut directory = OffsetList::new(spool)?;
        directory.push(0)?;
        let mut current = 0;
        let mut entries = Vec::new();
        let mut close = |number: u64, entries: &mut Vec<u8>, writer: &mut FileWriter| {
            writer.write(&checksum_at(number, entries).to_le_bytes())?;
            writer.write(entries)?;
            entries.clear();
            directory.push(writer.section_length())
        };
        let mut sorted = self.sorter.finish()?;
        while let Some(item) = sorted.next()? {
            let (hash, offset) = split_item(item).ok_or_else(|| Sorted::damaged("index entry"))?;
            while current < bucket(hash, buckets) {
                close(current, &mut entries, writer)?;
                current += 1;
            }
            entries.extend_from_slice(&fingerprint(hash));
            entries.extend_from_slice(&offset.to_le_bytes());
        }
        while current < buckets {
            close(current, &mut entries, writer)?;
            current += 1;
        }
        writer.end_section(Section::Index)?;
        directory.finish(writer, Section::IndexDirectory)?;
        Ok(self.packages)
    }
}

fn split_item(item: &[u8]) -> Option<(u64, u64)> {
    let (hash, offset) = item.split_first_chunk()?;
    Some((
        u64::from_be_bytes(*hash),
        u64::from_be_bytes(offset.try_into().ok()?),
    ))
}

/// Reads the index section.
#[derive(Clone, Copy)]
pub(crate) struct Index<'a> {
    pub(crate) buckets: &'a [u8],
    pub(crate) directory: &'a [[u8; 8]],
}

impl<'a> Index<'a> {
    /// Returns offsets of chunks, among them that of the package if the snapshot has it.
    pub(crate) fn find(
        &self,
        namespace: u32,
        package: &str,
    ) -> Result<impl Iterator<Item = u64> + use<'a>, Error> {
        let hash = hash(namespace, package);
        let buckets = (self.directory.len() as u64).saturating_sub(1);
        let entries = self.entries(bucket(hash, buckets))?;
        let wanted = fingerprint(hash);
        Ok(entries.iter().filter_map(move |entry| {
            let (found, offset) = entry.split_first_chunk::<4>()?;
            (*found == wanted).then_some(u64::from_le_bytes(offset.try_into().ok()?))
        }))
    }

    /// Counts the entries of all buckets, which checks every bucket.
    pub(crate) fn count(&self) -> Result<u64, Error> {
        let buckets = (self.directory.len() as u64).saturating_sub(1);
        (0..buckets).try_fold(
            0,
            |sum, number| Ok(sum + self.entries(number)?.len() as u64),
        )
    }

    fn entries(&self, number: u64) -> Result<&'a [[u8; INDEX_ENTRY_BYTES]], Error> {
        let (offset, bucket) = directory_entry(
            self.directory,
            self.buckets,
            number,
            Section::IndexDirectory,
        )?;
        let mut cursor = Cursor::new(bucket, Section::Index, offset);
        let checksum = cursor.u32()?;
        if checksum != checksum_at(number, cursor.rest()) {
            return Err(cursor.corrupt("checksum of an index bucket does not match"));
        }
        Ok(cursor.rest().as_chunks().0)
    }
}

/// Returns a part of a section by its number in the section's directory, and its offset.
pub(crate) fn directory_entry<'a>(
    directory: &[[u8; 8]],
    section: &'a [u8],
    number: u64,
    name: Section,
) -> Result<(u64, &'a [u8]), Error> {
    let place = number.saturating_mul(8);
    let read = |index: Option<usize>| {
        let bytes = directory.get(index?)?;
        usize::try_from(u64::from_le_bytes(*bytes)).ok()
    };
    let index = usize::try_from(number).ok();
    let (Some(start), Some(end)) = (
        read(index),
        read(index.and_then(|index| index.checked_add(1))),
    ) else {
        return Err(name.corrupt(place, "number beyond the end of the directory"));
    };
    let part = section
        .get(start..end)
        .ok_or_else(|| name.corrupt(place, "offset outside of the section"))?;
    Ok((start as u64, part))
}
