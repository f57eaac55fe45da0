//! The store of a cluster: PostgreSQL, directly or behind PgBouncer in transaction mode.
//!
//! [`PostgresStore::connect`] is the entry point. Everything is in a schema `limpid` and is named
//! with it, so that the database may be one that Clair uses too. The schema is in `migrations`;
//! applied ones are known by name and checksum.
//!
//! Three rules hold for every piece of work, so that it survives a pooler between it and the server,
//! and so that two connections are enough for a process:
//!
//! 1. It takes one connection, and gives it back before it takes another.
//! 2. It leaves nothing in the session: no prepared statement, no setting, no lock, no listener.
//!    Statements are sent whole with the types of their parameters, once.
//! 3. What is not the same when it is done twice is done in a transaction: then it is known whether
//!    it was done, unless the connection breaks during the commit itself.

mod blobs;
mod column;
mod connection;
mod database;
mod failure;
mod generation_store;
mod generations;
mod index_store;
mod job_store;
mod jobs;
mod layers;
mod leases;
mod manifests;
mod migrations;
mod password_file;
mod retention;
mod runs;
mod settings;
mod store;
mod tls;

pub use database::PoolStatistics;
pub use settings::PostgresSettings;
pub use store::PostgresStore;
