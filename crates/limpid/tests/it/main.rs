//! The program as its users meet it: arguments in, text and exit codes out.

mod exit_codes;
mod feeds;
mod inputs;
mod kill;
mod reports;
mod workplace;
