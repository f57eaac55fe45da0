//! Behaviour of the judgement, from index report to report.

mod clair;
mod coverage;
mod findings;
mod fixture;
mod generation;
