//! One module for each command.

pub(crate) mod check_config;
pub(crate) mod completions;
pub(crate) mod demo;
pub(crate) mod feeds;
mod image;
pub(crate) mod index;
pub(crate) mod match_report;
mod report;
pub(crate) mod scan;
pub(crate) mod serve;
pub(crate) mod update;
