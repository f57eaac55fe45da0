//! The state of limpid: what a store keeps, as traits, and the suite that every store passes.
//!
//! * [`IndexStore`] keeps what was seen in layers, and which layers manifests have.
//! * [`JobStore`] keeps which manifests are still to be indexed, and which could not be.
//! * [`GenerationStore`] keeps which snapshots make up which generation of the vulnerability data,
//!   which generation is served, and how the feeds did.
//! * [`LeaseStore`] keeps who may do a piece of work that only one may do.
//! * [`BlobStore`] keeps snapshot files where every node of a cluster can get them.
//!
//! Three promises hold for all of them. What a method has acknowledged is durable. A method that
//! changes several things changes all of them or none. A store has no clock: whoever calls it says
//! what time it is, so that expiry can be tested without waiting. Times are kept to the millisecond.
//!
//! The vulnerability data itself is not here but in snapshot files; a store knows their digests.
//! With the feature `conformance`, `conformance_suite!` makes one test per promise. With `metrics`,
//! `Measured` counts and times what any store does.

mod blob_store;
#[cfg(feature = "conformance")]
pub mod conformance;
mod error;
mod generation;
mod generation_store;
mod index_store;
mod job_store;
mod lease;
#[cfg(feature = "metrics")]
mod measured;
mod update_run;

pub use blob_store::BlobStore;
pub use error::{ErrorKind, StoreError};
pub use generation::{Activation, FeedSnapshot, Generation, PointerMove};
pub use generation_store::{GenerationStore, RUNS_PER_FEED};
pub use index_store::{IndexStore, LayerRecord, ManifestRecord};
pub use job_store::{Backlog, DEFAULT_URGENCY, IndexJob, JobClaim, JobEnd, JobState, JobStore};
pub use lease::{Acquisition, Lease, LeaseStore, expiry};
#[cfg(feature = "metrics")]
pub use measured::{Measured, StoreMetrics};
pub use update_run::{
    Build, DocumentFingerprint, FeedState, Outcome, QuarantinedRecord, UpdateRun,
};

/// A store that keeps everything but blobs.
pub trait Store: IndexStore + JobStore + GenerationStore + LeaseStore {}

impl<T: IndexStore + JobStore + GenerationStore + LeaseStore + ?Sized> Store for T {}
