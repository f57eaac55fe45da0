//! From an image to its index report: read what is not known yet, then coalesce.
//!
//! [`Indexer::index`] is the entry. It asks the store which layers are known, reads the others
//! once each (through `limpid-layer`, with the detectors of `limpid-detect` on the walk), keeps
//! their evidence, and makes the report with [`coalesce()`], a pure function of the evidence. A
//! report can therefore be made again at any time without a layer.
//!
//! Nothing is kept of an image that could not be read to its end.

pub mod coalesce;
mod error;
mod evidence_codec;
mod indexer;
mod progress;
mod reading;

pub use coalesce::{LayerFacts, coalesce};
pub use error::IndexError;
pub use indexer::Indexer;
pub use progress::{NoProgress, Progress};
pub use reading::Reading;
