use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use deadpool_postgres::{Object, Transaction};
use tokio::time::timeout;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{IsolationLevel, Row};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::failure::Failure;

/// A parameter of a statement with its type.
pub(crate) type Parameter<'a> = (&'a (dyn ToSql + Sync), Type);

/// How long asking the server to stop a statement may take.
const CANCEL_LIMIT: Duration = Duration::from_secs(5);

/// The connection of one piece of work. Nothing but typed statements that are sent once can be done
/// with it, because nothing else survives a pooler.
///
/// When it is dropped while a statement is under way, because its time is over or nobody wants the
/// answer any more, the server is asked to stop and the connection does not go back to the pool.
pub(crate) struct Connection {
    /// Always there until the end.
    object: Option<Object>,
    is_spoilt: AtomicBool,
    limit: Duration,
    tls: MakeRustlsConnect,
}

/// A transaction; what it did is undone unless it is committed.
pub(crate) struct Unit<'a> {
    transaction: Transaction<'a>,
    is_spoilt: &'a AtomicBool,
    limit: Duration,
}

impl Connection {
    pub(crate) fn new(object: Object, limit: Duration, tls: MakeRustlsConnect) -> Self {
        Self {
            object: Some(object),
            is_spoilt: AtomicBool::new(false),
            limit,
            tls,
        }
    }

    /// Sends one statement, which is a transaction of its own. It must be one that may be done
    /// twice.
    pub(crate) async fn rows(
        &self,
        sql: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<Row>, Failure> {
        let Some(object) = &self.object else {
            return Ok(Vec::new());
        };
        let sent = object.query_typed(sql, parameters);
        watch(&self.is_spoilt, self.limit, sent).await
    }

    /// Begins a transaction.
    pub(crate) async fn begin(&mut self) -> Result<Unit<'_>, Failure> {
        let Some(object) = &mut self.object else {
            return Err(Failure::Overtaken);
        };
        let begun = object
            .build_transaction()
            .isolation_level(IsolationLevel::ReadCommitted)
            .start();
        let transaction = watch(&self.is_spoilt, self.limit, begun).await?;
        Ok(Unit {
            transaction,
            is_spoilt: &self.is_spoilt,
            limit: self.limit,
        })
    }
}

impl Unit<'_> {
    /// Sends one statement.
    pub(crate) async fn rows(
        &self,
        sql: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<Row>, Failure> {
        let sent = self.transaction.query_typed(sql, parameters);
        watch(self.is_spoilt, self.limit, sent).await
    }

    /// Sends one statement that returns at most one row.
    pub(crate) async fn row(
        &self,
        sql: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Option<Row>, Failure> {
        Ok(self.rows(sql, parameters).await?.into_iter().next())
    }

    /// Sends one statement that returns nothing. Returns how many rows it changed.
    pub(crate) async fn change(
        &self,
        sql: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<u64, Failure> {
        let sent = self.transaction.execute_typed(sql, parameters);
        watch(self.is_spoilt, self.limit, sent).await
    }

    /// Sends several statements without parameters, however long they take.
    pub(crate) async fn batch(&self, sql: &str) -> Result<(), Failure> {
        let sent = self.transaction.batch_execute(sql);
        watch(self.is_spoilt, Duration::MAX, sent).await
    }

    /// Waits until no other transaction has a lock, and takes it until the end of this one.
    pub(crate) async fn lock(&self, lock: Lock) -> Result<(), Failure> {
        self.change(
            "SELECT pg_advisory_xact_lock($1, $2)",
            &[(&LOCKS, Type::INT4), (&(lock as i32), Type::INT4)],
        )
        .await?;
        Ok(())
    }

    /// Makes durable what was done.
    pub(crate) async fn commit(self) -> Result<(), Failure> {
        let Self {
            transaction,
            is_spoilt,
            limit,
        } = self;
        watch(is_spoilt, limit, transaction.commit())
            .await
            .map_err(Failure::of_commit)
    }
}

/// Tells our locks from those of others in the same database: `lmpd`.
const LOCKS: i32 = 0x6c6d_7064;

/// Locks that are held until the end of a transaction.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Lock {
    /// Whoever changes the schema.
    Schema = 1,
    /// Whoever takes layers away from manifests, or forgets layers.
    Layers = 2,
    /// Whoever makes or forgets generations.
    Generations = 3,
    /// Whoever completes or removes blobs.
    Blobs = 4,
}

/// Waits for an answer. Until it is there, and when it says so, the connection is spoilt.
async fn watch<T>(
    is_spoilt: &AtomicBool,
    limit: Duration,
    answer: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, Failure> {
    is_spoilt.store(true, Ordering::Relaxed);
    let answer = timeout(limit, answer)
        .await
        .map_err(|_| Failure::Timeout(limit))
        .and_then(|answer| answer.map_err(Failure::from));
    let is_good = !answer.as_ref().is_err_and(Failure::spoils_connection);
    is_spoilt.store(!is_good, Ordering::Relaxed);
    answer
}

impl Drop for Connection {
    fn drop(&mut self) {
        if !*self.is_spoilt.get_mut() {
            return;
        }
        let Some(client) = self.object.take().map(Object::take) else {
            return;
        };
        if client.is_closed() {
            return;
        }
        let cancel = client.cancel_token();
        let tls = self.tls.clone();
        drop(client);
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                // Nothing can be done when it fails: the server finds out by itself, later.
                let _ = timeout(CANCEL_LIMIT, cancel.cancel_query(tls)).await;
            });
        }
    }
}
