//! The store of a cluster keeps the promises of the traits, directly and behind PgBouncer, and
//! survives what happens to servers and connections.

#![expect(clippy::unwrap_used, reason = "these are tests")]

mod blob_leftovers;
mod conformance;
mod connections;
mod migrations;
mod restart;
mod server;
mod tls;
