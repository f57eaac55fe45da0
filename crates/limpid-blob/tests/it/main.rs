//! Both blob stores keep the promises of the trait; what is special about each.

#![expect(clippy::unwrap_used, reason = "these are tests")]

mod conformance;
mod directory;
mod faults;
mod service;
mod signature;
