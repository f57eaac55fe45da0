//! The layout of a snapshot file.
//!
//! All numbers are little-endian. *varint* is LEB128 with seven bits a byte; *text* is a varint
//! length and UTF-8; *delta* is one byte that says how much of the previous value of the same
//! field begins this one, then the rest as text. Checksums are XXH3; those of 32 bits are its
//! low half.
//!
//! | Part | Content |
//! |---|---|
//! | header | magic (8 bytes), major version (2), minor version (2), zero (4) |
//! | sections | one after the other, without gaps |
//! | section table | one entry a section: kind (4), zero (4), offset (8), length (8), checksum (8) |
//! | trailer | count of entries (4), size of an entry (4), checksum (8) of header, table and the two numbers before, magic (8) |
//!
//! | Section | Kind | Content |
//! |---|---:|---|
//! | texts | 1 | for each text a checksum (4, seeded with the text's number), the raw size (4), and a zstd frame of the encoded `Details` |
//! | text directory | 2 | offset (8) of each text, and of the end |
//! | records | 3 | chunks: checksum (4, seeded with the chunk's offset), size (4), flags (1), varint namespace, text package, records |
//! | index | 4 | buckets: checksum (4, seeded with the bucket's number), then for each package of the bucket a fingerprint (4) and the offset (8) of its first chunk |
//! | index directory | 5 | offset (8) of each bucket, and of the end |
//! | meta | 6 | JSON of [`SnapshotMeta`](crate::SnapshotMeta) |
//! | facets | 7 | table: count (4), offset (4) of each entry and of the end, entries |
//! | terms | 8 | table, as facets |
//! | dictionary | 9 | zstd dictionary of the texts, maybe empty |
//! | notes | 10 | blocks: checksum (4, seeded with the block's number), then notes by table and key, each as delta table, delta key, text value |
//! | note directory | 11 | offset (8) of each block, and of the end |
//!
//! A record is a varint length and: delta id, varint text number, varint facet, varint term,
//! version constraint. Facets (package kind, repository, module, architectures, CPEs) and terms
//! (status, severity, scheme, rating text) are numbers into their tables, from 1; number 0 means
//! that the entry follows as a varint length and bytes, because the table was full. A constraint
//! is a varint `ranges << 1 | listed`, each range as flags (1: introduced, 2: fixed, 4: last
//! affected) and its deltas, and with `listed` a varint count and that many deltas.
//!
//! A package's records may fill several chunks, which then follow one another; flag 1 of a chunk
//! says that another one follows.
//!
//! Notes are facts that are no advisories. Minor version 0 has no sections for them.
//!
//! A reader refuses a major version that it does not know. Within one, sections of unknown kind,
//! further bytes of a table entry, record, text or section table entry, and unknown members of
//! the meta section are skipped.

/// Major version of the layout: readers refuse any other.
pub const MAJOR: u16 = 2;
/// Minor version of the layout: grows with additions that older readers may skip.
pub const MINOR: u16 = 1;

/// What the name of a snapshot file ends in, after its digest and a full stop.
pub const EXTENSION: &str = "snapshot";

/// First and last bytes of a file.
pub(crate) const MAGIC: [u8; 8] = *b"LIMPIDDB";
/// Size of the header.
pub(crate) const HEADER_BYTES: usize = 16;
/// Size of the trailer.
pub(crate) const TRAILER_BYTES: usize = 24;
/// Size of an entry of the section table as this version writes it.
pub(crate) const ENTRY_BYTES: usize = 32;
/// The most sections that a reader looks at.
pub(crate) const MAX_SECTIONS: usize = 1024;

/// The most bytes that a text may unpack to.
pub(crate) const MAX_TEXT_BYTES: usize = 1024 * 1024;
/// Size at which a chunk of records is closed and another one begun.
pub(crate) const CHUNK_BYTES: usize = 64 * 1024;
/// Bytes before a chunk's content.
pub(crate) const CHUNK_HEADER_BYTES: usize = 8;
/// Flag of a chunk whose package goes on in the next one.
pub(crate) const CHUNK_CONTINUES: u8 = 1;
/// How many packages an index bucket has on average.
pub(crate) const BUCKET_LOAD: u64 = 8;
/// Size of an entry of an index bucket.
pub(crate) const INDEX_ENTRY_BYTES: usize = 12;
/// The most bytes of one advisory without its texts.
pub(crate) const MAX_RECORD_BYTES: usize = 1024 * 1024;
/// The most bytes of one note.
pub(crate) const MAX_NOTE_BYTES: usize = 1024 * 1024;
/// Size at which a block of notes is closed and another one begun.
pub(crate) const NOTE_BLOCK_BYTES: usize = 4096;
/// The most namespaces in a snapshot.
pub(crate) const MAX_NAMESPACES: usize = 65_536;

/// A part of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    Header,
    Trailer,
    Texts,
    TextDirectory,
    Records,
    Index,
    IndexDirectory,
    Meta,
    Facets,
    Terms,
    Dictionary,
    Notes,
    NoteDirectory,
    /// The temporary files of a build.
    Spool,
}

impl Section {
    /// Returns the name that errors show.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Header => "header",
            Self::Trailer => "trailer",
            Self::Texts => "texts",
            Self::TextDirectory => "text directory",
            Self::Records => "records",
            Self::Index => "index",
            Self::IndexDirectory => "index directory",
            Self::Meta => "meta",
            Self::Facets => "facets",
            Self::Terms => "terms",
            Self::Dictionary => "dictionary",
            Self::Notes => "notes",
            Self::NoteDirectory => "note directory",
            Self::Spool => "spool",
        }
    }

    /// Returns the number in the section table, 0 for parts that are not in it.
    pub(crate) fn kind(self) -> u32 {
        match self {
            Self::Header | Self::Trailer | Self::Spool => 0,
            Self::Texts => 1,
            Self::TextDirectory => 2,
            Self::Records => 3,
            Self::Index => 4,
            Self::IndexDirectory => 5,
            Self::Meta => 6,
            Self::Facets => 7,
            Self::Terms => 8,
            Self::Dictionary => 9,
            Self::Notes => 10,
            Self::NoteDirectory => 11,
        }
    }

    /// Makes the error for bytes of this part that are not what they should be.
    pub(crate) fn corrupt(self, offset: u64, cause: &'static str) -> crate::Error {
        crate::Error::Corrupt {
            section: self.name(),
            offset,
            cause,
        }
    }
}

/// Computes a 32-bit checksum that is bound to a place in the file, so that bytes in the wrong
/// place do not pass.
pub(crate) fn checksum_at(place: u64, bytes: &[u8]) -> u32 {
    let hash = xxhash_rust::xxh3::xxh3_64_with_seed(bytes, place);
    u32::try_from(hash & u64::from(u32::MAX)).unwrap_or_default()
}
