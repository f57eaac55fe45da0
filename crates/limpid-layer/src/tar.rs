//! Headers of tar archives without any I/O, for whoever needs the places of members and not their
//! content.
//!
//! [`walk`](crate::walk()) reads archives with the same types, so that all agree about what an
//! archive holds. A reader takes block after block as a [`Header`]; the data of
//! [extension headers](Header::is_extension) are collected in [`Extensions`], which then
//! [describe](Extensions::describe) the entry whose header comes next. Data are padded to whole
//! [blocks](BLOCK).

pub use crate::walk::extensions::Extensions;
pub use crate::walk::header::{BLOCK, Header};
pub use crate::walk::path::{Escapes, clean_into};
