use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::watch;
use tokio::task::AbortHandle;
use tracing::Instrument as _;

/// Does a piece of work once for all who want its result at the same time.
///
/// The work is a task of its own: one who goes away does not disturb the others. When the last one
/// goes, the work is cancelled.
pub(crate) struct SingleFlight<K: Eq + Hash, V, C> {
    flights: Arc<Flights<K, V, C>>,
}

struct Flights<K: Eq + Hash, V, C>(Mutex<State<K, V, C>>);

struct State<K: Eq + Hash, V, C> {
    by_key: HashMap<K, Numbered<K, V, C>>,
    next: u64,
}

/// The number of a flight, which tells it from a later one of the same key, and the flight.
type Numbered<K, V, C> = (u64, Weak<Flight<K, V, C>>);

/// One piece of work that is being done.
struct Flight<K: Eq + Hash, V, C> {
    flights: Arc<Flights<K, V, C>>,
    key: K,
    number: u64,
    /// What those who wait can see of the work, and tell it.
    context: C,
    result: watch::Receiver<Option<V>>,
    task: AbortHandle,
}

/// A share in a piece of work; the last one that is dropped cancels it.
pub(crate) struct Share<K: Eq + Hash, V, C> {
    flight: Arc<Flight<K, V, C>>,
    /// Whether the work was begun for this share.
    pub(crate) is_first: bool,
}

impl<K, V, C> SingleFlight<K, V, C>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
    C: Clone + Send + Sync + 'static,
{
    pub(crate) fn new() -> Self {
        let state = State {
            by_key: HashMap::new(),
            next: 0,
        };
        Self {
            flights: Arc::new(Flights(Mutex::new(state))),
        }
    }

    /// Joins the work that is being done for a key, or else begins it.
    pub(crate) fn join<F>(&self, key: K, context: C, work: impl FnOnce(C) -> F) -> Share<K, V, C>
    where
        F: Future<Output = V> + Send + 'static,
    {
        let mut state = self.flights.lock();
        if let Some(flight) = state
            .by_key
            .get(&key)
            .and_then(|(_, flight)| flight.upgrade())
        {
            return Share {
                flight,
                is_first: false,
            };
        }
        let number = state.next;
        state.next += 1;
        let (sender, result) = watch::channel(None);
        let work = work(context.clone());
        let (flights, own) = (Arc::clone(&self.flights), key.clone());
        let task = async move {
            let value = work.await;
            // Whoever comes from now on begins anew instead of getting what is past.
            flights.forget(&own, number);
            sender.send_replace(Some(value));
        };
        let task = tokio::spawn(task.in_current_span()).abort_handle();
        let flight = Arc::new(Flight {
            flights: Arc::clone(&self.flights),
            key: key.clone(),
            number,
            context,
            result,
            task,
        });
        state.by_key.insert(key, (number, Arc::downgrade(&flight)));
        Share {
            flight,
            is_first: true,
        }
    }
}

impl<K: Eq + Hash, V: Clone, C> Share<K, V, C> {
    /// Returns what those who wait can see of the work.
    pub(crate) fn context(&self) -> &C {
        &self.flight.context
    }

    /// Waits for the result; none when the work ended in a panic.
    pub(crate) async fn result(&self) -> Option<V> {
        let mut result = self.flight.result.clone();
        let value = result.wait_for(Option::is_some).await.ok()?;
        value.clone()
    }
}

impl<K: Eq + Hash, V, C> Flights<K, V, C> {
    fn lock(&self) -> MutexGuard<'_, State<K, V, C>> {
        // Nothing panics between two changes that belong together.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn forget(&self, key: &K, number: u64) {
        let mut state = self.lock();
        if state.by_key.get(key).is_some_and(|(own, _)| *own == number) {
            state.by_key.remove(key);
        }
    }
}

impl<K: Eq + Hash, V, C> Drop for Flight<K, V, C> {
    fn drop(&mut self) {
        self.task.abort();
        self.flights.forget(&self.key, self.number);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::sync::{Notify, oneshot};

    use super::*;

    #[tokio::test]
    async fn work_that_many_want_is_done_once() {
        let flights = SingleFlight::<&str, u32, ()>::new();
        let begun = Arc::new(AtomicU32::new(0));
        let go = Arc::new(Notify::new());
        let shares: Vec<_> = (0..10)
            .map(|_| {
                let (begun, go) = (Arc::clone(&begun), Arc::clone(&go));
                flights.join("key", (), |()| async move {
                    go.notified().await;
                    begun.fetch_add(1, Ordering::Relaxed) + 1
                })
            })
            .collect();
        assert_eq!(shares.iter().filter(|share| share.is_first).count(), 1);
        go.notify_one();
        for share in &shares {
            assert_eq!(share.result().await, Some(1));
        }
    }

    #[tokio::test]
    async fn the_work_goes_on_until_the_last_one_leaves() {
        let flights = SingleFlight::<&str, (), ()>::new();
        let (alive, mut ended) = oneshot::channel::<()>();
        let first = flights.join("key", (), |()| async move {
            let _alive = alive;
            std::future::pending::<()>().await;
        });
        let second = flights.join("key", (), |()| std::future::pending());
        drop(first);
        tokio::task::yield_now().await;
        assert!(
            ended
                .try_recv()
                .is_err_and(|error| error == oneshot::error::TryRecvError::Empty)
        );
        drop(second);
        assert!(ended.await.is_err(), "the work was dropped");
    }

    #[tokio::test]
    async fn work_begins_anew_after_it_ended() {
        let flights = SingleFlight::<&str, u32, ()>::new();
        let first = flights.join("key", (), |()| async { 1 });
        assert_eq!(first.result().await, Some(1));
        let second = flights.join("key", (), |()| async { 2 });
        assert_eq!(second.result().await, Some(2));
    }

    #[tokio::test]
    async fn work_that_panics_has_no_result() {
        let flights = SingleFlight::<&str, u32, ()>::new();
        let share = flights.join("key", (), |()| async {
            assert_eq!(std::hint::black_box(1), 2, "a defect");
            1
        });
        assert_eq!(share.result().await, None);
    }
}
