use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// Keeps requests to the same host apart.
#[derive(Debug)]
pub(crate) struct Pace {
    interval: Duration,
    next: Mutex<HashMap<String, Instant>>,
}

impl Pace {
    pub(crate) fn new(interval: Duration) -> Self {
        Self {
            interval,
            next: Mutex::default(),
        }
    }

    /// Waits until it is this request's turn.
    pub(crate) async fn wait(&self, host: &str) {
        let turn = self.take_turn(host);
        sleep_until(turn).await;
    }

    fn take_turn(&self, host: &str) -> Instant {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let turn = next.get(host).map_or(now, |&free| free.max(now));
        next.insert(host.to_owned(), turn + self.interval);
        turn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn requests_to_one_host_are_kept_apart() {
        let pace = Pace::new(Duration::from_secs(1));
        let start = Instant::now();
        for _ in 0..4 {
            pace.wait("a.example").await;
        }
        pace.wait("b.example").await;
        assert_eq!(start.elapsed().as_secs(), 3);
    }
}
