use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use limpid_store::StoreError;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::connection::{open_reader, open_writer};
use crate::failure::Failure;
use crate::migrations::migrate;
use crate::{read_only, space};

/// How many readers of one process work at the same time.
const READERS: usize = 4;

/// A store in one SQLite file.
#[derive(Clone)]
pub struct SqliteStore {
    inner: Arc<Inner>,
    reading: Arc<Semaphore>,
    /// Writers wait here and not for the mutex, where each would block a thread.
    writing: Arc<Semaphore>,
}

struct Inner {
    path: PathBuf,
    access: Access,
}

/// What may be done with the file.
enum Access {
    Full {
        writer: Mutex<Connection>,
        idle_readers: Mutex<Vec<Connection>>,
    },
    ReadOnly,
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
        let access = Access::Full {
            writer: Mutex::new(writer),
            idle_readers: Mutex::new(Vec::new()),
        };
        Ok(Self::new(path, access))
    }

    /// Opens the store at a path without changing anything, also in a folder that cannot be
    /// written; none when there is no store. All writing fails with
    /// [`ErrorKind::Unavailable`](limpid_store::ErrorKind::Unavailable).
    ///
    /// Others may write to it meanwhile. A reading that this disturbs, which can happen when they
    /// begin to, fails with [`ErrorKind::Busy`](limpid_store::ErrorKind::Busy).
    ///
    /// # Errors
    ///
    /// A file that is not a store, that an older or newer program has made or that cannot be read
    /// is an error.
    pub fn open_read_only(path: impl Into<PathBuf>) -> Result<Option<Self>, StoreError> {
        let path = path.into();
        let is_there = read_only::check(&path)
            .map_err(|failure| failure.during("open the database for reading", &path))?;
        Ok(is_there.then(|| Self::new(path, Access::ReadOnly)))
    }

    fn new(path: PathBuf, access: Access) -> Self {
        Self {
            inner: Arc::new(Inner { path, access }),
            reading: Arc::new(Semaphore::new(READERS)),
            writing: Arc::new(Semaphore::new(1)),
        }
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
        self.run(&self.writing, operation, |inner| inner.write(work))
            .await
    }

    /// Runs a transaction that deletes what may be large, and gives some of the space back.
    pub(crate) async fn delete<T, W>(
        &self,
        operation: &'static str,
        work: W,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    {
        self.write(operation, |transaction| {
            let value = work(transaction)?;
            space::reclaim(transaction)?;
            Ok(value)
        })
        .await
    }

    /// Runs queries that all see the same state.
    pub(crate) async fn read<T, W>(&self, operation: &'static str, work: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        self.run(&self.reading, operation, |inner| inner.read(work))
            .await
    }

    async fn run<T, W>(
        &self,
        turn: &Arc<Semaphore>,
        operation: &'static str,
        work: W,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: FnOnce(&Inner) -> Result<T, Failure> + Send + 'static,
    {
        let inner = Arc::clone(&self.inner);
        // The semaphores are never closed. The permit goes along with the work, because that goes
        // on when the caller is dropped.
        let permit = Arc::clone(turn).acquire_owned().await.ok();
        let done = spawn_blocking(move || {
            let _permit = permit;
            work(&inner)
        })
        .await;
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
        let Access::Full { writer, .. } = &self.access else {
            return Err(Failure::ReadOnly);
        };
        // A panic below has rolled its transaction back, so the connection is still good.
        let mut writer = lock(writer);
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let value = work(&transaction)?;
        transaction.commit()?;
        Ok(value)
    }

    fn read<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, Failure> {
        let Access::Full { idle_readers, .. } = &self.access else {
            return read_only::read(&self.path, |connection| Ok(work(connection)?));
        };
        let idle = lock(idle_readers).pop();
        let mut reader = match idle {
            Some(reader) => reader,
            None => open_reader(&self.path)?,
        };
        let transaction = reader.transaction()?;
        let value = work(&transaction)?;
        drop(transaction);
        lock(idle_readers).push(reader);
        Ok(value)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
