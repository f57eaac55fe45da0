//! What the program says, as those hear it who listen.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod collector;
mod export;
mod logs;
mod metrics;
mod profiles;
mod propagation;
mod resources;

limpid_telemetry::install_allocator!();
