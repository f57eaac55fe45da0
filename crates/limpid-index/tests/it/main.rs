//! Indexing of whole images on the embedded store.
#![expect(
    clippy::unwrap_used,
    reason = "a helper that fails is a test that fails"
)]

mod images;
mod limits;
mod workplace;
