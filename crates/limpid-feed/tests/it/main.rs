//! The behaviour of every feed, seen through the public interface.

#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

mod alpine;
mod arch;
mod damaged;
mod debian;
mod discovery;
mod echo;
mod osv;
mod secdb;
mod support;
