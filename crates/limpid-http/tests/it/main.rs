//! Both clients against servers that behave well and badly, and the fetcher against mirrors.

#![expect(clippy::unwrap_used, reason = "these are tests")]

mod conditional;
mod failures;
mod layer_limits;
mod layer_refusals;
mod layer_resume;
mod layer_support;
mod layer_tls;
mod local;
mod mirrors;
mod resume;
mod server;
mod silence;
mod support;
