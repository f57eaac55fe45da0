//! The fetcher against servers that behave well and badly, and against mirrors.

#![expect(clippy::unwrap_used, reason = "these are tests")]

mod conditional;
mod failures;
mod mirrors;
mod resume;
mod server;
mod support;
