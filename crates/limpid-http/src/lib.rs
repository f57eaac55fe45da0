//! Outbound HTTP: documents are fetched into unlinked temporary files, or found to be unchanged, and
//! layers are read as they come.
//!
//! [`Fetcher`] is the entry point for documents. It asks conditionally, tries again after failures
//! that may pass (no answer, 5xx, 429) with growing random pauses that honour `Retry-After`, goes on
//! where a body broke off, bounds size, time and redirects, does not hurry any one host, and leaves
//! those alone that do not answer. Content is left as it comes: nothing is unpacked.
//!
//! A [`Source`] says where addresses lead: to the network, to another base address, or to a
//! directory that holds copies by host and path.
//!
//! Documents of this machine are read by their path, which the caller has to ask for: no address that
//! somebody else wrote leads to a file.
//!
//! [`LayerClient`] is the entry point for layers. Their addresses come from clients, so an
//! [`AddressPolicy`] judges each address that is connected to; their bytes are not trusted to be
//! anything.
//!
//! Addresses may carry secrets. What errors and logs show is always [`redacted`] or less.

mod address;
mod attempt;
mod backoff;
mod caller;
mod content_range;
mod directory;
mod error;
mod fetched;
mod fetcher;
mod folder;
mod layer;
mod pace;
mod redirect;
mod settings;
mod silence;
mod source;
mod spool;
mod trust;

pub use address::redacted;
pub use error::{FetchError, FetchFault};
pub use fetched::{Document, Fetched, Fingerprint};
pub use fetcher::{Fetcher, Request};
pub use layer::{
    AddressClass, AddressPolicy, Addresses, LayerClient, LayerFault, LayerFaultKind, LayerProblem,
    LayerSettings, LayerStream, Proxy, Refusal, Resolver,
};
pub use redirect::RedirectFault;
pub use settings::FetchSettings;
pub use source::{Source, SourceError};
pub use trust::TrustRoots;
