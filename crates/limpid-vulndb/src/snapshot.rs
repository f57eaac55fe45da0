use std::fmt;
use std::ops::Range;
use std::path::Path;

use limpid_types::{Details, Digest};
use xxhash_rust::xxh3::xxh3_64;

use crate::candidates::{Candidates, Chunk, Records};
use crate::codec::Cursor;
use crate::format::{
    CHUNK_CONTINUES, CHUNK_HEADER_BYTES, ENTRY_BYTES, EXTENSION, HEADER_BYTES, MAGIC, MAJOR,
    MAX_SECTIONS, Section, TRAILER_BYTES, checksum_at,
};
use crate::index::Index;
use crate::mapping::Content;
use crate::notes::NoteBlocks;
use crate::table::Table;
use crate::texts::{DecompressorPool, Texts};
use crate::{DetailsHandle, Error, SnapshotMeta};

/// An open snapshot. It is read without locks and can be shared between threads.
pub struct Snapshot {
    pub(crate) content: Content,
    pub(crate) sections: Vec<SectionEntry>,
    ranges: Ranges,
    meta: SnapshotMeta,
    pool: DecompressorPool,
    /// The digest that the file's name says it has.
    pub(crate) named_digest: Option<Digest>,
}

/// An entry of the section table.
pub(crate) struct SectionEntry {
    pub(crate) kind: u32,
    pub(crate) range: Range<usize>,
    pub(crate) checksum: u64,
}

/// Where the sections are that are read piece by piece.
struct Ranges {
    texts: Range<usize>,
    text_directory: Range<usize>,
    records: Range<usize>,
    index: Range<usize>,
    index_directory: Range<usize>,
    facets: Range<usize>,
    terms: Range<usize>,
    notes: Range<usize>,
    note_directory: Range<usize>,
}

impl Snapshot {
    /// Opens a snapshot file. Checks its frame and its small sections; the large ones are
    /// checked piece by piece as they are read, and all at once by [`Snapshot::verify`].
    pub fn open(path: &Path) -> Result<Self, Error> {
        let mut snapshot = Self::new(Content::map(path)?)?;
        snapshot.named_digest = digest_from_name(path);
        Ok(snapshot)
    }

    /// Opens a snapshot that is in memory.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, Error> {
        Self::new(Content::Owned(bytes))
    }

    fn new(content: Content) -> Result<Self, Error> {
        let sections = read_frame(&content)?;
        let find = |section: Section| {
            sections
                .iter()
                .find(|entry| entry.kind == section.kind())
                .ok_or_else(|| section.corrupt(0, "section is missing"))
        };
        let small = |section: Section| {
            let entry = find(section)?;
            let bytes = content.get(entry.range.clone()).unwrap_or_default();
            if xxh3_64(bytes) == entry.checksum {
                Ok((entry.range.clone(), bytes))
            } else {
                Err(section.corrupt(0, "checksum does not match"))
            }
        };
        let large = |section: Section| find(section).map(|entry| entry.range.clone());
        // A file of minor version 0 has no notes.
        let optional = |section: Section| large(section).unwrap_or_default();
        let meta: SnapshotMeta =
            serde_json::from_slice(small(Section::Meta)?.1).map_err(|error| {
                Section::Meta.corrupt(error.column() as u64, "not the JSON expected")
            })?;
        if !meta
            .namespaces
            .is_sorted_by(|(left, _), (right, _)| left < right)
        {
            return Err(Section::Meta.corrupt(0, "namespaces are not in order"));
        }
        let pool = DecompressorPool::new(small(Section::Dictionary)?.1);
        let ranges = Ranges {
            texts: large(Section::Texts)?,
            text_directory: large(Section::TextDirectory)?,
            records: large(Section::Records)?,
            index: large(Section::Index)?,
            index_directory: large(Section::IndexDirectory)?,
            facets: small(Section::Facets)?.0,
            terms: small(Section::Terms)?.0,
            notes: optional(Section::Notes),
            note_directory: optional(Section::NoteDirectory),
        };
        Ok(Self {
            ranges,
            meta,
            pool,
            sections,
            content,
            named_digest: None,
        })
    }

    /// Returns what the snapshot says of itself.
    pub fn meta(&self) -> &SnapshotMeta {
        &self.meta
    }

    /// Returns the namespaces by name, with the number of records of each.
    pub fn namespaces(&self) -> &[(String, u64)] {
        &self.meta.namespaces
    }

    /// Tells whether there are records in a namespace.
    pub fn has_namespace(&self, namespace: &str) -> bool {
        self.namespace_number(namespace).is_some()
    }

    /// Returns how many records there are.
    pub fn records(&self) -> u64 {
        self.meta.records
    }

    /// Returns the digest that the file's name says it has; [`Snapshot::verify`] checks it.
    pub fn digest(&self) -> Option<&Digest> {
        self.named_digest.as_ref()
    }

    /// Returns how large the file is.
    pub fn size_bytes(&self) -> u64 {
        self.content.len() as u64
    }

    /// Finds the records of a package, by id.
    pub fn candidates(&self, namespace: &str, package: &str) -> Result<Candidates<'_>, Error> {
        let Some(number) = self.namespace_number(namespace) else {
            return Ok(Candidates::none());
        };
        for offset in self.index().find(number, package)? {
            let chunk = self.chunk(offset)?;
            // Two packages can have the same fingerprint, so the name itself decides.
            if chunk.namespace == number && chunk.package == package {
                return Candidates::new(self, chunk);
            }
        }
        Ok(Candidates::none())
    }

    /// Goes through all records, by namespace, package and id. Records that are equal in these
    /// are in an order that depends only on their content.
    pub fn iter(&self) -> Records<'_> {
        Records::new(self)
    }

    /// Reads the texts of a record of this snapshot.
    pub fn details(&self, handle: &DetailsHandle) -> Result<Details, Error> {
        self.texts().read(handle.0)
    }

    pub(crate) fn texts(&self) -> Texts<'_> {
        Texts {
            content: self.section(&self.ranges.texts),
            directory: self.section(&self.ranges.text_directory).as_chunks().0,
            pool: &self.pool,
        }
    }

    pub(crate) fn index(&self) -> Index<'_> {
        Index {
            buckets: self.section(&self.ranges.index),
            directory: self.section(&self.ranges.index_directory).as_chunks().0,
        }
    }

    pub(crate) fn note_blocks(&self) -> NoteBlocks<'_> {
        NoteBlocks {
            blocks: self.section(&self.ranges.notes),
            directory: self.section(&self.ranges.note_directory).as_chunks().0,
        }
    }

    pub(crate) fn tables(&self) -> Result<(Table<'_>, Table<'_>), Error> {
        Ok((
            Table::new(Section::Facets, self.section(&self.ranges.facets))?,
            Table::new(Section::Terms, self.section(&self.ranges.terms))?,
        ))
    }

    /// Returns the name of a namespace by its number.
    pub(crate) fn namespace_name(&self, number: u32) -> Option<&str> {
        let (name, _) = self.meta.namespaces.get(number as usize)?;
        Some(name)
    }

    /// Returns how long the section of records is.
    pub(crate) fn records_length(&self) -> u64 {
        self.section(&self.ranges.records).len() as u64
    }

    /// Reads the chunk of records at an offset.
    pub(crate) fn chunk(&self, offset: u64) -> Result<Chunk<'_>, Error> {
        let records = self.section(&self.ranges.records);
        let bytes = usize::try_from(offset)
            .ok()
            .and_then(|offset| records.get(offset..))
            .ok_or_else(|| Section::Records.corrupt(offset, "offset outside of the section"))?;
        let mut cursor = Cursor::new(bytes, Section::Records, offset);
        let checksum = cursor.u32()?;
        let after_checksum = cursor.rest();
        let size = cursor.u32()?;
        let mut content = cursor.sub_cursor(u64::from(size))?;
        let covered = after_checksum.len() - cursor.rest().len();
        if checksum != checksum_at(offset, after_checksum.get(..covered).unwrap_or_default()) {
            return Err(Section::Records.corrupt(offset, "checksum of a chunk does not match"));
        }
        let continues = content.byte()? & CHUNK_CONTINUES != 0;
        let namespace =
            u32::try_from(content.varint()?).map_err(|_| content.corrupt("unknown namespace"))?;
        Ok(Chunk {
            namespace,
            package: content.text()?,
            continues,
            end: offset + CHUNK_HEADER_BYTES as u64 + u64::from(size),
            records: content,
        })
    }

    fn section(&self, range: &Range<usize>) -> &[u8] {
        self.content.get(range.clone()).unwrap_or_default()
    }

    fn namespace_number(&self, namespace: &str) -> Option<u32> {
        let namespaces = &self.meta.namespaces;
        let number = namespaces.binary_search_by(|(name, _)| name.as_str().cmp(namespace));
        u32::try_from(number.ok()?).ok()
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot")
            .field("feed", &self.meta.feed)
            .field("records", &self.meta.records)
            .field("bytes", &self.content.len())
            .finish_non_exhaustive()
    }
}

impl<'a> IntoIterator for &'a Snapshot {
    type Item = Result<crate::Record<'a>, Error>;
    type IntoIter = Records<'a>;

    fn into_iter(self) -> Records<'a> {
        self.iter()
    }
}

/// Reads header, trailer and section table.
fn read_frame(content: &[u8]) -> Result<Vec<SectionEntry>, Error> {
    let mut header = Cursor::new(content, Section::Header, 0);
    if !content.starts_with(&MAGIC) {
        let start = content.get(..MAGIC.len()).unwrap_or(content);
        return Err(Error::NotASnapshot {
            start: start.to_vec(),
        });
    }
    header.take(MAGIC.len() as u64)?;
    let found = u16::from_le_bytes(header.array()?);
    if found != MAJOR {
        return Err(Error::UnsupportedFormat {
            found,
            supported: MAJOR,
        });
    }
    let incomplete = || Section::Trailer.corrupt(0, "file is incomplete");
    let trailer_start = content
        .len()
        .checked_sub(TRAILER_BYTES)
        .filter(|&start| start >= HEADER_BYTES && content.ends_with(&MAGIC))
        .ok_or_else(incomplete)?;
    let (before, trailer) = content.split_at(trailer_start);
    let mut trailer = Cursor::new(trailer, Section::Trailer, 0);
    let (count, entry_bytes) = (trailer.u32()? as usize, trailer.u32()? as usize);
    if count > MAX_SECTIONS || !(ENTRY_BYTES..=HEADER_BYTES * ENTRY_BYTES).contains(&entry_bytes) {
        return Err(trailer.corrupt("section table of an impossible size"));
    }
    let table_start = before
        .len()
        .checked_sub(count * entry_bytes)
        .filter(|&start| start >= HEADER_BYTES)
        .ok_or_else(|| trailer.corrupt("section table is larger than the file"))?;
    let (sections, table) = before.split_at(table_start);
    let counts_end = trailer_start + 8;
    let mut covered = content.get(..HEADER_BYTES).unwrap_or_default().to_vec();
    covered.extend_from_slice(content.get(table_start..counts_end).unwrap_or_default());
    if trailer.u64()? != xxh3_64(&covered) {
        return Err(trailer.corrupt("checksum of the section table does not match"));
    }
    table
        .chunks_exact(entry_bytes)
        .map(|entry| read_entry(entry, sections.len()))
        .collect()
}

/// Reads an entry of the section table; bytes after the known ones are a newer version's.
fn read_entry(entry: &[u8], sections_end: usize) -> Result<SectionEntry, Error> {
    let mut cursor = Cursor::new(entry, Section::Trailer, 0);
    let kind = cursor.u32()?;
    cursor.u32()?;
    let start = usize::try_from(cursor.u64()?).ok();
    let length = usize::try_from(cursor.u64()?).ok();
    let range = start
        .and_then(|start| Some(start..start.checked_add(length?)?))
        .filter(|range| range.start >= HEADER_BYTES && range.end <= sections_end)
        .ok_or_else(|| cursor.corrupt("section outside of the file"))?;
    Ok(SectionEntry {
        kind,
        range,
        checksum: cursor.u64()?,
    })
}

/// Returns the digest in the name of a snapshot file, if it has the usual form.
fn digest_from_name(path: &Path) -> Option<Digest> {
    let hex = path.file_stem()?.to_str()?;
    let named = path.extension()? == EXTENSION;
    named.then(|| format!("sha256:{hex}").parse().ok())?
}
