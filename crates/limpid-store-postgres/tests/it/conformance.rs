use std::sync::Arc;

use async_trait::async_trait;
use limpid_store::conformance::{BlobHarness, Harness};
use limpid_store::{BlobStore, Store};
use limpid_store_postgres::PostgresStore;
use limpid_types::Digest;

use crate::server::Database;

/// Changes a byte of a blob's last part.
fn damage(database: &Database, digest: &Digest) {
    let key = format!("'\\x01{}'::bytea", digest.hex());
    database.sql(&format!(
        "UPDATE limpid.blob_part SET content = set_byte(content, 7, 255 - get_byte(content, 7))
         WHERE digest = {key}
         AND position = (SELECT max(position) FROM limpid.blob_part WHERE digest = {key})"
    ));
}

mod direct {
    use super::*;

    struct Direct(Database);

    #[async_trait]
    impl Harness for Direct {
        async fn create() -> Self {
            Self(Database::new())
        }

        async fn open(&self) -> Arc<dyn Store> {
            Arc::new(self.0.store().await)
        }
    }

    #[async_trait]
    impl BlobHarness for Direct {
        async fn create() -> Self {
            Self(Database::new())
        }

        async fn open(&self) -> Arc<dyn BlobStore> {
            Arc::new(self.0.store().await)
        }

        async fn damage(&self, digest: &Digest) {
            damage(&self.0, digest);
        }
    }

    limpid_store::conformance_suite!(Direct);
    limpid_store::blob_conformance_suite!(Direct);
}

mod through_pooler {
    use super::*;

    struct ThroughPooler(Database);

    impl ThroughPooler {
        async fn store(&self) -> PostgresStore {
            let settings = self.0.settings_through_pooler();
            PostgresStore::connect(&settings).await.unwrap()
        }
    }

    #[async_trait]
    impl Harness for ThroughPooler {
        async fn create() -> Self {
            Self(Database::new())
        }

        async fn open(&self) -> Arc<dyn Store> {
            Arc::new(self.store().await)
        }
    }

    #[async_trait]
    impl BlobHarness for ThroughPooler {
        async fn create() -> Self {
            Self(Database::new())
        }

        async fn open(&self) -> Arc<dyn BlobStore> {
            Arc::new(self.store().await)
        }

        async fn damage(&self, digest: &Digest) {
            damage(&self.0, digest);
        }
    }

    limpid_store::conformance_suite!(ThroughPooler);
    limpid_store::blob_conformance_suite!(ThroughPooler);
}
