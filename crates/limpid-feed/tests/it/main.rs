//! The behaviour of every feed, seen through the public interface.

#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

mod alpine;
mod amazon;
mod arch;
mod bottlerocket;
mod csaf;
mod csaf_damaged;
mod damaged;
mod debian;
mod discovery;
mod echo;
mod fedora;
mod gentoo;
mod osv;
mod osv_distributions;
mod oval;
mod private;
mod private_csaf;
mod redhat;
mod secdb;
mod site;
mod support;
mod ubuntu;
mod updateinfo;
mod vex;
