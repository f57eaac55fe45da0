//! What the crate promises: the judgement, the service around it, and its view of the data.

mod affected;
mod clair;
mod coverage;
mod findings;
mod fixture;
mod generation;
mod installation;
mod languages;
mod lines;
mod operations;
mod red_hat;
mod served;
mod service;
mod test_store;
