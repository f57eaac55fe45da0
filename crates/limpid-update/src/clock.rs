use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

/// What time it is, and how to wait.
///
/// Whoever coordinates with others is handed one, so that a fortnight with clocks that jump can be
/// tested in seconds.
#[async_trait]
pub trait Clock: Send + Sync {
    /// Returns the time. It may jump, and other nodes may see another one.
    fn now(&self) -> Timestamp;

    /// Waits for some time, whatever happens to the time of day meanwhile.
    async fn sleep(&self, time: Duration);
}

/// The clock of the system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}
