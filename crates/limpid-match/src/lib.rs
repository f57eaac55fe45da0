//! From an index report and vulnerability data to findings.
//!
//! [`judge`] is the entry: a pure function of what an image contains ([`limpid_types::IndexReport`]),
//! of what is known ([`VulnerabilityData`]), of the time and of [`Options`]. It gives limpid's own
//! report, and [`clair_report`] puts the same findings into Clair's shape.
//!
//! Three rules shape this crate:
//!
//! * What cannot be judged is said, never left out. A distribution without a feed, a release that a
//!   feed holds nothing for, data that is too old, a version that does not parse: each is a gap of
//!   the report's coverage, and a report with a gap is not complete. [`judge`] has the table.
//! * Nothing in an index report or in an advisory fails the report; only damaged data does.
//! * The same input gives the same bytes.
//!
//! The crate reads no file and no clock, and knows nothing of how a report is shown.

mod candidates;
mod clair;
mod coverage;
mod data;
mod distributions;
mod end_of_life;
mod finding;
mod generation;
mod judge;
mod memory;
mod options;
mod release;
mod statements;

pub use clair::clair_report;
pub use data::{Candidate, CandidateTexts, DataError, FeedSnapshot, VulnerabilityData};
pub use generation::Generation;
pub use judge::{MatchError, judge};
pub use memory::MemoryData;
pub use options::Options;
