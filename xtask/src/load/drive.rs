//! Drives requests, and counts what comes of them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

/// What came of many requests.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    latencies: Vec<Duration>,
    errors: BTreeMap<String, usize>,
    wall: Duration,
}

impl Outcome {
    /// Answers in a second.
    pub(super) fn rate(&self) -> f64 {
        let count = u32::try_from(self.latencies.len()).unwrap_or(u32::MAX);
        f64::from(count) / self.wall.as_secs_f64().max(f64::EPSILON)
    }

    /// The time within which so many of a thousand requests were answered, in milliseconds.
    pub(super) fn percentile(&self, per_mille: usize) -> f64 {
        let place = (self.latencies.len() * per_mille).div_ceil(1000).max(1) - 1;
        let latency = self.latencies.get(place).copied().unwrap_or_default();
        latency.as_secs_f64() * 1000.0
    }

    /// Requests that were answered as they should.
    pub(super) fn count(&self) -> usize {
        self.latencies.len()
    }

    /// What went wrong, how often.
    pub(super) fn errors(&self) -> &BTreeMap<String, usize> {
        &self.errors
    }

    fn add(&mut self, result: Result<Duration, String>) {
        match result {
            Ok(latency) => self.latencies.push(latency),
            Err(error) => *self.errors.entry(error).or_default() += 1,
        }
    }

    fn finish(mut self, started: Instant) -> Self {
        self.wall = started.elapsed();
        self.latencies.sort_unstable();
        self
    }
}

/// Makes requests 0 to `count`, so many at a time, each as soon as another is done.
pub(super) async fn closed<F, R>(count: usize, at_once: usize, request: F) -> Outcome
where
    F: Fn(usize) -> R + Send + Sync + 'static,
    R: Future<Output = Result<(), String>> + Send + 'static,
{
    let started = Instant::now();
    let request = Arc::new(request);
    let next = Arc::new(AtomicUsize::new(0));
    let mut clients = JoinSet::new();
    for _ in 0..at_once {
        let (request, next) = (Arc::clone(&request), Arc::clone(&next));
        clients.spawn(async move {
            let mut outcome = Outcome::default();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return outcome;
                }
                let began = Instant::now();
                let result = request(number).await;
                outcome.add(result.map(|()| began.elapsed()));
            }
        });
    }
    let mut all = Outcome::default();
    while let Some(Ok(outcome)) = clients.join_next().await {
        all.latencies.extend(outcome.latencies);
        for (error, count) in outcome.errors {
            *all.errors.entry(error).or_default() += count;
        }
    }
    all.finish(started)
}

/// Makes requests at a fixed rate, whether or not earlier ones are answered. Latencies count from
/// the moment at which a request was due, so that waiting is not left out.
pub(super) async fn open<F, R>(per_second: u32, time: Duration, request: F) -> Outcome
where
    F: Fn(usize) -> R,
    R: Future<Output = Result<(), String>> + Send + 'static,
{
    let started = Instant::now();
    let interval = Duration::from_secs(1) / per_second.max(1);
    let mut running = JoinSet::new();
    let mut number = 0_usize;
    let mut due = started;
    while due < started + time {
        tokio::time::sleep_until(due.into()).await;
        let work = request(number);
        running.spawn(async move { work.await.map(|()| due.elapsed()) });
        number += 1;
        due += interval;
    }
    let mut all = Outcome::default();
    while let Some(result) = running.join_next().await {
        all.add(result.unwrap_or_else(|error| Err(error.to_string())));
    }
    all.finish(started)
}
