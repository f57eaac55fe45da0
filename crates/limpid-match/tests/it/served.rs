use std::fs;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::Duration;

use limpid_match::{Options, ServedData, VulnerabilityData as _, judge};
use limpid_types::{GapReason, Verdict};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::fixture::{apk, debian, dpkg, with_package};
use crate::installation::Installation;

fn number(data: &ServedData) -> Option<u64> {
    data.current().map(|generation| generation.number())
}

fn run(data: &ServedData) -> (CancellationToken, tokio::task::JoinHandle<()>) {
    let cancellation = CancellationToken::new();
    let (data, token) = (data.clone(), cancellation.clone());
    (
        cancellation,
        tokio::spawn(async move { data.run(token).await }),
    )
}

#[tokio::test(start_paused = true)]
async fn a_new_generation_is_found_by_polling() {
    let installation = Installation::new();
    let data = installation.data();
    let (cancellation, running) = run(&data);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(number(&data), None);

    let old = installation.build("debian", &[dpkg("debian:bookworm", "a", "CVE-1", "1")]);
    installation.store.serve([("debian", old)]);
    assert_eq!(data.first().await.number(), 1);
    assert_eq!(installation.store.pinned(), [1]);

    let new = installation.build("debian", &[dpkg("debian:bookworm", "a", "CVE-2", "1")]);
    installation.store.serve([("debian", new)]);
    sleep(Duration::from_secs(6)).await;
    assert_eq!(number(&data), Some(2));
    assert_eq!(installation.store.pinned(), [2]);

    cancellation.cancel();
    running.await.unwrap();
    assert_eq!(installation.store.pinned(), [0_u64; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_nudge_makes_it_look_at_once() {
    let installation = Installation::new();
    let data = installation.data();
    let (_cancellation, _running) = run(&data);
    sleep(Duration::from_secs(1)).await;
    let snapshot = installation.build("debian", &[dpkg("debian:bookworm", "a", "CVE-1", "1")]);
    installation.store.serve([("debian", snapshot)]);
    data.nudge();
    let began = tokio::time::Instant::now();
    data.first().await;
    assert!(began.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn the_old_generation_serves_while_the_new_one_cannot_be_opened() {
    let installation = Installation::new();
    let data = installation.data_with_blobs();
    let old = installation.build("debian", &[dpkg("debian:bookworm", "a", "CVE-1", "1")]);
    installation.store.serve([("debian", old)]);
    data.refresh().await.unwrap();

    let new = installation.build("debian", &[dpkg("debian:bookworm", "a", "CVE-2", "1")]);
    installation.move_to_blobs(&new);
    installation.blobs.fails.store(true, Ordering::SeqCst);
    installation.store.serve([("debian", new)]);
    let (_cancellation, _running) = run(&data);
    sleep(Duration::from_mins(5)).await;
    assert_eq!(number(&data), Some(1));
    assert_eq!(installation.store.pinned(), [1, 2]);

    installation.blobs.fails.store(false, Ordering::SeqCst);
    sleep(Duration::from_secs(20)).await;
    assert_eq!(number(&data), Some(2));
    assert!(data.current().unwrap().missing().is_empty());
    assert_eq!(installation.store.pinned(), [2]);
}

#[tokio::test(start_paused = true)]
async fn a_feed_that_does_not_come_is_a_gap_in_the_end_and_comes_back_later() {
    let installation = Installation::new();
    let data = installation.data_with_blobs();
    let debian_feed = installation.build("debian", &[dpkg("debian:bookworm", "a", "CVE-1", "1")]);
    installation.store.serve([("debian", debian_feed.clone())]);
    data.refresh().await.unwrap();
    let alpine_feed = installation.build("alpine/v3.15", &[apk("alpine:3.15", "a", "CVE-1", "1")]);
    installation.move_to_blobs(&alpine_feed);
    installation.blobs.fails.store(true, Ordering::SeqCst);
    installation.store.serve([
        ("debian", debian_feed.clone()),
        ("alpine/v3.15", alpine_feed),
    ]);
    let (_cancellation, _running) = run(&data);
    sleep(Duration::from_mins(11)).await;
    let generation = data.current().unwrap();
    assert_eq!(generation.number(), 2);
    assert_eq!(generation.missing().len(), 1);
    assert_eq!(generation.missing()[0].name, "alpine/v3.15");

    // What the generation has is judged.
    let image = with_package(debian("12", "bookworm"), ("a", "0"), ("a", "0"));
    let judged = judge(
        &image,
        generation.as_ref(),
        jiff::Timestamp::now(),
        &Options::default(),
    )
    .unwrap();
    assert_eq!(judged.coverage.verdict, Verdict::Complete);
    assert_eq!(judged.findings.len(), 1);

    installation.blobs.fails.store(false, Ordering::SeqCst);
    sleep(Duration::from_secs(20)).await;
    assert!(data.current().unwrap().missing().is_empty());
}

/// The snapshot of a generation that is served, which is not where it should be.
struct Hidden {
    path: PathBuf,
    elsewhere: PathBuf,
}

impl Hidden {
    fn serve(installation: &Installation) -> Self {
        let snapshot = installation.build("debian", &[dpkg("debian:bookworm", "a", "CVE-1", "1")]);
        let path = installation.path(&snapshot);
        let elsewhere = path.with_extension("hidden");
        fs::rename(&path, &elsewhere).expect("a snapshot can be moved away");
        installation.store.serve([("debian", snapshot)]);
        Self { path, elsewhere }
    }

    fn put_back(&self) {
        fs::rename(&self.elsewhere, &self.path).expect("a snapshot can be moved back");
    }
}

#[tokio::test(start_paused = true)]
async fn a_missing_feed_is_a_gap_with_its_reason_and_is_tried_again() {
    let installation = Installation::new();
    let hidden = Hidden::serve(&installation);
    let data = installation.data();
    let (_cancellation, _running) = run(&data);
    let generation = data.first().await;
    let image = with_package(debian("12", "bookworm"), ("a", "0"), ("a", "0"));
    let now = jiff::Timestamp::now();
    let judged = judge(&image, generation.as_ref(), now, &Options::default()).unwrap();
    assert_eq!(judged.coverage.verdict, Verdict::Unknown);
    let gap = &judged.coverage.gaps[0];
    assert_eq!(gap.reason, GapReason::FeedMissing);
    assert!(
        gap.detail.contains("snapshot has no file"),
        "{}",
        gap.detail
    );

    hidden.put_back();
    sleep(Duration::from_secs(20)).await;
    assert!(data.current().unwrap().missing().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_generation_of_which_nothing_can_be_had_is_not_usable() {
    let installation = Installation::new();
    let hidden = Hidden::serve(&installation);
    let data = installation.data();
    let (_cancellation, _running) = run(&data);
    data.first().await;
    let waiting = tokio::time::timeout(Duration::from_hours(1), data.first_usable());
    assert!(waiting.await.is_err());

    hidden.put_back();
    assert!(data.first_usable().await.missing().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_generation_without_feeds_is_usable() {
    let installation = Installation::new();
    installation.store.serve([]);
    let data = installation.data();
    let (_cancellation, _running) = run(&data);
    assert_eq!(data.first_usable().await.number(), 1);
}

#[tokio::test]
async fn a_snapshot_is_fetched_when_it_is_missing_or_damaged() {
    let installation = Installation::new();
    let snapshot = installation.build("debian", &[dpkg("debian:bookworm", "a", "CVE-1", "1")]);
    installation.move_to_blobs(&snapshot);
    installation.store.serve([("debian", snapshot.clone())]);
    let fetched = || installation.blobs.fetched.load(Ordering::SeqCst);

    for (damage, fetches) in [(None, 1), (Some(&b"cut short"[..]), 2)] {
        if let Some(content) = damage {
            fs::write(installation.path(&snapshot), content).unwrap();
        }
        let data = installation.data_with_blobs();
        data.refresh().await.unwrap();
        assert!(data.current().unwrap().missing().is_empty());
        assert_eq!(fetched(), fetches);
        let files = fs::read_dir(installation.directory.path()).unwrap();
        assert_eq!(files.count(), 1, "nothing else is left in the folder");
    }
    installation.data_with_blobs().refresh().await.unwrap();
    assert_eq!(fetched(), 2, "what is there is not fetched");
}

#[tokio::test(start_paused = true)]
async fn a_feed_that_was_checked_again_is_fresh_after_some_minutes() {
    let installation = Installation::new();
    let snapshot = installation.build("debian", &[dpkg("debian:bookworm", "a", "CVE-1", "1")]);
    installation.store.serve([("debian", snapshot.clone())]);
    let data = installation.data();
    let (_cancellation, _running) = run(&data);
    let first = data.first().await;
    let later = snapshot.checked + jiff::SignedDuration::from_hours(6);
    installation.store.check("debian", snapshot, later);
    sleep(Duration::from_mins(6)).await;
    let fresh = data.current().unwrap();
    assert_eq!(fresh.number(), first.number());
    assert_eq!(fresh.feeds()[0].checked, Some(later));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_leaves_what_is_served() {
    let installation = Installation::new();
    let snapshot = installation.build("debian", &[dpkg("debian:bookworm", "a", "CVE-1", "1")]);
    installation.store.serve([("debian", snapshot)]);
    let data = installation.data();
    let (_cancellation, _running) = run(&data);
    data.first().await;
    installation.store.fails.store(true, Ordering::SeqCst);
    sleep(Duration::from_hours(1)).await;
    assert_eq!(number(&data), Some(1));
    assert!(data.refresh().await.is_err());
    installation.store.fails.store(false, Ordering::SeqCst);
    let new = installation.build("debian", &[dpkg("debian:bookworm", "a", "CVE-2", "1")]);
    installation.store.serve([("debian", new)]);
    sleep(Duration::from_secs(6)).await;
    assert_eq!(number(&data), Some(2));
}
