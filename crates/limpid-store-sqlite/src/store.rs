use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use limpid_store::StoreError;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::connection::{open_reader, open_writer};
use crate::failure::Failure;
use crate::migrations::migrate;

/// How many readers of one process work at the same time.
const READERS: usize = 4;

/// A store in one SQLite file.
#[derive(Clone)]
pub struct SqliteStore {
    inner: Arc<Inner>,
}

struct Inner {
    path: PathBuf,
    writer: Mutex<Connection>,
    idle_readers: Mutex<Vec<Connection>>,
    reading: Semaphore,
    /// Writers wait here and not for the mutex, where each would block a thread.
    writing: Semaphore,
}

impl SqliteStore {
    /// Opens the store at a path, which is created with its directories when there is none.
    ///
    /// # Errors
    ///
    /// A file that is not a store, that a newer program has changed or that cannot be read or
    /// written is an error; it is left as it is.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let path = path.into();
        let opened = open_writer(&path).and_then(|mut writer| {
            migrate(&mut writer)?;
            Ok(writer)
        });
        let writer = opened.map_err(|failure| failure.during("open the database", &path))?;
        Ok(Self {
            inner: Arc::new(Inner {
                path,
                writer: Mutex::new(writer),
                idle_readers: Mutex::new(Vec::new()),
                reading: Semaphore::new(READERS),
                writing: Semaphore::new(1),
            }),
        })
    }

    /// Returns where the store is.
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// Runs a transaction that changes something. It is on the disk when this returns.
    pub(crate) async fn write<T, W>(
        &self,
        operation: &'static str,
        work: W,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    {
        let inner = Arc::clone(&self.inner);
        // The semaphores are never closed; without a permit the mutex alone keeps the order.
        let _permit = self.inner.writing.acquire().await.ok();
        let done = spawn_blocking(move || inner.write(work)).await;
        self.finish(operation, done)
    }

    /// Runs queries that all see the same state.
    pub(crate) async fn read<T, W>(&self, operation: &'static str, work: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let inner = Arc::clone(&self.inner);
        let _permit = self.inner.reading.acquire().await.ok();
        let done = spawn_blocking(move || inner.read(work)).await;
        self.finish(operation, done)
    }

    fn finish<T>(
        &self,
        operation: &'static str,
        done: Result<Result<T, Failure>, tokio::task::JoinError>,
    ) -> Result<T, StoreError> {
        done.map_err(Failure::Worker)
            .flatten()
            .map_err(|failure| failure.during(operation, &self.inner.path))
    }
}

impl Inner {
    fn write<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, Failure> {
        // A panic below has rolled its transaction back, so the connection is still good.
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let value = work(&transaction)?;
        transaction.commit()?;
        Ok(value)
    }

    fn read<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, Failure> {
        let idle = self.idle_readers().pop();
        let mut reader = match idle {
            Some(reader) => reader,
            None => open_reader(&self.path)?,
        };
        let transaction = reader.transaction()?;
        let value = work(&transaction)?;
        drop(transaction);
        self.idle_readers().push(reader);
        Ok(value)
    }

    fn idle_readers(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle_readers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
