//! Brings the vulnerability data up to date: runs feeds, builds snapshots, activates generations.
//!
//! [`Updater::update`] asks every family for its feeds and runs each feed on its own: its documents
//! are fetched if they changed, parsed into a snapshot file, and looked at for plausibility. What
//! succeeded is activated as one new generation; whatever failed keeps what it had. An update in
//! which nothing changed writes nothing but the time.
//!
//! # What a kill leaves behind
//!
//! A snapshot file is complete and durable under its final name before the generation that refers
//! to it is written, in one transaction. So at every instant the generation that is served has all
//! its files. A killed update leaves files that nothing refers to; the next one removes them.
//!
//! # One at a time
//!
//! An update works under a lease of the store. Its fencing token is checked in the transactions
//! that activate and retire generations, so an updater that lost the lease cannot do harm.
//!
//! # Roll back
//!
//! [`Updater::roll_back`] moves the pointer to an earlier generation. What a feed said last is not
//! activated again by later updates until the feed says something else, or until it is forced.

mod activation;
mod cleaning;
mod discovery;
mod documents;
mod error;
mod feed_run;
mod holder;
mod options;
mod parse;
mod plausibility;
mod probe;
mod process;
mod roll_back;
mod schedule;
mod selection;
mod summary;
mod updater;

pub use error::UpdateError;
pub use options::{Progress, UpdateOptions};
pub use roll_back::RollBack;
pub use summary::{FailedFamily, UpdateSummary};
pub use updater::Updater;
