//! What a snapshot promises: every field comes back, in any order of input, from little memory,
//! and damage is an error.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod building;
mod carrying;
mod damage;
mod format;
mod frame;
mod lookup;
mod notes;
mod sample;
