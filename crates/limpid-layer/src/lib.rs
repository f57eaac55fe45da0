//! Reads layers: decompression by magic, tar streams, limits, and the byte budget.
//!
//! One pass over the bytes, nothing extracted to a file tree. What to read of an entry is decided
//! by a [`Visitor`]. This crate knows nothing about packages.
//!
//! [`read_layer`] does everything: it receives bytes from any source, checks their digest,
//! decompresses them with a [`Decoder`] and shows the archive with [`walk`]. [`walk_directory`]
//! shows a directory in the same way. All bytes that are held were taken from a [`Budget`]
//! before, and all that input could exaggerate is bounded by [`LayerLimits`].

mod budget;
mod decompress;
mod directory;
mod error;
mod held;
mod limits;
mod problems;
mod read;
mod spool;
pub mod tar;
mod visit;
mod walk;

pub use budget::{Budget, BudgetError, Lease};
pub use decompress::{Compression, Decoder};
pub use directory::walk_directory;
pub use error::LayerError;
pub use limits::LayerLimits;
pub use read::{Hashing, LayerSummary, ReadOptions, read_layer};
pub use spool::Spool;
pub use visit::{Content, Entry, EntryKind, Visitor, Want};
pub use walk::{WalkSummary, walk};
