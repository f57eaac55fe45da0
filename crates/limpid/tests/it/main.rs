//! The program as its users meet it: arguments in, text and exit codes out.
#![expect(
    clippy::unwrap_used,
    reason = "a helper that fails is a test that fails"
)]

mod configured;
mod distributions;
mod exit_codes;
mod feeds;
mod inputs;
mod kill;
mod layers;
mod read_only;
mod reports;
mod startup;
mod workplace;

/// A client of the processes below, as the contract tests have it.
#[path = "../contract/client.rs"]
#[expect(dead_code, reason = "the contract tests use all of it")]
mod client;

/// A process of the service, as the contract tests start it.
#[path = "../contract/service.rs"]
#[expect(dead_code, reason = "the contract tests use all of it")]
mod service;
