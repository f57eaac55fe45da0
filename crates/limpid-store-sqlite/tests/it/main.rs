//! The embedded store keeps the promises of the traits, and treats files with care.

#![expect(clippy::unwrap_used, reason = "these are tests")]

mod conformance;
mod opening;
mod packages;
mod processes;
mod reading_only;
mod space;
