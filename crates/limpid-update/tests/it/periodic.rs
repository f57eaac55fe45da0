//! Updates in the background. Time is paused: it passes when nothing else is to be done.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use limpid_feed::Family;
use limpid_store::{Acquisition, GenerationStore as _, LeaseStore as _, Outcome};
use limpid_update::{Clock, Progress, Schedule, UpdateMetrics, UpdateOptions, Updater};
use prometheus_client::registry::Registry;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::bench::{Bench, lines};
use crate::toy::Toy;

const HOUR: Duration = Duration::from_hours(1);

/// A clock that goes with tokio's.
pub(crate) struct PausedClock {
    start: Instant,
}

impl PausedClock {
    pub(crate) fn new() -> Self {
        Self {
            start: Instant::now(),
        }
    }
}

#[async_trait]
impl Clock for PausedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(2_000_000_000).unwrap() + self.start.elapsed()
    }

    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

/// Updates in the background, and when they fetched.
struct Background {
    stop: CancellationToken,
    task: tokio::task::JoinHandle<()>,
    fetches: Arc<Mutex<Vec<Duration>>>,
}

impl Background {
    fn start(updater: &Updater, schedule: Schedule) -> Self {
        let updater = updater
            .clone()
            .with_clock(Arc::new(PausedClock::new()), "node");
        let stop = CancellationToken::new();
        let token = stop.clone();
        let fetches = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&fetches);
        let start = Instant::now();
        let options = UpdateOptions {
            progress: Arc::new(move |progress| {
                if let Progress::Fetching { .. } = progress {
                    seen.lock().unwrap().push(start.elapsed());
                }
            }),
            ..UpdateOptions::default()
        };
        let task = tokio::spawn(async move {
            let families = || vec![Box::new(Toy { name: "toy" }) as Box<dyn Family>];
            updater
                .run_periodically(families, &schedule, &options, token)
                .await;
        });
        Self {
            stop,
            task,
            fetches,
        }
    }

    /// Lets time pass, ends, and returns when there were fetches.
    async fn stop_after(self, time: Duration) -> Vec<Duration> {
        tokio::time::sleep(time).await;
        self.stop.cancel();
        self.task.await.unwrap();
        self.fetches.lock().unwrap().clone()
    }
}

#[tokio::test(start_paused = true)]
async fn feeds_run_at_once_and_then_every_period() {
    let bench = Bench::new();
    bench.document("toy", &lines(0, 10));
    let background = Background::start(&bench.updater, Schedule::every(6 * HOUR));
    let fetches = background.stop_after(25 * HOUR).await;
    assert_eq!(fetches.len(), 5, "{fetches:?}");
    assert!(fetches[0] < Duration::from_mins(1));
    for pair in fetches.windows(2) {
        let between = pair[1].saturating_sub(pair[0]);
        assert!(between >= 6 * HOUR, "{between:?}");
        // A minute of jitter, and half a minute until it is looked again.
        assert!(between <= 6 * HOUR + Duration::from_mins(2), "{between:?}");
    }
    assert_eq!(bench.served("toy").await.records, 10);
}

#[tokio::test(start_paused = true)]
async fn a_feed_that_fails_is_tried_again_soon() {
    let bench = Bench::new();
    let background = Background::start(&bench.updater, Schedule::every(6 * HOUR));
    let fetches = background.stop_after(3 * HOUR).await;
    let pauses: Vec<u64> = fetches
        .windows(2)
        .map(|pair| pair[1].saturating_sub(pair[0]).as_secs() / 60)
        .collect();
    let expected = [5, 10, 20, 40, 80];
    assert_eq!(pauses.len(), expected.len(), "{pauses:?}");
    for (pause, expected) in pauses.iter().zip(expected) {
        assert!((expected..expected + 3).contains(pause), "{pauses:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_feed_that_another_node_has_just_run_is_not_due() {
    let bench = Bench::new();
    bench.document("toy", &lines(0, 10));
    let other = bench.updater.clone();
    let other = other.with_clock(Arc::new(PausedClock::new()), "other");
    let families: Vec<Box<dyn Family>> = vec![Box::new(Toy { name: "toy" })];
    let options = UpdateOptions::default();
    other.update(families, &options).await.unwrap();
    let background = Background::start(&bench.updater, Schedule::every(6 * HOUR));
    let fetches = background.stop_after(5 * HOUR).await;
    assert_eq!(fetches, [], "it was not a period ago");
}

#[tokio::test(start_paused = true)]
async fn a_family_that_cannot_be_asked_is_asked_again_soon() {
    let bench = Bench::new();
    bench.document("toy", &lines(0, 10));
    bench.lose_index("toy");
    let background = Background::start(&bench.updater, Schedule::every(6 * HOUR));
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert!(bench.state("toy").await.last_error.is_some());
    bench.index("toy", "toy");
    let fetches = background.stop_after(HOUR).await;
    assert!(!fetches.is_empty());
    assert_eq!(bench.served("toy").await.records, 10);
}

#[tokio::test(start_paused = true)]
async fn without_families_nothing_happens_until_the_end() {
    let bench = Bench::new();
    let stop = CancellationToken::new();
    let clock = Arc::new(PausedClock::new());
    let updater = bench.updater.clone().with_clock(clock, "node");
    let schedule = Schedule::every(6 * HOUR);
    let options = UpdateOptions::default();
    let running = updater.run_periodically(Vec::new, &schedule, &options, stop.clone());
    let end = async {
        tokio::time::sleep(24 * HOUR).await;
        stop.cancel();
    };
    tokio::join!(running, end);
    assert!(bench.store.feed_states().await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn leases_are_given_back_at_the_end() {
    let bench = Bench::new();
    bench.document("toy", &lines(0, 10));
    let background = Background::start(&bench.updater, Schedule::every(6 * HOUR));
    background.stop_after(HOUR).await;
    for name in ["update:toy", "publish"] {
        let now = Timestamp::UNIX_EPOCH;
        let asked = bench.store.acquire_lease(name, "test", HOUR, now).await;
        assert!(matches!(asked, Ok(Acquisition::Granted(_))), "{name}");
    }
}

#[tokio::test]
async fn runs_and_what_is_served_are_counted() {
    let bench = Bench::new();
    bench.document("toy", &format!("{}!odd\n", lines(0, 30)));
    let metrics = UpdateMetrics::default();
    let updater = bench.updater.clone().with_metrics(metrics.clone());
    let families: Vec<Box<dyn Family>> = vec![Box::new(Toy { name: "toy" })];
    let options = UpdateOptions::default();
    let summary = updater.update(families, &options).await.unwrap();
    assert!(matches!(
        summary.runs[0].outcome,
        Outcome::Activated { generation: 1 }
    ));
    let mut registry = Registry::default();
    metrics.register(&mut registry);
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    for line in [
        "limpid_feed_runs_total{feed=\"toy\",outcome=\"activated\"} 1",
        "limpid_feed_records{feed=\"toy\"} 30",
        "limpid_feed_quarantined_records{feed=\"toy\"} 1",
        "limpid_generation 1",
        "limpid_generation_activations_total 1",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    assert!(text.contains("limpid_feed_checked_timestamp_seconds{feed=\"toy\"}"));
}
