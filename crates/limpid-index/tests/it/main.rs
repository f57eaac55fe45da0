//! Indexing of whole images on the embedded store.

mod images;
mod limits;
mod workplace;
