//! The embedded store: one SQLite file, no server.
//!
//! [`SqliteStore::open`] is the entry point. The file is in WAL mode, so readers never wait for the
//! writer; a commit is on the disk when it is acknowledged (`synchronous = FULL`). Within a process
//! there is one writing connection and a handful of reading ones, all used on blocking threads.
//! Several processes may have the file open; their writers wait for each other.
//!
//! [`SqliteStore::open_read_only`] changes nothing in the folder of the file, not even beside it.
//!
//! What deleted rows took is given back to the file system in portions, by the deletions themselves.
//!
//! What is at the path but is not a limpid store, or was changed by a newer program, is refused and
//! left as it is. The schema is in `migrations`; applied ones are known by name and checksum.

mod column;
mod connection;
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
mod read_only;
mod retention;
mod runs;
mod space;
mod store;

pub use store::SqliteStore;
