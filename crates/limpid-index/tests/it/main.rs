//! Indexing of whole images on the embedded store, once and as a service.
#![expect(
    clippy::unwrap_used,
    reason = "a helper that fails is a test that fails"
)]

mod bench;
mod fetched_layers;
mod images;
mod jobs;
mod limits;
mod registry;
mod service;
mod workplace;
