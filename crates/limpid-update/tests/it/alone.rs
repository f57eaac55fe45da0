//! One update of a feed at a time.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use limpid_store::{Acquisition, GenerationStore as _, Lease, LeaseStore as _};
use limpid_update::{Progress, SkipCause, UpdateOptions};
use tokio::sync::Notify;

use crate::bench::{Bench, lines};

async fn take_lease(bench: &Bench, owner: &str) -> Lease {
    let ttl = Duration::from_hours(1);
    let now = Timestamp::now();
    match bench
        .store
        .acquire_lease("update:toy", owner, ttl, now)
        .await
    {
        Ok(Acquisition::Granted(lease)) => lease,
        other => panic!("not granted: {other:?}"),
    }
}

#[tokio::test]
async fn a_second_update_says_who_is_at_it() {
    let bench = Bench::new();
    bench.document("toy", &lines(0, 10));
    take_lease(&bench, "somebody on another machine").await;
    let summary = bench.update().await;
    let [skipped] = summary.skipped.as_slice() else {
        panic!("not skipped: {summary:?}");
    };
    assert_eq!(skipped.feed, "toy");
    let text = skipped.cause.to_string();
    assert!(text.ends_with("somebody on another machine"), "{text}");
    assert!(summary.runs.is_empty());
    assert_eq!(summary.current, None);
}

#[tokio::test]
async fn a_patient_update_waits_for_the_other() {
    let bench = Bench::new();
    bench.document("toy", &lines(0, 10));
    let lease = take_lease(&bench, "somebody").await;
    let waits = Arc::new(Notify::new());
    let signal = Arc::clone(&waits);
    let options = UpdateOptions {
        patience: Duration::from_mins(1),
        progress: Arc::new(move |progress| {
            if let Progress::Waiting(holder) = progress {
                assert_eq!(holder.owner, "somebody");
                signal.notify_one();
            }
        }),
        ..UpdateOptions::default()
    };
    let release = async {
        waits.notified().await;
        bench.store.release_lease(&lease).await.unwrap();
    };
    let (summary, ()) = tokio::join!(bench.update_with(&options), release);
    assert_eq!(summary.unwrap().current, Some(1));
}

#[tokio::test]
async fn the_lease_is_given_back_whatever_happens() {
    let bench = Bench::new();
    bench.document("toy", &lines(0, 10));
    bench.update().await;
    bench.document("toy", "panic\n");
    bench.update().await;
    take_lease(&bench, "somebody").await;
}

/// Returns the options of an update from which somebody else takes the feed over at some step.
fn taken_over(bench: &Bench, is_time: fn(&Progress<'_>) -> bool) -> UpdateOptions {
    let store = Arc::clone(&bench.store);
    let take_over = move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let much_later = Timestamp::now() + Duration::from_hours(1);
        let ttl = Duration::from_hours(1);
        let taken = store.acquire_lease("update:toy", "other", ttl, much_later);
        runtime.block_on(taken).unwrap();
    };
    UpdateOptions {
        progress: Arc::new(move |progress| {
            if is_time(&progress) {
                std::thread::spawn(take_over.clone()).join().unwrap();
            }
        }),
        ..UpdateOptions::default()
    }
}

#[tokio::test]
async fn an_updater_that_was_taken_for_dead_activates_nothing() {
    let bench = Bench::new();
    bench.document("toy", &lines(0, 10));
    let options = taken_over(&bench, |progress| {
        matches!(progress, Progress::Fetching { .. })
    });
    let summary = bench.update_with(&options).await.unwrap();
    assert_eq!(summary.skipped[0].cause, SkipCause::LeaseLost);
    let current = bench.store.current().await;
    assert_eq!(current.unwrap(), None);
}

#[tokio::test]
async fn an_updater_that_was_taken_for_dead_records_nothing() {
    let bench = Bench::new();
    let options = taken_over(&bench, |progress| matches!(progress, Progress::Done { .. }));
    let summary = bench.update_with(&options).await.unwrap();
    assert_eq!(summary.skipped[0].cause, SkipCause::LeaseLost);
    assert!(summary.runs.is_empty());
    assert!(bench.store.feed_states().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_feed_that_another_runs_does_not_keep_others_from_running() {
    let bench = Bench::new();
    bench.index("toy", "toy\ntoy/b");
    bench.document("toy", &lines(0, 10));
    bench.document("toy/b", &lines(0, 10));
    take_lease(&bench, "somebody").await;
    let summary = bench.update().await;
    assert!(matches!(summary.skipped[0].cause, SkipCause::Busy(_)));
    assert_eq!(summary.runs.len(), 1);
    assert_eq!(summary.current, Some(1));
    assert_eq!(bench.served("toy/b").await.records, 10);
}

#[tokio::test]
async fn an_update_that_is_to_stop_gives_its_leases_back_and_changes_nothing() {
    let bench = Bench::new();
    bench.document("toy", &lines(0, 10));
    let stop = tokio_util::sync::CancellationToken::new();
    let signal = stop.clone();
    let options = UpdateOptions {
        stop,
        progress: Arc::new(move |progress| {
            if let Progress::Parsing { .. } = progress {
                signal.cancel();
            }
        }),
        ..UpdateOptions::default()
    };
    let summary = bench.update_with(&options).await.unwrap();
    assert_eq!(summary.skipped[0].cause, SkipCause::Stopped);
    assert_eq!(summary.current, None);
    assert!(bench.store.feed_states().await.unwrap().is_empty());
    take_lease(&bench, "somebody").await;
}
