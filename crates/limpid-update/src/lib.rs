//! Brings the vulnerability data up to date: runs feeds, builds snapshots, activates generations.
//!
//! [`Updater::update`] asks every family for its feeds and runs each feed on its own: its documents
//! are fetched if they changed, parsed into a snapshot file, and looked at for plausibility. What
//! succeeded is activated as one new generation; whatever failed keeps what it had. An update in
//! which nothing changed writes nothing but the time. [`Updater::run_periodically`] does the same
//! in the background, feed by feed as they become due.
//!
//! A feed that has one document per vulnerability (a [`Collection`](limpid_feed::Collection)) is
//! brought up to date document by document: only what changed is fetched, and the rest is taken
//! over from the last snapshot. The snapshot says of each document which change of it was read, so
//! what is to be fetched depends on no clock.
//!
//! # What a source drops
//!
//! A namespace that a feed's documents do not speak of any more keeps the records that it had, and
//! so does a feed that its family does not list any more. The snapshot's table of notes
//! [`FROZEN_NOTES`](limpid_vulndb::FROZEN_NOTES) says since when.
//!
//! # Side by side with other nodes
//!
//! A feed is run under a lease of its own, so that the nodes of a cluster share the work and no
//! feed is run twice at a time. What is known of a feed is read under its lease. What nodes have to
//! say at the same time comes together by compare-and-swap: each puts its snapshots on top of the
//! generation that is served.
//!
//! Snapshots are shared, generations activated and old ones cleared away under one further lease.
//! The fencing tokens of both are checked in the transactions that activate and retire generations
//! and record runs, so a node that was taken for dead cannot do harm; nor can one whose clock is
//! wrong.
//!
//! # What a kill leaves behind
//!
//! A snapshot file is complete and durable under its final name, and shared with the other nodes,
//! before the generation that refers to it is written, in one transaction. So at every instant the
//! generation that is served has all its files. A killed update leaves files that nothing refers
//! to; a later one removes them.
//!
//! # Roll back
//!
//! [`Updater::roll_back`] moves the pointer to an earlier generation. What a feed said last is not
//! activated again by later updates until the feed says something else, or until it is forced.

mod attempt;
mod builder_sink;
mod building;
mod cleaning;
mod clock;
mod collection;
mod discovery;
mod documents;
mod due;
mod error;
mod feed_run;
mod frozen;
mod holder;
mod local;
mod metrics;
mod options;
mod parse;
mod periodic;
mod plausibility;
mod probe;
mod process;
mod publish;
mod reading;
mod roll_back;
mod round;
mod schedule;
mod selection;
mod sets;
mod summary;
mod updater;
mod vanished;
mod workshop;

pub use clock::{Clock, SystemClock};
pub use error::UpdateError;
pub use metrics::UpdateMetrics;
pub use options::{Progress, UpdateOptions};
pub use roll_back::RollBack;
pub use schedule::Schedule;
pub use sets::select_families;
pub use summary::{FailedFamily, SkipCause, SkippedFeed, UpdateSummary};
pub use updater::Updater;
