//! Outbound HTTP: documents are fetched into unlinked temporary files, or found to be unchanged.
//!
//! [`Fetcher`] is the entry point. It asks conditionally, tries again after failures that may pass
//! (no answer, 5xx, 429) with growing random pauses that honour `Retry-After`, goes on where a
//! body broke off, bounds size, time and redirects, and does not hurry any one host. Content is
//! left as it comes: nothing is unpacked.
//!
//! A [`Source`] says where addresses lead: to the network, to another base address, or to a
//! directory that holds copies by host and path.
//!
//! Addresses may carry secrets. What errors and logs show is always [`redacted`].

mod address;
mod attempt;
mod backoff;
mod directory;
mod error;
mod fetched;
mod fetcher;
mod pace;
mod settings;
mod source;
mod spool;

pub use address::redacted;
pub use error::{FetchError, FetchFault};
pub use fetched::{Document, Fetched, Fingerprint};
pub use fetcher::{Fetcher, Request};
pub use settings::FetchSettings;
pub use source::{Source, SourceError};
