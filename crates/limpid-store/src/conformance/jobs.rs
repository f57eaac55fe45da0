//! Promises of [`JobStore`](crate::JobStore).

#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "these are tests"
)]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::Harness;
use super::samples::{at, digest, digests, manifest_record, save_layers};
use crate::{Backlog, IndexJob, JobClaim, JobEnd, JobState, Store};

const MINUTE: Duration = Duration::from_mins(1);

async fn submit(store: &Arc<dyn Store>, name: &str, urgency: u8, seconds: i64) -> IndexJob {
    let request = format!("request of {name} at {seconds}");
    store
        .submit_job(&digest(name), request.as_bytes(), 3, urgency, at(seconds))
        .await
        .unwrap()
}

async fn claim(store: &Arc<dyn Store>, seconds: i64) -> Option<JobClaim> {
    store.claim_job(MINUTE, at(seconds)).await.unwrap()
}

async fn job(store: &Arc<dyn Store>, name: &str) -> Option<IndexJob> {
    store.job(&digest(name)).await.unwrap()
}

async fn end(store: &Arc<dyn Store>, claim: &JobClaim, end: &JobEnd, seconds: i64) -> bool {
    store.end_job(claim, end, at(seconds)).await.unwrap()
}

fn terminal() -> JobEnd {
    JobEnd::Terminal {
        cause: "not a layer".into(),
    }
}

fn exhausted() -> JobEnd {
    JobEnd::Exhausted {
        cause: "no answer".into(),
    }
}

/// Makes a job that failed.
async fn fail(store: &Arc<dyn Store>, name: &str, how: &JobEnd, seconds: i64) {
    submit(store, name, 3, seconds).await;
    let claimed = claim(store, seconds).await.unwrap();
    assert_eq!(claimed.job.manifest, digest(name));
    assert!(end(store, &claimed, how, seconds).await);
}

/// What was acknowledged as submitted waits with all that was said about it.
pub async fn a_submitted_job_waits_after_reopening<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    assert_eq!(job(&store, "image").await, None);
    let submitted = submit(&store, "image", 5, 0).await;
    let expected = IndexJob {
        manifest: digest("image"),
        request: b"request of image at 0".to_vec(),
        urgency: 5,
        state: JobState::Waiting { not_before: at(0) },
        attempts: 0,
        layers_done: 0,
        layers: 3,
        cause: String::new(),
        submitted: at(0),
        changed: at(0),
    };
    assert_eq!(submitted, expected);
    drop(store);
    let store = harness.open().await;
    assert_eq!(job(&store, "image").await, Some(expected));
}

/// A job that is asked for again keeps its place and becomes no less urgent.
pub async fn a_waiting_job_gets_the_new_request_and_the_greater_urgency<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    submit(&store, "image", 5, 0).await;
    for (urgency, seconds, expected) in [(2, 10, 2), (7, 20, 2)] {
        let again = submit(&store, "image", urgency, seconds).await;
        assert_eq!(again.urgency, expected);
        let request = format!("request of image at {seconds}");
        assert_eq!(again.request, request.into_bytes());
        assert_eq!(again.state, JobState::Waiting { not_before: at(0) });
        assert_eq!((again.submitted, again.changed), (at(0), at(seconds)));
        assert_eq!(job(&store, "image").await, Some(again));
    }
    assert!(claim(&store, 20).await.is_some());
    assert_eq!(claim(&store, 20).await, None, "there is one job");
}

/// Whoever is at a job goes on with what was asked for first.
pub async fn a_running_job_is_left_alone<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    submit(&store, "image", 5, 0).await;
    let claimed = claim(&store, 1).await.unwrap();
    assert_eq!(submit(&store, "image", 0, 2).await, claimed.job);
    let cause = "no answer";
    store
        .record_failure(&digest("image"), 3, cause, true, at(3))
        .await
        .unwrap();
    assert_eq!(job(&store, "image").await, Some(claimed.job.clone()));
    assert!(end(&store, &claimed, &JobEnd::Done, 4).await);
    assert_eq!(job(&store, "image").await, None);
}

/// The most urgent come first, and of these those that were submitted first.
pub async fn jobs_are_claimed_by_urgency_and_age<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    for (name, urgency, seconds) in [
        ("late", 3, 9),
        ("early", 3, 1),
        ("backfill", 7, 0),
        ("push", 0, 8),
        ("middle", 3, 5),
    ] {
        submit(&store, name, urgency, seconds).await;
    }
    for (name, urgency) in [
        ("push", 0),
        ("early", 3),
        ("middle", 3),
        ("late", 3),
        ("backfill", 7),
    ] {
        let claimed = claim(&store, 10).await.unwrap().job;
        assert_eq!(claimed.manifest, digest(name), "{name}");
        assert_eq!((claimed.urgency, claimed.attempts), (urgency, 1));
        assert_eq!(claimed.state, JobState::Running { until: at(70) });
        assert_eq!(claimed.changed, at(10));
        assert_eq!(job(&store, name).await, Some(claimed));
    }
    assert_eq!(claim(&store, 10).await, None);
}

/// A job that is to begin later does not begin earlier, however urgent it is.
pub async fn a_job_is_not_claimed_before_its_time<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    submit(&store, "image", 0, 0).await;
    let first = claim(&store, 0).await.unwrap();
    let again = JobEnd::Again {
        cause: "no answer".into(),
        not_before: at(100),
    };
    assert!(end(&store, &first, &again, 5).await);
    let waiting = job(&store, "image").await.unwrap();
    assert_eq!(
        waiting.state,
        JobState::Waiting {
            not_before: at(100)
        }
    );
    assert_eq!((waiting.attempts, waiting.changed), (1, at(5)));
    assert_eq!(waiting.cause, "no answer");
    assert_eq!(waiting.request, first.job.request);
    submit(&store, "other", 7, 50).await;
    let other = claim(&store, 99).await.unwrap();
    assert_eq!(other.job.manifest, digest("other"));
    assert_eq!(claim(&store, 99).await, None);
    let second = claim(&store, 100).await.unwrap();
    assert_eq!(second.job.attempts, 2);
    assert_eq!(second.job.submitted, at(0));
    assert!(second.token > first.token);
    assert!(!end(&store, &first, &JobEnd::Done, 101).await);
}

/// However many ask at once, each job is given out once, and none is held back.
pub async fn concurrent_callers_claim_each_job_once<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    let names: Vec<_> = (0..40).map(|number| format!("image {number}")).collect();
    for name in &names {
        submit(&store, name, 3, 0).await;
    }
    let mut callers = Vec::new();
    for _ in 0..8 {
        let store = harness.open().await;
        callers.push(tokio::spawn(async move {
            let mut claimed = Vec::new();
            while let Some(one) = claim(&store, 1).await {
                claimed.push(one);
            }
            claimed
        }));
    }
    let mut claimed = Vec::new();
    for caller in callers {
        claimed.extend(caller.await.unwrap());
    }
    assert_eq!(claimed.len(), names.len());
    let manifests: BTreeSet<_> = claimed.into_iter().map(|one| one.job.manifest).collect();
    assert_eq!(manifests, names.iter().map(|name| digest(name)).collect());
}

/// When nobody renews a claim, another gets the job, and the former owner finds out.
pub async fn an_expired_claim_passes_on_with_a_higher_token<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    submit(&store, "image", 3, 0).await;
    let first = claim(&store, 0).await.unwrap();
    assert!(store.renew_job(&first, 2, MINUTE, at(10)).await.unwrap());
    assert_eq!(claim(&store, 69).await, None);
    let other = harness.open().await;
    let second = claim(&other, 70).await.unwrap();
    assert!(second.token > first.token);
    assert_eq!(second.job.manifest, digest("image"));
    assert_eq!((second.job.attempts, second.job.layers_done), (2, 0));
    assert!(!store.renew_job(&first, 3, MINUTE, at(71)).await.unwrap());
    let again = JobEnd::Again {
        cause: "late".into(),
        not_before: at(0),
    };
    for late in [JobEnd::Done, terminal(), exhausted(), again] {
        assert!(!end(&store, &first, &late, 72).await);
    }
    assert_eq!(job(&store, "image").await, Some(second.job.clone()));
    assert!(end(&other, &second, &JobEnd::Done, 73).await);
    assert!(!end(&other, &second, &JobEnd::Done, 74).await);
    assert!(!other.renew_job(&second, 3, MINUTE, at(74)).await.unwrap());
}

/// Renewing counts from the time of renewal and shows how far the job is; it may come late as long
/// as nobody has taken the job.
pub async fn a_renewed_claim_lives_longer_and_shows_progress<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    submit(&store, "image", 3, 0).await;
    let claimed = claim(&store, 0).await.unwrap();
    for (seconds, layers_done) in [(30, 1), (500, 2)] {
        let renewed = store.renew_job(&claimed, layers_done, MINUTE, at(seconds));
        assert!(renewed.await.unwrap());
        let running = job(&store, "image").await.unwrap();
        let until = at(seconds + 60);
        assert_eq!(running.state, JobState::Running { until });
        assert_eq!(running.layers_done, layers_done);
        assert_eq!((running.attempts, running.changed), (1, at(seconds)));
        assert_eq!(claim(&store, seconds + 59).await, None);
    }
    assert!(end(&store, &claimed, &JobEnd::Done, 9000).await);
}

/// A job that failed says why and whether it can be tried again, keeps no request, is not claimed,
/// and begins anew when it is asked for again.
pub async fn a_failed_job_begins_anew_when_it_is_submitted<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    for (how, state, cause) in [
        (terminal(), JobState::Terminal, "not a layer"),
        (exhausted(), JobState::Retryable, "no answer"),
    ] {
        fail(&store, "image", &how, 10).await;
        let failed = job(&store, "image").await.unwrap();
        assert_eq!((failed.state, failed.cause.as_str()), (state, cause));
        assert_eq!((failed.attempts, failed.changed), (1, at(10)));
        assert!(failed.request.is_empty(), "it may have held secrets");
        assert_eq!(claim(&store, 9000).await, None);

        let anew = submit(&store, "image", 6, 9001).await;
        let not_before = at(9001);
        assert_eq!(anew.state, JobState::Waiting { not_before });
        assert_eq!(
            (anew.attempts, anew.layers_done, anew.urgency, anew.layers),
            (0, 0, 6, 3)
        );
        assert_eq!((anew.submitted, anew.changed), (at(9001), at(9001)));
        assert_eq!(anew.cause, "");
        assert_eq!(anew.request, b"request of image at 9001");
        let claimed = claim(&store, 9001).await.unwrap();
        assert_eq!(claimed.job.attempts, 1);
        assert!(end(&store, &claimed, &JobEnd::Done, 9002).await);
    }
}

/// A failure that somebody saw who did not submit a job is kept as a failed job; repetitions count.
pub async fn a_recorded_failure_is_a_failed_job<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    let manifest = digest("image");
    for (cause, is_terminal, state, attempts, seconds) in [
        ("no answer", false, JobState::Retryable, 1, 10),
        ("not a layer", true, JobState::Terminal, 2, 20),
        ("no answer", false, JobState::Retryable, 3, 30),
    ] {
        store
            .record_failure(&manifest, 7, cause, is_terminal, at(seconds))
            .await
            .unwrap();
        let failed = job(&store, "image").await.unwrap();
        assert_eq!((failed.state, failed.cause.as_str()), (state, cause));
        assert_eq!((failed.attempts, failed.layers), (attempts, 7));
        assert_eq!((failed.submitted, failed.changed), (at(10), at(seconds)));
        assert!(failed.request.is_empty());
    }
    assert_eq!(claim(&store, 9000).await, None);
    assert_eq!(store.backlog().await.unwrap(), Backlog::default());
    // One that waits is left alone.
    let waiting = submit(&store, "image", 3, 40).await;
    store
        .record_failure(&manifest, 7, "no answer", true, at(50))
        .await
        .unwrap();
    assert_eq!(job(&store, "image").await, Some(waiting));
}

/// A manifest that is indexed has not failed; but whoever works on it is not interrupted.
pub async fn saving_a_manifest_forgets_its_failure_only<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    save_layers(&store, &["layer"]).await;
    let record = manifest_record(&["layer"]);
    for how in [terminal(), exhausted()] {
        fail(&store, "failed", &how, 0).await;
        let incomplete = manifest_record(&["missing"]);
        let kept = store.save_manifest(&digest("failed"), &incomplete).await;
        assert!(!kept.unwrap());
        assert!(job(&store, "failed").await.is_some(), "nothing was changed");
        let kept = store.save_manifest(&digest("failed"), &record).await;
        assert!(kept.unwrap());
        assert_eq!(job(&store, "failed").await, None);
    }
    submit(&store, "running", 0, 0).await;
    let claimed = claim(&store, 0).await.unwrap();
    let waiting = submit(&store, "waiting", 7, 0).await;
    for name in ["running", "waiting"] {
        assert!(store.save_manifest(&digest(name), &record).await.unwrap());
    }
    assert_eq!(job(&store, "running").await, Some(claimed.job.clone()));
    assert_eq!(job(&store, "waiting").await, Some(waiting));
    assert!(end(&store, &claimed, &JobEnd::Done, 1).await);
}

/// Nobody works any more for a manifest that was deleted, and a claim on its former job is not good
/// for a later one.
pub async fn deleting_a_manifest_deletes_its_job<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    fail(&store, "failed", &terminal(), 0).await;
    submit(&store, "running", 0, 0).await;
    let claimed = claim(&store, 0).await.unwrap();
    submit(&store, "waiting", 7, 0).await;
    submit(&store, "other", 7, 0).await;
    let names = ["failed", "running", "waiting"];
    let mut manifests: Vec<_> = names.iter().map(|name| digest(name)).collect();
    manifests.push(digest("unknown"));
    let deleted = store.delete_manifests(&manifests).await.unwrap();
    assert_eq!(deleted, digests(&names), "something was kept of each");
    for name in names {
        assert_eq!(job(&store, name).await, None, "{name}");
    }
    assert!(job(&store, "other").await.is_some());
    assert!(!store.renew_job(&claimed, 1, MINUTE, at(1)).await.unwrap());

    submit(&store, "running", 0, 2).await;
    let later = claim(&store, 2).await.unwrap();
    assert_eq!(later.job.manifest, digest("running"));
    assert!(later.token > claimed.token);
    assert!(!end(&store, &claimed, &terminal(), 3).await);
    assert_eq!(job(&store, "running").await, Some(later.job));
}

/// The backlog counts what waits, also for a later time, and nothing else.
pub async fn the_backlog_is_what_waits<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    assert_eq!(store.backlog().await.unwrap(), Backlog::default());
    fail(&store, "failed", &exhausted(), 0).await;
    for (name, seconds) in [("a", 10), ("b", 20), ("c", 30)] {
        submit(&store, name, 3, seconds).await;
    }
    let first = claim(&store, 40).await.unwrap();
    let expected = Backlog {
        waiting: 2,
        oldest: Some(at(20)),
    };
    assert_eq!(store.backlog().await.unwrap(), expected);
    let again = JobEnd::Again {
        cause: "no answer".into(),
        not_before: at(9000),
    };
    assert!(end(&store, &first, &again, 41).await);
    let expected = Backlog {
        waiting: 3,
        oldest: Some(at(10)),
    };
    assert_eq!(store.backlog().await.unwrap(), expected);
}

/// Failures are forgotten when they are old, in portions; jobs that wait or run never are.
pub async fn old_failed_jobs_are_removed<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    for (number, how) in [terminal(), exhausted(), terminal(), exhausted()]
        .iter()
        .enumerate()
    {
        let seconds = i64::try_from(number).unwrap() * 10;
        fail(&store, &format!("failed {number}"), how, seconds).await;
    }
    submit(&store, "running", 0, 0).await;
    assert!(claim(&store, 0).await.is_some());
    submit(&store, "waiting", 7, 0).await;
    for (before, limit, removed) in [(0, 10, 0), (30, 2, 2), (30, 2, 1), (30, 2, 0)] {
        let count = store.remove_failed_jobs(at(before), limit).await.unwrap();
        assert_eq!(count, removed, "before {before}");
    }
    for (name, is_there) in [
        ("failed 0", false),
        ("failed 2", false),
        ("failed 3", true),
        ("running", true),
        ("waiting", true),
    ] {
        assert_eq!(job(&store, name).await.is_some(), is_there, "{name}");
    }
}
