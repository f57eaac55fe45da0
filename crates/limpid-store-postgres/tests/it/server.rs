//! One server for all tests, with a database for each.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use limpid_store_postgres::{PostgresSettings, PostgresStore};
use limpid_testkit::postgres::{PgBouncer, PostgresCluster};

/// A server and a pooler that both give each database two connections at most.
pub(crate) struct Server {
    pub(crate) cluster: PostgresCluster,
    pub(crate) pooler: PgBouncer,
}

impl Server {
    pub(crate) fn start() -> Self {
        let cluster = PostgresCluster::start();
        let pooler = PgBouncer::start(&cluster, 2);
        Self { cluster, pooler }
    }

    /// Returns the server that the tests share. It goes when the test program ends.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<Server> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }
}

/// An empty database for one test.
pub(crate) struct Database {
    pub(crate) server: &'static Server,
    pub(crate) parameters: BTreeMap<String, String>,
}

impl Database {
    pub(crate) fn new() -> Self {
        let server = Server::shared();
        let parameters = server.cluster.database();
        Self { server, parameters }
    }

    pub(crate) fn settings(&self) -> PostgresSettings {
        settings(self.parameters.clone())
    }

    pub(crate) fn settings_through_pooler(&self) -> PostgresSettings {
        settings(self.server.pooler.through(&self.parameters))
    }

    pub(crate) async fn store(&self) -> PostgresStore {
        PostgresStore::connect(&self.settings()).await.unwrap()
    }

    pub(crate) fn sql(&self, statements: &str) -> String {
        let name = &self.parameters["dbname"];
        self.server.cluster.sql(name, statements)
    }
}

/// Returns settings with the smallest pool that has to work.
pub(crate) fn settings(parameters: BTreeMap<String, String>) -> PostgresSettings {
    let mut settings = PostgresSettings::new(parameters);
    settings.max_connections = 2;
    settings
}
