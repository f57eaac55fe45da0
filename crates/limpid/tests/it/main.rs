//! The program as its users meet it: arguments in, text and exit codes out.
#![expect(
    clippy::unwrap_used,
    reason = "a helper that fails is a test that fails"
)]

mod exit_codes;
mod feeds;
mod inputs;
mod kill;
mod reports;
mod workplace;
