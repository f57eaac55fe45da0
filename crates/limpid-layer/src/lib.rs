//! Reads layers: decompression by magic, tar streams, limits, and the byte budget.
//!
//! One pass over the bytes, nothing extracted to a file tree. What to read of an entry is decided
//! by a [`Visitor`]. This crate knows nothing about packages.

mod budget;
mod visit;

pub use budget::{Budget, BudgetError, Lease};
pub use visit::{Content, Entry, EntryKind, Visitor, Want};
