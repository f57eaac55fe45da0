//! The whole: database, pooler, processes, proxy.

use std::collections::BTreeMap;
use std::sync::Arc;

use limpid_testkit::postgres::{PgBouncer, PostgresCluster, Shutdown};
use tempfile::TempDir;
use tokio::sync::oneshot;

use crate::images::Images;
use crate::nginx::Nginx;
use crate::node::Node;
use crate::traffic::Traffic;

/// Images of one test; each is indexed twice and reported once, which makes 500 requests and more.
const IMAGES: usize = 170;

/// What is killed in the middle.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Victim {
    Indexer,
    Matcher,
    Database,
}

/// A cluster of two indexers and two matchers.
pub(crate) struct Cluster {
    indexers: Vec<Node>,
    matchers: Vec<Node>,
    nginx: Nginx,
    images: Images,
    _pooler: PgBouncer,
    postgres: Arc<PostgresCluster>,
    _directory: TempDir,
}

impl Cluster {
    pub(crate) async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let postgres = Arc::new(PostgresCluster::start_with(&[("fsync", "on")]));
        let database = postgres.database();
        let pooler = PgBouncer::start(&postgres, 6);
        let images = Images::serve().await;
        let port = Nginx::choose_port();
        let connection = words(&pooler.through(&database));
        let configuration = format!(
            "log_level: info\n\
             indexer: {{connstring: \"{connection}\", migrations: true}}\n\
             matcher: {{connstring: \"{connection}\", migrations: true, \
             indexer_addr: \"http://127.0.0.1:{port}/\"}}\n\
             updaters: {{sets: [debian]}}\n\
             limpid:\n  feeds: {{mirror: \"{}\"}}\n  \
             layers: {{allow_networks: [127.0.0.0/8]}}",
            images.mirror()
        );
        let node = |name: &str, mode| Node::start(directory.path(), name, mode, &configuration);
        let mut indexers = vec![node("indexer-1", "indexer"), node("indexer-2", "indexer")];
        let mut matchers = vec![node("matcher-1", "matcher"), node("matcher-2", "matcher")];
        let ports = |nodes: &[Node]| nodes.iter().map(|node| node.port).collect::<Vec<_>>();
        let nginx =
            Nginx::start(directory.path(), port, &ports(&indexers), &ports(&matchers)).await;
        for node in indexers.iter_mut().chain(&mut matchers) {
            node.ready().await;
        }
        Self {
            indexers,
            matchers,
            nginx,
            images,
            _pooler: pooler,
            postgres,
            _directory: directory,
        }
    }

    /// Kills something in the middle of the requests, and lets it come back.
    pub(crate) async fn survive(mut self, victim: Victim) {
        let traffic = Traffic::new(self.nginx.port, self.images.clone());
        let (midway, reached) = oneshot::channel();
        let sending = tokio::spawn({
            let traffic = traffic.clone();
            async move { traffic.send(0..IMAGES, midway).await }
        });
        reached.await.unwrap();
        match victim {
            Victim::Indexer => restart(&mut self.indexers).await,
            Victim::Matcher => restart(&mut self.matchers).await,
            Victim::Database => self.postgres.restart(Shutdown::Immediate),
        }
        sending.await.unwrap();
        traffic.check().await;
        let seen = traffic.seen();
        assert_eq!(seen.fatal, Vec::<String>::new());
        assert_eq!(seen.acknowledged.len(), IMAGES);
        assert!(seen.answered >= 500, "only {} requests", seen.answered);
        assert_eq!(
            self.images.most_at_once(),
            1,
            "a layer was fetched by two at once"
        );
        if victim == Victim::Matcher {
            assert_eq!(self.images.fetched_again(), 0);
        }
    }

    /// Replaces all processes one after the other, while requests come in.
    pub(crate) async fn roll(mut self) {
        let traffic = Traffic::new(self.nginx.port, self.images.clone());
        let (midway, reached) = oneshot::channel();
        let sending = tokio::spawn({
            let traffic = traffic.clone();
            async move { traffic.send(0..IMAGES, midway).await }
        });
        reached.await.unwrap();
        for node in self.indexers.iter_mut().chain(&mut self.matchers) {
            node.stop().await;
            node.start_again();
            node.ready().await;
        }
        sending.await.unwrap();
        traffic.check().await;
        let seen = traffic.seen();
        assert_eq!(seen.fatal, Vec::<String>::new());
        assert_eq!(seen.failed, Vec::<String>::new(), "requests were dropped");
        assert_eq!(seen.acknowledged.len(), IMAGES);
    }
}

/// Writes the parameters of a connection as a connection string.
fn words(parameters: &BTreeMap<String, String>) -> String {
    let words: Vec<String> = parameters
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    words.join(" ")
}

/// Kills the first of some processes, and starts it again.
async fn restart(nodes: &mut [Node]) {
    let node = nodes.first_mut().unwrap();
    node.kill();
    node.start_again();
    node.ready().await;
}
