use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::activity::Activity;
use super::settings::ServerSettings;
use crate::metrics::ServerMetrics;

/// How long to wait until looking again for an idle connection when none was idle.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// How long a connection is safe that has just been opened or answered.
const GRACE: Duration = Duration::from_millis(200);

/// The connections that are open, and room for more.
#[derive(Debug)]
pub(super) struct Connections {
    started: Instant,
    open: Mutex<Open>,
    room: Arc<Semaphore>,
    closed: Notify,
    metrics: ServerMetrics,
}

#[derive(Debug, Default)]
struct Open {
    next: u64,
    by_number: HashMap<u64, Arc<Activity>>,
}

/// One open connection; dropping it makes room for another.
#[derive(Debug)]
pub(super) struct Connection {
    number: u64,
    pub(super) activity: Arc<Activity>,
    connections: Arc<Connections>,
    room: Option<OwnedSemaphorePermit>,
}

impl Connections {
    pub(super) fn new(limit: usize, metrics: ServerMetrics) -> Self {
        Self {
            started: Instant::now(),
            open: Mutex::default(),
            room: Arc::new(Semaphore::new(limit.clamp(1, Semaphore::MAX_PERMITS))),
            closed: Notify::new(),
            metrics,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for room for one more connection, asking for the one that has been idle for longest
    /// to be closed when there is none.
    pub(super) async fn room(&self) -> OwnedSemaphorePermit {
        loop {
            if let Ok(permit) = Arc::clone(&self.room).try_acquire_owned() {
                return permit;
            }
            // Registered before looking, so that no closing in between is missed.
            let closed = self.closed.notified();
            if self.close_longest_idle() {
                self.metrics.evicted.inc();
            }
            // One that is busy now may be idle soon, of which nobody tells.
            let _ = tokio::time::timeout(LOOK_AGAIN, closed).await;
        }
    }

    fn close_longest_idle(&self) -> bool {
        let open = self.lock();
        let idle = open.by_number.values().filter(|one| one.is_idle_for(GRACE));
        let Some(longest) = idle.min_by_key(|one| one.moved()) else {
            return false;
        };
        longest.close();
        true
    }

    pub(super) fn add(self: &Arc<Self>, room: OwnedSemaphorePermit) -> Connection {
        let activity = Arc::new(Activity::new(self.started));
        let mut open = self.lock();
        let number = open.next;
        open.next += 1;
        open.by_number.insert(number, Arc::clone(&activity));
        self.metrics.connections.inc();
        Connection {
            number,
            activity,
            connections: Arc::clone(self),
            room: Some(room),
        }
    }

    /// Asks for all connections to be closed that are beyond a limit.
    pub(super) fn sweep(&self, settings: &ServerSettings) {
        let open = self.lock();
        for activity in open.by_number.values() {
            if let Some(overdue) = activity.overdue(settings) {
                tracing::debug!(?overdue, "closing connection");
                activity.close();
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.lock().by_number.len()
    }

    /// Waits until no connection is open.
    pub(super) async fn all_closed(&self) {
        loop {
            let closed = self.closed.notified();
            if self.len() == 0 {
                return;
            }
            closed.await;
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.connections.lock().by_number.remove(&self.number);
        self.connections.metrics.connections.dec();
        // Whoever is woken looks for room at once.
        drop(self.room.take());
        self.connections.closed.notify_waiters();
    }
}
