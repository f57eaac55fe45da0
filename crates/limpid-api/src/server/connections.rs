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

/// One of how many connections is closed at a time when there is no room. Many come at a time when
/// there is none, and each should not have to wait for another to be found and closed.
const SHARE: usize = 64;

/// The connections that are open, and room for more.
#[derive(Debug)]
pub(super) struct Connections {
    started: Instant,
    /// How many are closed at a time to make room.
    batch: usize,
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
            batch: limit.div_ceil(SHARE).max(1),
            open: Mutex::default(),
            room: Arc::new(Semaphore::new(limit.clamp(1, Semaphore::MAX_PERMITS))),
            closed: Notify::new(),
            metrics,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for room for one more connection, asking for those that have been idle for longest to
    /// be closed when there is none.
    pub(super) async fn room(&self) -> OwnedSemaphorePermit {
        loop {
            if let Ok(permit) = Arc::clone(&self.room).try_acquire_owned() {
                return permit;
            }
            // Registered before looking, so that no closing in between is missed.
            let closed = self.closed.notified();
            self.metrics
                .evicted
                .inc_by(self.close_longest_idle() as u64);
            // One that is busy now may be idle soon, of which nobody tells.
            let _ = tokio::time::timeout(LOOK_AGAIN, closed).await;
        }
    }

    /// Returns how many were asked to be closed.
    fn close_longest_idle(&self) -> usize {
        let open = self.lock();
        let is_idle = |one: &Activity| one.is_idle_for(GRACE) && !one.is_closing();
        // When each has moved is looked at once: it may change while they are put in order.
        let mut idle: Vec<(u64, &Activity)> = open
            .by_number
            .values()
            .filter(|one| is_idle(one))
            .map(|one| (one.moved(), &**one))
            .collect();
        let count = idle.len().min(self.batch);
        if count < idle.len() {
            idle.select_nth_unstable_by_key(count, |(moved, _)| *moved);
        }
        for (_, longest) in idle.iter().take(count) {
            longest.close();
        }
        count
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

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    #[tokio::test(start_paused = true)]
    async fn of_many_connections_a_few_are_closed_at_a_time_those_idle_for_longest_first() {
        let connections = Arc::new(Connections::new(2 * SHARE, ServerMetrics::default()));
        let mut open = Vec::new();
        for _ in 0..2 * SHARE {
            open.push(connections.add(connections.room().await));
            advance(Duration::from_millis(1)).await;
        }
        // The second has just had a request, and the last are still safe.
        let second = &open[1].activity;
        second.begin(false);
        second.abandon();
        advance(GRACE / 2).await;
        for closing in [vec![0, 2], vec![0, 2, 3, 4]] {
            assert_eq!(connections.close_longest_idle(), 2);
            let places = open.iter().enumerate();
            let places = places.filter(|(_, one)| one.activity.is_closing());
            assert_eq!(places.map(|(place, _)| place).collect::<Vec<_>>(), closing);
        }
    }
}
