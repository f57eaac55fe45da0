//! From an image to its index report: read what is not known yet, then coalesce.
//!
//! [`Indexer::index`] does it once, for the command line: it asks the store which layers are
//! known, reads the others once each (through `limpid-layer`, with the detectors of
//! `limpid-detect` on the walk), keeps their evidence, and makes the report with [`coalesce()`], a
//! pure function of the evidence. A report can therefore be made again at any time without a
//! layer, and is not kept in the store.
//!
//! [`IndexService`] does it for many clients at once. On its way, a manifest meets
//!
//! 1. the single flight of the process: who asks for the same joins;
//! 2. the store: a known manifest is answered from evidence, mostly from memory;
//! 3. the admission: so many at once as the memory budget allows, the most urgent first, a bounded
//!    queue for the others;
//! 4. the lease `index:DIGEST`: one process of all;
//! 5. the layers: each is read once, whoever wants it, from where a [`LayerOpener`] finds it.
//!
//! A failure is [`IndexFault::Terminal`] only when the image is bad for ever. Nothing of an image
//! is kept as indexed that could not be read to its end, or was cut short for want of memory.

mod admission;
mod cache;
mod cache_limits;
mod clock;
pub mod coalesce;
mod error;
mod evidence_codec;
mod fault;
mod footprint;
mod holding;
mod indexer;
mod jitter;
mod known_layers;
mod layer;
mod layer_client;
mod layer_opener;
mod layer_reads;
mod metrics;
mod progress;
mod reading;
mod service;
mod settings;
mod single_flight;
mod status;
mod urgency;

pub use cache_limits::CacheLimits;
pub use clock::Clock;
pub use coalesce::ownership::{Owner, owners};
pub use coalesce::{LayerFacts, coalesce};
pub use error::IndexError;
pub use fault::{FailureKind, IndexFault};
pub use indexer::Indexer;
pub use layer_opener::LayerOpener;
pub use metrics::IndexMetrics;
pub use progress::{NoProgress, Progress};
pub use reading::Reading;
pub use service::IndexService;
pub use settings::IndexSettings;
pub use status::{IndexState, IndexStatus};
pub use urgency::Urgency;
