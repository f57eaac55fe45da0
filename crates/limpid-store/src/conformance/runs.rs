//! Promises of [`GenerationStore`](crate::GenerationStore) about the log of the feeds.

#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "these are tests"
)]

use std::sync::Arc;
use std::time::Duration;

use super::Harness;
use super::generations::activate;
use super::samples::{at, build, run};
use crate::{
    Acquisition, Build, FeedState, Outcome, QuarantinedRecord, RUNS_PER_FEED, Store, UpdateRun,
};

/// Records a run under no lease.
pub(super) async fn record(store: &Arc<dyn Store>, run: &UpdateRun, build: Option<&Build>) {
    assert!(store.record_run(run, build, None).await.unwrap());
}

async fn state(store: &Arc<dyn Store>, feed: &str) -> FeedState {
    let states = store.feed_states().await.unwrap();
    states.into_iter().find(|one| one.feed == feed).unwrap()
}

fn activated() -> Outcome {
    Outcome::Activated { generation: 1 }
}

fn failed() -> Outcome {
    Outcome::Failed {
        error: "no answer".into(),
    }
}

/// Runs come back with all that was said about them, latest first.
pub async fn a_run_comes_back_as_it_was_recorded<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    let mut first = run("debian", 0, activated());
    first.quarantined = 700;
    first.samples = vec![QuarantinedRecord {
        id: "openssl CVE-2022-2097".into(),
        document: "https://feeds.example/all.json".into(),
        offset: Some(1 << 40),
        reason: "no version".into(),
    }];
    let second = run("alpine/edge", 1, failed());
    record(&store, &first, Some(&build("one"))).await;
    record(&store, &second, None).await;
    drop(store);
    let store = harness.open().await;
    let all = store.runs(None, 10).await.unwrap();
    assert_eq!(all, [second, first.clone()]);
    assert_eq!(store.runs(None, 1).await.unwrap().len(), 1);
    assert_eq!(store.runs(Some("debian"), 10).await.unwrap(), [first]);
    let state = state(&store, "debian").await;
    assert_eq!(state.build, Some(build("one")));
    assert_eq!(state.last_success, Some(at(1)));
}

/// A source that says the same again makes the data fresher without a new generation.
pub async fn an_unchanged_run_moves_the_checked_time<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    activate(&store, "one").await;
    let first = run("alpine/v3.15", 0, activated());
    record(&store, &first, Some(&build("one"))).await;
    record(&store, &run("alpine/v3.15", 50, Outcome::Unchanged), None).await;
    let current = store.current().await.unwrap().unwrap();
    assert_eq!(current.number, 1);
    assert_eq!(current.feeds["alpine/v3.15"].checked, at(51));
    assert_eq!(current.feeds["alpine/v3.15"].built, at(0));
    let state = state(&store, "alpine/v3.15").await;
    assert_eq!(state.last_success, Some(at(51)));
    assert_eq!(state.build.unwrap().snapshot.checked, at(51));
}

/// A quiet source does not push the interesting runs out of the log.
pub async fn consecutive_unchanged_runs_are_one<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    record(&store, &run("debian", 0, activated()), Some(&build("one"))).await;
    for started in [10, 20, 30] {
        record(&store, &run("debian", started, Outcome::Unchanged), None).await;
    }
    record(&store, &run("other", 40, Outcome::Unchanged), None).await;
    let runs = store.runs(Some("debian"), 10).await.unwrap();
    assert_eq!(runs.len(), 2);
    assert_eq!(runs[0].outcome, Outcome::Unchanged);
    assert_eq!((runs[0].started, runs[0].finished), (at(10), at(31)));
}

/// A failure is remembered beside what there is; the next success clears it.
pub async fn a_failed_run_keeps_the_last_build<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    record(&store, &run("debian", 0, activated()), Some(&build("one"))).await;
    record(&store, &run("debian", 10, failed()), None).await;
    let after_failure = state(&store, "debian").await;
    assert_eq!(after_failure.last_attempt, at(11));
    assert_eq!(after_failure.last_success, Some(at(1)));
    assert_eq!(after_failure.last_error.as_deref(), Some("no answer"));
    assert_eq!(after_failure.build, Some(build("one")));
    record(&store, &run("debian", 20, Outcome::Unchanged), None).await;
    let after_success = state(&store, "debian").await;
    assert_eq!(after_success.last_success, Some(at(21)));
    assert_eq!(after_success.last_error, None);
    record(&store, &run("new", 30, failed()), None).await;
    let never_built = state(&store, "new").await;
    assert_eq!(never_built.last_success, None);
    assert_eq!(never_built.build, None);
}

/// A held build stays known with its reason and is not a success.
pub async fn a_held_build_is_remembered_with_its_reason<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    record(&store, &run("debian", 0, activated()), Some(&build("one"))).await;
    let reason = "records halved".to_owned();
    let held = Build {
        held: Some(reason.clone()),
        ..build("two")
    };
    let outcome = Outcome::Held { reason };
    record(&store, &run("debian", 10, outcome.clone()), Some(&held)).await;
    let state = state(&store, "debian").await;
    assert_eq!(state.build, Some(held));
    assert_eq!(state.last_attempt, at(11));
    assert_eq!(state.last_success, Some(at(1)));
    assert_eq!(state.last_error, None);
    assert_eq!(store.runs(None, 1).await.unwrap()[0].outcome, outcome);
}

/// However often a feed fails, its log does not grow without end.
pub async fn the_log_of_a_feed_is_bounded<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    record(&store, &run("debian", 0, activated()), Some(&build("one"))).await;
    for started in 1..=120 {
        record(&store, &run("alpine/edge", started, failed()), None).await;
    }
    let runs = store.runs(Some("alpine/edge"), 1000).await.unwrap();
    assert_eq!(runs.len(), RUNS_PER_FEED);
    assert_eq!(runs[0].started, at(120));
    assert_eq!(store.runs(Some("debian"), 1000).await.unwrap().len(), 1);
}

/// A holder whose lease passed to another, or was given back, keeps nothing of its run.
pub async fn a_run_under_a_lost_lease_is_not_recorded<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    activate(&store, "one").await;
    let name = "alpine/v3.15";
    record(&store, &run(name, 0, activated()), Some(&build("one"))).await;
    let take = async |owner, seconds| {
        let ttl = Duration::from_mins(1);
        let asked = store.acquire_lease("feed", owner, ttl, at(seconds)).await;
        let Ok(Acquisition::Granted(lease)) = asked else {
            panic!("not granted: {asked:?}");
        };
        lease
    };
    let first = take("a", 10).await;
    let second = take("b", 80).await;
    let states = store.feed_states().await.unwrap();
    let runs = store.runs(None, 10).await.unwrap();
    let late = [
        (run(name, 90, Outcome::Unchanged), None),
        (run(name, 90, failed()), Some(build("two"))),
        (run("unknown", 90, activated()), Some(build("two"))),
    ];
    let refused = async |lease| {
        for (run, build) in &late {
            let recorded = store.record_run(run, build.as_ref(), Some(lease)).await;
            assert!(!recorded.unwrap(), "{run:?}");
        }
        assert_eq!(store.feed_states().await.unwrap(), states);
        assert_eq!(store.runs(None, 10).await.unwrap(), runs);
    };
    refused(&first).await;
    let (run, build) = &late[1];
    let recorded = store.record_run(run, build.as_ref(), Some(&second)).await;
    assert!(recorded.unwrap());
    assert_eq!(state(&store, name).await.build, *build);
    assert!(store.release_lease(&second).await.unwrap());
    let recorded = store.record_run(run, build.as_ref(), Some(&second)).await;
    assert!(!recorded.unwrap());
    assert_eq!(store.runs(None, 10).await.unwrap().len(), 2);
}
