//! Submitted images: they are indexed sooner or later, or it is known why not.

use std::collections::BTreeSet;

use limpid_index::{IndexService, IndexState, IndexStatus, Urgency};
use limpid_store::{Acquisition, JobState, LayerRecord};
use limpid_types::{Digest, Manifest};
use tokio::task::JoinHandle;
use tokio::time::{Duration, advance, sleep};
use tokio_util::sync::CancellationToken;

use crate::bench::{Bench, layer};
use crate::registry::{BROKEN, GONE, GOOD, manifest};

/// A service that works in the background.
struct Worker {
    token: CancellationToken,
    task: JoinHandle<()>,
}

impl Worker {
    fn start(service: &IndexService) -> Self {
        let token = CancellationToken::new();
        let task = tokio::spawn(service.clone().run(token.clone()));
        Self { token, task }
    }

    async fn stop(self) {
        self.token.cancel();
        self.task.await.unwrap();
    }
}

async fn submit(service: &IndexService, manifest: &Manifest) -> IndexStatus {
    let submitted = service.submit(manifest.clone(), Urgency::default());
    submitted.await.unwrap()
}

async fn status(service: &IndexService, manifest: &Manifest) -> IndexStatus {
    service.status(&manifest.hash).await.unwrap().unwrap()
}

/// Waits, in the paused time of the runtime, until a manifest is in a state.
async fn wait_for(service: &IndexService, manifest: &Manifest, state: IndexState) -> IndexStatus {
    loop {
        let status = status(service, manifest).await;
        if status.state == state {
            return status;
        }
        sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_submitted_image_waits_and_is_indexed() {
    let bench = Bench::new();
    let service = bench.service();
    let base = bench.registry.add(&layer("musl"));
    let image = manifest("image", GOOD, &[&base]);
    let submitted = submit(&service, &image).await;
    assert_eq!(submitted.state, IndexState::Waiting);
    assert_eq!((submitted.layers, submitted.attempts), (1, 0));
    assert_eq!(submitted.submitted, Some(bench.now()));
    let worker = Worker::start(&service);
    let finished = wait_for(&service, &image, IndexState::Finished).await;
    assert_eq!((finished.layers, finished.layers_done), (1, 1));
    let report = service.report(&image.hash).await.unwrap().unwrap();
    assert_eq!(report.packages.len(), 1);
    worker.stop().await;
    let again = submit(&service, &image).await;
    assert_eq!(again.state, IndexState::Finished);
    assert_eq!(bench.registry.opened().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn progress_is_told_layer_by_layer() {
    let bench = Bench::new();
    let service = bench.service();
    let base = bench.registry.add(&layer("musl"));
    let top = bench.registry.add(&layer("busybox"));
    let image = manifest("image", GOOD, &[&base, &top]);
    bench.registry.hold(&top);
    submit(&service, &image).await;
    let worker = Worker::start(&service);
    bench.registry.wait_for(2).await;
    loop {
        let status = status(&service, &image).await;
        assert_eq!(status.state, IndexState::Running, "{status:?}");
        if status.layers_done == 1 {
            break;
        }
        // Time must not pass faster than the store writes, or leases are lost for good reason.
        advance(Duration::from_secs(1)).await;
        let pace = Duration::from_secs(1);
        let written = bench.store.acquire_lease("pace", "test", pace, bench.now());
        written.await.unwrap();
    }
    bench.registry.let_go(&top);
    wait_for(&service, &image, IndexState::Finished).await;
    worker.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_job_whose_worker_was_killed_is_done_by_another() {
    let bench = Bench::new();
    let service = bench.service();
    let base = bench.registry.add(&layer("musl"));
    let image = manifest("image", GOOD, &[&base]);
    submit(&service, &image).await;
    let claim = bench.store.claim_job(Duration::from_secs(30), bench.now());
    let claim = claim.await.unwrap().unwrap();
    let name = format!("index:{}", image.hash);
    let lease = bench
        .store
        .acquire_lease(&name, "killed", Duration::from_secs(20), bench.now());
    assert!(matches!(lease.await.unwrap(), Acquisition::Granted(_)));
    let before = bench.now();
    let worker = Worker::start(&service);
    wait_for(&service, &image, IndexState::Finished).await;
    assert!(
        (bench.now() - before).get_seconds() >= 30,
        "the claim lasted so long"
    );
    let renewed = bench
        .store
        .renew_job(&claim, 0, Duration::from_secs(30), bench.now());
    assert!(!renewed.await.unwrap());
    worker.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_may_pass_is_retried_less_and_less_often_and_then_given_up() {
    let mut bench = Bench::new();
    bench.settings.attempts = 4;
    let service = bench.service();
    let base = bench.registry.add(&layer("musl"));
    let image = manifest("image", BROKEN, &[&base]);
    submit(&service, &image).await;
    let worker = Worker::start(&service);
    for (attempt, seconds) in [(1, 10), (2, 20), (3, 40)] {
        let status = loop {
            let status = status(&service, &image).await;
            if status.state == IndexState::Waiting && status.attempts == attempt {
                break status;
            }
            sleep(Duration::from_millis(100)).await;
        };
        assert!(
            status.cause.contains("connection br?ken"),
            "{}",
            status.cause
        );
        let pause = status.next_attempt.unwrap() - status.changed.unwrap();
        let pause = pause.get_milliseconds() + pause.get_seconds() * 1000;
        assert!(pause >= seconds * 500 && pause <= seconds * 1000, "{pause}");
    }
    let exhausted = wait_for(&service, &image, IndexState::Retryable).await;
    assert_eq!(exhausted.attempts, 4);
    assert_eq!(bench.registry.opened().len(), 4);
    sleep(Duration::from_hours(2)).await;
    assert_eq!(bench.registry.opened().len(), 4);
    worker.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_lasts_is_not_retried() {
    let bench = Bench::new();
    let service = bench.service();
    let base = bench.registry.add(&layer("musl"));
    let image = manifest("image", GONE, &[&base]);
    submit(&service, &image).await;
    let worker = Worker::start(&service);
    let failed = wait_for(&service, &image, IndexState::Terminal).await;
    assert_eq!(failed.attempts, 1);
    sleep(Duration::from_hours(2)).await;
    assert_eq!(bench.registry.opened().len(), 1);
    let job = bench.store.job(&image.hash).await.unwrap().unwrap();
    assert_eq!(job.state, JobState::Terminal);
    assert!(job.request.is_empty(), "the request may hold secrets");
    worker.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_job_that_is_deleted_while_it_runs_ends() {
    let bench = Bench::new();
    let service = bench.service();
    let base = bench.registry.add(&layer("musl"));
    let image = manifest("image", GOOD, &[&base]);
    bench.registry.hold(&base);
    submit(&service, &image).await;
    let worker = Worker::start(&service);
    bench.registry.wait_for(1).await;
    service
        .delete(std::slice::from_ref(&image.hash))
        .await
        .unwrap();
    advance(Duration::from_secs(6)).await;
    // An attempt that ends gives its lease back.
    let name = format!("index:{}", image.hash);
    loop {
        let lease = bench
            .store
            .acquire_lease(&name, "test", Duration::from_secs(1), bench.now());
        if let Acquisition::Granted(_) = lease.await.unwrap() {
            break;
        }
    }
    bench.registry.let_go(&base);
    worker.stop().await;
    assert_eq!(service.status(&image.hash).await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn stopping_ends_what_was_begun_and_gives_the_rest_back() {
    let mut bench = Bench::new();
    bench.settings.request_limit = Some(1);
    let service = bench.service();
    let base = bench.registry.add(&layer("musl"));
    let begun = manifest("begun", GOOD, &[&base]);
    let waits = manifest("waits", GOOD, &[&base]);
    bench.registry.hold(&base);
    submit(&service, &begun).await;
    let worker = Worker::start(&service);
    bench.registry.wait_for(1).await;
    submit(&service, &waits).await;
    while status(&service, &waits).await.state != IndexState::Running {
        tokio::task::yield_now().await;
    }
    worker.token.cancel();
    while status(&service, &waits).await.state != IndexState::Waiting {
        tokio::task::yield_now().await;
    }
    assert_eq!(
        status(&service, &waits).await.next_attempt,
        Some(bench.now())
    );
    assert!(!worker.task.is_finished());
    bench.registry.let_go(&base);
    worker.task.await.unwrap();
    assert_eq!(status(&service, &begun).await.state, IndexState::Finished);
}

#[tokio::test(start_paused = true)]
async fn layers_that_no_image_has_and_old_failures_go_away() {
    let bench = Bench::new();
    let service = bench.service();
    let image = manifest("image", GONE, &[&Digest::sha256(b"missing")]);
    let indexed = service.index(image.clone(), Urgency::default()).await;
    assert!(indexed.is_err());
    let layers = [Digest::sha256(b"unused")];
    let (set, record) = (
        "1",
        LayerRecord {
            evidence: vec![1],
            owned_files: Vec::new(),
            packages: BTreeSet::new(),
        },
    );
    let saved = bench
        .store
        .save_layer(&layers[0], set, &record, bench.now());
    saved.await.unwrap();
    let count = || async { bench.store.known_layers(&layers, set).await.unwrap().len() };
    let worker = Worker::start(&service);
    sleep(Duration::from_mins(50)).await;
    assert_eq!(count().await, 1);
    sleep(Duration::from_mins(30)).await;
    assert_eq!(count().await, 0);
    advance(Duration::from_hours(13 * 24)).await;
    sleep(Duration::from_mins(20)).await;
    assert!(service.status(&image.hash).await.unwrap().is_some());
    advance(Duration::from_hours(2 * 24)).await;
    sleep(Duration::from_mins(20)).await;
    assert_eq!(service.status(&image.hash).await.unwrap(), None);
    worker.stop().await;
}
