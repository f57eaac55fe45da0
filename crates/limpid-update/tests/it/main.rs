//! Updates from mirrors: what is activated, what is held, and what a failure costs.

#![expect(clippy::unwrap_used, reason = "these are tests")]

mod activation_hook;
mod alone;
mod bench;
mod collection;
mod coordination;
mod discovery;
mod failures;
mod files;
mod firewall;
mod frozen;
mod network;
mod nodes;
mod periodic;
mod quiet;
mod roll_back;
mod shutdown;
mod toy;
mod toy_collection;
mod workers;
