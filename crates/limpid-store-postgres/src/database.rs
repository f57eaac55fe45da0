use std::error::Error as _;
use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use deadpool_postgres::{
    Hook, HookError, Manager, ManagerConfig, Pool, PoolError, RecyclingMethod, Runtime, TimeoutType,
};
use limpid_store::StoreError;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::connection::Connection;
use crate::failure::Failure;
use crate::settings::PostgresSettings;

/// How long work that came to nothing through no fault of its own waits before it is tried again.
/// The last is followed by giving up: long enough for a lost connection or a deadlock, and not for
/// a server that stays away.
const PAUSES: [Duration; 5] = [
    Duration::from_millis(20),
    Duration::from_millis(80),
    Duration::from_millis(200),
    Duration::from_millis(500),
    Duration::from_secs(1),
];

/// The connections of a process to the database.
pub(crate) struct Database {
    pool: Pool,
    tls: MakeRustlsConnect,
    location: String,
    statement_limit: Duration,
    wait_limit: Duration,
    acquired: AtomicU64,
    waited_micros: AtomicU64,
}

/// How the connections of a process are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolStatistics {
    /// The most connections that are held.
    pub max: usize,
    /// Connections that are held.
    pub open: usize,
    /// Connections that are held and not used.
    pub idle: usize,
    /// Connections that are used.
    pub in_use: usize,
    /// Pieces of work that wait for a connection.
    pub waiting: usize,
    /// How often a connection was taken.
    pub acquired: u64,
    /// How long all who took one waited for it.
    pub waited: Duration,
}

impl Database {
    /// Sets the pool up; connects to nothing yet.
    pub(crate) fn new(settings: &PostgresSettings) -> Result<Self, Failure> {
        let (config, verification) = settings.driver()?;
        let tls = verification.connector()?;
        let connect_limit = config
            .get_connect_timeout()
            .copied()
            .unwrap_or(settings.connect_limit);
        // The other methods send statements for every piece of work.
        let recycling_method = RecyclingMethod::Fast;
        let manager = Manager::from_config(config, tls.clone(), ManagerConfig { recycling_method });
        let max_lifetime = settings.max_lifetime;
        let pool = Pool::builder(manager)
            .max_size(settings.max_connections.max(1))
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(settings.wait_limit))
            .create_timeout(Some(connect_limit))
            .pre_recycle(Hook::sync_fn(move |_, metrics| {
                if metrics.age() > max_lifetime {
                    return Err(HookError::message("its time is over"));
                }
                Ok(())
            }))
            .build()
            .map_err(|error| Failure::Handshake(Box::new(error)))?;
        Ok(Self {
            pool,
            tls,
            location: settings.location(),
            statement_limit: settings.statement_limit,
            wait_limit: settings.wait_limit,
            acquired: AtomicU64::new(0),
            waited_micros: AtomicU64::new(0),
        })
    }

    /// Does a piece of work, and again when nothing was changed and it may succeed another time.
    pub(crate) async fn work<T, F>(
        &self,
        operation: &'static str,
        attempt: impl Fn() -> F + Send + Sync,
    ) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, Failure>> + Send,
        T: Send,
    {
        let mut pauses = PAUSES.iter();
        loop {
            let failure = match attempt().await {
                Ok(value) => return Ok(value),
                Err(failure) => failure,
            };
            let pause = pauses.next().filter(|_| failure.is_transient());
            let Some(pause) = pause else {
                return Err(failure.during(operation, &self.location));
            };
            tracing::debug!(operation, %failure, "trying again");
            tokio::time::sleep(jittered(*pause)).await;
        }
    }

    /// Takes a connection for a piece of work.
    pub(crate) async fn connection(&self) -> Result<Connection, Failure> {
        let begun = Instant::now();
        let object = self.pool.get().await.map_err(|error| self.failure(error))?;
        let waited = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.acquired.fetch_add(1, Ordering::Relaxed);
        self.waited_micros.fetch_add(waited, Ordering::Relaxed);
        Ok(Connection::new(
            object,
            self.statement_limit,
            self.tls.clone(),
        ))
    }

    fn failure(&self, error: PoolError) -> Failure {
        match error {
            PoolError::Timeout(TimeoutType::Wait) => Failure::NoConnection(self.wait_limit),
            // A refusal by the server says more than that there is no connection.
            PoolError::Backend(error) if error.as_db_error().is_some() => error.into(),
            PoolError::Backend(error) if is_out_of_reach(&error) => {
                Failure::Connect(Box::new(error))
            }
            other => Failure::Handshake(Box::new(other)),
        }
    }

    pub(crate) fn location(&self) -> &str {
        &self.location
    }

    pub(crate) fn statistics(&self) -> PoolStatistics {
        let status = self.pool.status();
        PoolStatistics {
            max: status.max_size,
            open: status.size,
            idle: status.available,
            in_use: status.size.saturating_sub(status.available),
            waiting: status.waiting,
            acquired: self.acquired.load(Ordering::Relaxed),
            waited: Duration::from_micros(self.waited_micros.load(Ordering::Relaxed)),
        }
    }
}

/// Tells whether there is no way to the server now. Time-outs and a certificate that is not trusted
/// do not pass by themselves so soon that waiting for it would be worthwhile.
fn is_out_of_reach(error: &tokio_postgres::Error) -> bool {
    let cause = error
        .source()
        .and_then(|cause| cause.downcast_ref::<io::Error>());
    cause.is_some_and(|cause| {
        !matches!(
            cause.kind(),
            io::ErrorKind::InvalidData | io::ErrorKind::TimedOut
        )
    })
}

/// Returns between half and all of a time, so that those who met once do not meet again.
fn jittered(time: Duration) -> Duration {
    let random = u32::try_from(RandomState::new().hash_one(()) % 512).unwrap_or_default();
    time / 2 + time * random / 1024
}
