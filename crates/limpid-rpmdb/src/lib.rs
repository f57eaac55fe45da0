//! Reads the packages out of an rpm database, whichever of rpm's three formats it has.
//!
//! [`read_packages`] is the entry: bytes in (memory or a file, through [`ReadAt`]), one callback for
//! each package out. A container image is somebody else's data, so every number read is checked
//! before it is used, memory and work are bounded by [`Limits`] and by the size of the database,
//! and damage costs only the record that has it: it comes back as a
//! [`Problem`](limpid_types::Problem) beside the packages that could be read.
//!
//! | Format | File | Module |
//! |---|---|---|
//! | Berkeley DB hash | `Packages` | `bdb` |
//! | ndb | `Packages.db` | `ndb` |
//! | sqlite, with its write-ahead log | `rpmdb.sqlite`, `rpmdb.sqlite-wal` | `sqlite` |
//!
//! All three hold the same thing, one [`Header`] for each package.
//!
//! [`read_dnf_history`] reads the sqlite database in which dnf notes what it did: rpm's own does not
//! know which repository a package came from.
//!
//! This crate does not look for databases in a file system, does not verify signatures and does
//! not use rpm's indexes: it reads the whole package table once, front to back.
#![cfg_attr(not(test), warn(clippy::indexing_slicing))]

mod bdb;
mod byte_order;
mod collector;
mod dnf_history;
mod error;
mod header;
mod limits;
mod ndb;
mod openpgp;
mod packages;
mod read_at;
mod sqlite;

pub use dnf_history::read_dnf_history;
pub use error::Error;
pub use header::{Header, HeaderError};
pub use limits::Limits;
pub use packages::{read_packages, sniff};
pub use read_at::ReadAt;
