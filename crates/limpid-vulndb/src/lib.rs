//! The immutable result of one feed run: advisories and their texts in one memory-mapped file.
//!
//! [`SnapshotBuilder`] takes advisories in any order, sorts them outside of memory and writes a
//! file that is named by its SHA-256 digest; the same advisories give the same bytes. Those that
//! did not change can be taken over from an earlier snapshot.
//! [`Snapshot`] opens such a file in microseconds and answers what it says of one package. Facts
//! that are no advisories are notes, in tables by key.
//!
//! Records are stored uncompressed but front-coded and interned, because a report reads some
//! hundreds of small groups of them; the texts, which a report reads only for its findings, are
//! stored once per vulnerability in small zstd blocks with a shared dictionary. Every part that
//! is read has a checksum that is compared on that read, so damage is an [`Error`] and never a
//! vulnerability that is silently missed. [`mod@format`] describes the bytes.
//!
//! This crate judges no version, knows no feed and has no clock: it stores and finds.

mod builder;
mod candidates;
mod carried;
mod codec;
mod details;
mod dictionary;
mod error;
mod file_writer;
pub mod format;
mod index;
mod join;
mod leftovers;
mod mapping;
mod meta;
mod namespace_ranks;
mod note_writer;
mod notes;
mod record;
mod record_writer;
mod snapshot;
mod sorter;
mod staging;
mod table;
mod text_spool;
mod texts;
mod verify;

pub use builder::{BuildLimits, BuiltSnapshot, SnapshotBuilder};
pub use candidates::{Candidates, Records};
pub use carried::Carried;
pub use details::{MAX_DETAILS_BYTES, TRUNCATION_MARK};
pub use error::Error;
pub use leftovers::remove_leftovers;
pub use meta::SnapshotMeta;
pub use notes::{FROZEN_NOTES, Notes};
pub use record::{DetailsHandle, Record};
pub use snapshot::Snapshot;
