use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use limpid_store::StoreError;

use crate::database::{Database, PoolStatistics};
use crate::migrations;
use crate::settings::PostgresSettings;

/// A store in a PostgreSQL database.
#[derive(Clone)]
pub struct PostgresStore {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) database: Database,
    /// The rows of the sets of detectors that were written under; there are one or two.
    pub(crate) detector_sets: Mutex<BTreeMap<String, i32>>,
}

impl PostgresStore {
    /// Connects to the database, and creates the tables or brings them up to date if the settings
    /// say so.
    ///
    /// # Errors
    ///
    /// A server that cannot be reached, parameters or files that cannot be read, tables that are
    /// missing and may not be created, and tables that a newer program has changed so that this one
    /// cannot work with them are errors.
    pub async fn connect(settings: &PostgresSettings) -> Result<Self, StoreError> {
        let database = Database::new(settings)
            .map_err(|failure| failure.during("connect", &settings.location()))?;
        migrations::prepare(&database, settings.migrate).await?;
        Ok(Self {
            inner: Arc::new(Inner {
                database,
                detector_sets: Mutex::default(),
            }),
        })
    }

    /// Returns where the store is, without user and password.
    pub fn location(&self) -> &str {
        self.inner.database.location()
    }

    /// Returns how the connections are used.
    pub fn pool_statistics(&self) -> PoolStatistics {
        self.inner.database.statistics()
    }

    pub(crate) fn database(&self) -> &Database {
        &self.inner.database
    }

    pub(crate) fn known_set(&self, name: &str) -> Option<i32> {
        let sets = self.inner.detector_sets.lock();
        sets.unwrap_or_else(PoisonError::into_inner)
            .get(name)
            .copied()
    }

    pub(crate) fn remember_set(&self, name: &str, id: i32) {
        let sets = self.inner.detector_sets.lock();
        sets.unwrap_or_else(PoisonError::into_inner)
            .insert(name.to_owned(), id);
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PostgresStore")
            .field(&self.location())
            .finish()
    }
}
