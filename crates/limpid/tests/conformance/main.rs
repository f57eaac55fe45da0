//! Compares limpid with recorded answers and native tools, over real images, databases and feeds.
//!
//! `LIMPID_CONFORMANCE_DATA` names the folder that holds them. Without it, or when something in it
//! is missing, these tests fail: a comparison that did not take place is not a pass. They run with
//! `cargo test --package limpid --features conformance --test conformance`.
#![expect(
    clippy::unwrap_used,
    reason = "a helper that fails is a test that fails"
)]

mod alpine_findings;
mod archives;
mod databases;
mod debian_findings;
mod distributions;
mod executables;
mod installed_packages;
mod judged;
mod language_java;
mod limpid;
mod lock_files;
mod mirror;
mod openapi;
mod osv_databases;
mod ownership;
mod packages;
mod red_hat_findings;
mod rhel;
mod rpm_findings;
mod rpm_tool;
mod suse_findings;
mod ubuntu_findings;
