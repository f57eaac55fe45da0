//! From an index report and vulnerability data to findings, and the service that does it.
//!
//! [`judge`] is the heart: a pure function of what an image contains ([`limpid_types::IndexReport`]),
//! of what is known ([`VulnerabilityData`]), of the time and of [`Options`]. It gives limpid's own
//! report, and [`clair_report`] puts the same findings into Clair's shape. [`affected`] asks the
//! other way round: which of some vulnerabilities an image has, by the same rules.
//!
//! Three rules shape the judgement:
//!
//! * What cannot be judged is said, never left out. A distribution without a feed, a release that a
//!   feed holds nothing for, data that is too old, a version that does not parse: each is a gap of
//!   the report's coverage, and a report with a gap is not complete. [`judge`] has the table.
//! * Nothing in an index report or in an advisory fails the report; only damaged data does.
//! * The same input gives the same bytes.
//!
//! Around it is the service. [`ServedData`] follows the store and keeps the generation open that
//! is served; [`MatchService`] makes reports by it for many at once, and shows the snapshots of
//! the generations as the update operations that Clair's clients know ([`UpdateOperation`],
//! [`Diff`]).
//!
//! The judgement reads no file and no clock; the service does. Neither knows how a report is shown
//! or sent, nor where index reports come from ([`IndexReports`]).

mod affected;
mod candidates;
mod clair;
mod containers;
mod coverage;
mod data;
mod diff;
mod distributions;
mod end_of_life;
mod fault;
mod finding;
mod generation;
mod index_reports;
mod jars;
mod judge;
mod languages;
mod memory;
mod metrics;
mod minor_release;
mod opening;
mod options;
mod package_judge;
mod products;
mod purl;
mod release;
mod served_data;
mod service;
mod snapshot_folder;
mod statements;
mod unique_name;
mod update_operation;
mod updater_name;

pub use affected::{affected, names};
pub use clair::{clair_index, clair_report};
pub use containers::once_per_image;
pub use data::{
    Candidate, CandidateTexts, DataError, FeedSnapshot, MissingFeed, VulnerabilityData,
};
pub use diff::{Changes, Diff};
pub use fault::MatchFault;
pub use generation::Generation;
pub use index_reports::{IndexReports, IndexReportsFault, IndexVersion};
pub use judge::{MatchError, judge};
pub use memory::MemoryData;
pub use opening::open_generation;
pub use options::Options;
pub use purl::purl;
pub use served_data::ServedData;
pub use service::{MatchService, MatchSettings, PackedReport};
pub use snapshot_folder::{SnapshotFault, SnapshotFolder};
pub use update_operation::{OperationKind, UpdateOperation};
