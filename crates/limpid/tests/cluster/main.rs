//! Several processes as one service: two indexers and two matchers behind nginx, which routes by
//! path, on one PostgreSQL behind PgBouncer in transaction mode.
//!
//! In the middle of the requests something is killed. What was acknowledged has to be there
//! afterwards, nothing may be indexed by two at once, and clients may only see failures that say
//! that trying again may help.
#![expect(
    clippy::unwrap_used,
    reason = "a helper that fails is a test that fails"
)]

mod cluster;
mod images;
mod nginx;
mod node;
mod traffic;

use cluster::{Cluster, Victim};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_indexer_that_is_killed_loses_nothing() {
    Cluster::start().await.survive(Victim::Indexer).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_matcher_that_is_killed_loses_nothing() {
    Cluster::start().await.survive(Victim::Matcher).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_restarted_loses_nothing() {
    Cluster::start().await.survive(Victim::Database).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_are_replaced_one_by_one_drop_no_request() {
    Cluster::start().await.roll().await;
}
