use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::fault::LayerProblem;
use super::settings::LayerSettings;

/// How long a registry is waited for. The time that a reader takes is not the registry's.
pub(super) struct Patience {
    stall_timeout: Duration,
    total_timeout: Duration,
    rate_window: Duration,
    least_bytes: u64,
    /// Time that was waited in all.
    waited: Duration,
    /// Time that was waited in this window.
    window: Duration,
    /// Bytes that came in this window.
    bytes: u64,
}

impl Patience {
    pub(super) fn new(settings: &LayerSettings) -> Self {
        let seconds = settings.rate_window.as_secs_f64();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a rate need not be exact"
        )]
        let least_bytes = (settings.least_bytes_per_second as f64 * seconds) as u64;
        Self {
            stall_timeout: settings.stall_timeout,
            total_timeout: settings.total_timeout,
            rate_window: settings.rate_window,
            least_bytes,
            waited: Duration::ZERO,
            window: Duration::ZERO,
            bytes: 0,
        }
    }

    /// Waits for the registry to do something.
    pub(super) async fn wait<T>(
        &mut self,
        work: impl Future<Output = Result<T, reqwest::Error>>,
    ) -> Result<T, LayerProblem> {
        let left = self.total_timeout.saturating_sub(self.waited);
        let limit = self.stall_timeout.min(left);
        let start = Instant::now();
        let done = timeout(limit, work).await;
        let elapsed = start.elapsed();
        self.waited += elapsed;
        self.window += elapsed;
        match done {
            Ok(result) => result.map_err(LayerProblem::of),
            Err(_) if limit == left => Err(self.out_of_time()),
            Err(_) => Err(LayerProblem::Stalled { limit }),
        }
    }

    /// Begins to measure the rate.
    pub(super) fn begin_body(&mut self) {
        self.window = Duration::ZERO;
        self.bytes = 0;
    }

    /// Counts bytes that came. Fails at the end of a window in which too few did.
    pub(super) fn received(&mut self, bytes: usize) -> Result<(), LayerProblem> {
        self.bytes += bytes as u64;
        if self.window < self.rate_window {
            return Ok(());
        }
        if self.bytes < self.least_bytes {
            return Err(LayerProblem::TooSlow {
                bytes: self.bytes,
                waited: self.window,
            });
        }
        self.begin_body();
        Ok(())
    }

    /// Leaves the registry alone for a time.
    pub(super) async fn pause(&mut self, pause: Duration) -> Result<(), LayerProblem> {
        if self.waited + pause >= self.total_timeout {
            return Err(self.out_of_time());
        }
        sleep(pause).await;
        self.waited += pause;
        Ok(())
    }

    fn out_of_time(&self) -> LayerProblem {
        LayerProblem::OutOfTime {
            limit: self.total_timeout,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patience() -> Patience {
        Patience::new(&LayerSettings {
            least_bytes_per_second: 1000,
            rate_window: Duration::from_mins(1),
            stall_timeout: Duration::from_secs(30),
            total_timeout: Duration::from_mins(5),
            ..LayerSettings::default()
        })
    }

    async fn receive(
        patience: &mut Patience,
        after: u64,
        bytes: usize,
    ) -> Result<(), LayerProblem> {
        let work = async {
            sleep(Duration::from_secs(after)).await;
            Ok(())
        };
        patience.wait(work).await?;
        patience.received(bytes)
    }

    #[tokio::test(start_paused = true)]
    async fn a_registry_that_drips_is_too_slow() {
        let mut patience = patience();
        for _ in 0..2 {
            receive(&mut patience, 29, 1).await.unwrap();
        }
        let problem = receive(&mut patience, 29, 1).await.unwrap_err();
        let waited = Duration::from_secs(87);
        assert!(
            matches!(problem, LayerProblem::TooSlow { bytes: 3, waited: after } if after == waited),
            "{problem}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_registry_that_is_just_fast_enough_is_waited_for() {
        let mut patience = patience();
        for _ in 0..10 {
            receive(&mut patience, 20, 20_000).await.unwrap();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_may_take_its_time() {
        let mut patience = patience();
        for _ in 0..10 {
            receive(&mut patience, 1, 1).await.unwrap();
            sleep(Duration::from_secs(1000)).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn silence_ends_and_so_does_everything() {
        let mut patience = patience();
        let problem = receive(&mut patience, 31, 1).await.unwrap_err();
        assert!(matches!(problem, LayerProblem::Stalled { .. }), "{problem}");
        patience.pause(Duration::from_secs(260)).await.unwrap();
        let problem = receive(&mut patience, 29, 1).await.unwrap_err();
        assert!(
            matches!(problem, LayerProblem::OutOfTime { .. }),
            "{problem}"
        );
        let problem = patience.pause(Duration::from_mins(1)).await.unwrap_err();
        assert!(
            matches!(problem, LayerProblem::OutOfTime { .. }),
            "{problem}"
        );
    }
}
