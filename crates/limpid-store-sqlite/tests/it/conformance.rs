use std::sync::Arc;

use async_trait::async_trait;
use limpid_store::Store;
use limpid_store::conformance::Harness;
use limpid_store_sqlite::SqliteStore;
use tempfile::TempDir;

struct Sqlite {
    directory: TempDir,
}

#[async_trait]
impl Harness for Sqlite {
    async fn create() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
        }
    }

    async fn open(&self) -> Arc<dyn Store> {
        Arc::new(SqliteStore::open(self.directory.path().join("state.db")).unwrap())
    }
}

limpid_store::conformance_suite!(Sqlite);
