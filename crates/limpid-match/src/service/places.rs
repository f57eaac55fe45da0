use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::{Semaphore, SemaphorePermit};

/// How many requests may wait for a place for each that has one: some seconds' worth, if all of
/// their reports have to be made.
const WAITING_PER_PLACE: usize = 64;

/// Places for requests that hold an index report, which is large; the others wait in turn.
pub(super) struct Places {
    permits: Semaphore,
    limit: i64,
    waiting: Gauge,
}

/// So many requests wait that one more would not be answered in good time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Full;

impl Places {
    /// Makes places; how many wait is shown in a metric.
    pub(super) fn new(places: usize, waiting: Gauge) -> Self {
        let limit = places.saturating_mul(WAITING_PER_PLACE);
        Self {
            permits: Semaphore::new(places.max(1)),
            limit: i64::try_from(limit).unwrap_or(i64::MAX),
            waiting,
        }
    }

    /// Waits for a place, which is given back when the permit is dropped.
    pub(super) async fn take(&self) -> Result<SemaphorePermit<'_>, Full> {
        if let Ok(permit) = self.permits.try_acquire() {
            return Ok(permit);
        }
        let waiting = Waiting(&self.waiting);
        if waiting.0.inc() >= self.limit {
            return Err(Full);
        }
        // The semaphore is never closed.
        self.permits.acquire().await.map_err(|_| Full)
    }
}

/// A request that waits, until this is dropped.
struct Waiting<'a>(&'a Gauge);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::task::{JoinSet, yield_now};

    use super::*;

    #[tokio::test]
    async fn requests_wait_in_turn_and_too_many_are_refused() {
        let waiting = Gauge::default();
        let places = Arc::new(Places::new(1, waiting.clone()));
        let first = places.take().await.unwrap();
        let mut others = JoinSet::new();
        for _ in 0..WAITING_PER_PLACE {
            let places = Arc::clone(&places);
            others.spawn(async move { places.take().await.map(drop) });
        }
        while waiting.get() < i64::try_from(WAITING_PER_PLACE).unwrap() {
            yield_now().await;
        }
        assert_eq!(places.take().await.err(), Some(Full));
        drop(first);
        while let Some(other) = others.join_next().await {
            assert_eq!(other.unwrap(), Ok(()));
        }
        assert_eq!(waiting.get(), 0);
        assert!(places.take().await.is_ok());
    }

    #[tokio::test]
    async fn who_gives_up_waiting_waits_no_longer() {
        let waiting = Gauge::default();
        let places = Places::new(1, waiting.clone());
        let _first = places.take().await.unwrap();
        {
            let second = places.take();
            tokio::pin!(second);
            tokio::select! {
                biased;
                _ = &mut second => panic!("there is one place"),
                () = yield_now() => {}
            }
            assert_eq!(waiting.get(), 1);
        }
        assert_eq!(waiting.get(), 0);
    }
}
