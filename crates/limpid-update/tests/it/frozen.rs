//! What a source does not speak of any more.

use limpid_store::{GenerationStore as _, Outcome};
use limpid_update::UpdateSummary;
use limpid_vulndb::{FROZEN_NOTES, Snapshot};

use crate::bench::{Bench, lines, outcome};

/// Returns lines about packages of a release.
fn release(name: &str, from: usize, to: usize) -> String {
    lines(from, to).replace('\n', &format!("@{name}\n"))
}

fn frozen(snapshot: &Snapshot) -> Vec<(String, String)> {
    let notes = snapshot.notes(FROZEN_NOTES).map(Result::unwrap);
    notes
        .map(|(name, since)| (name, since.to_owned()))
        .collect()
}

fn packages(snapshot: &Snapshot, namespace: &str) -> usize {
    snapshot
        .iter()
        .filter(|record| record.as_ref().unwrap().namespace == namespace)
        .count()
}

/// Runs a feed with two releases, and then one of the second alone. Returns the bench and when the
/// first release was last seen.
async fn with_dropped_release() -> (Bench, String) {
    let bench = Bench::new();
    let both = release("toy:old", 0, 30) + &release("toy:new", 0, 70);
    bench.document("toy", &both);
    bench.update().await;
    let current = bench.store.current().await.unwrap().unwrap();
    let seen = current.feeds["toy"].checked;
    bench.document("toy", &release("toy:new", 0, 71));
    let summary = bench.update().await;
    assert_eq!(outcome(&summary), &Outcome::Activated { generation: 2 });
    let seen = seen.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    (bench, seen)
}

#[tokio::test]
async fn a_dropped_release_keeps_its_last_records_and_the_date() {
    let (bench, seen) = with_dropped_release().await;
    let served = bench.served_snapshot("toy").await;
    served.verify().unwrap();
    assert_eq!(packages(&served, "toy:old"), 30);
    assert_eq!(packages(&served, "toy:new"), 71);
    assert_eq!(frozen(&served), [("toy:old".to_owned(), seen)]);
}

#[tokio::test]
async fn a_release_stays_frozen_since_the_same_date() {
    let (bench, seen) = with_dropped_release().await;
    for records in 72..75 {
        bench.document("toy", &release("toy:new", 0, records));
        bench.update().await;
    }
    let served = bench.served_snapshot("toy").await;
    assert_eq!(packages(&served, "toy:old"), 30);
    assert_eq!(packages(&served, "toy:new"), 74);
    assert_eq!(frozen(&served), [("toy:old".to_owned(), seen)]);
}

#[tokio::test]
async fn a_release_that_comes_back_is_not_frozen_any_more() {
    let (bench, _) = with_dropped_release().await;
    let both = release("toy:old", 10, 40) + &release("toy:new", 0, 70);
    bench.document("toy", &both);
    bench.update().await;
    let served = bench.served_snapshot("toy").await;
    assert_eq!(frozen(&served), []);
    assert_eq!(packages(&served, "toy:old"), 30);
    assert_eq!(
        served.candidates("toy:old", "package-0").unwrap().count(),
        0
    );
}

#[tokio::test]
async fn what_is_kept_does_not_hide_that_a_source_shrank() {
    let bench = Bench::new();
    let both = release("toy:old", 0, 60) + &release("toy:new", 0, 40);
    bench.document("toy", &both);
    bench.update().await;
    bench.document("toy", &release("toy:new", 0, 40));
    let summary = bench.update().await;
    let reason = "only 40 records, where there were 100".to_owned();
    assert_eq!(outcome(&summary), &Outcome::Held { reason });
    assert_eq!(frozen(&bench.served_snapshot("toy").await), []);
    // Somebody knows that this is right.
    bench.force().await;
    let served = bench.served_snapshot("toy").await;
    assert_eq!(
        (packages(&served, "toy:old"), frozen(&served).len()),
        (60, 1)
    );
    // From then on nobody expects the frozen records of the source.
    bench.document("toy", &release("toy:new", 0, 41));
    let summary = bench.update().await;
    assert_eq!(outcome(&summary), &Outcome::Activated { generation: 3 });
    bench.document("toy", &release("toy:new", 0, 20));
    let summary = bench.update().await;
    let reason = "only 20 records, where there were 41".to_owned();
    assert_eq!(outcome(&summary), &Outcome::Held { reason });
}

#[tokio::test]
async fn a_feed_of_notes_alone_is_compared_by_its_notes() {
    let notes = |count: usize| lines(0, count).replace("package", "#package");
    let bench = Bench::new();
    bench.document("toy", &(notes(100) + "!bad\n"));
    let summary = bench.update().await;
    assert_eq!(outcome(&summary), &Outcome::Activated { generation: 1 });
    let served = bench.served_snapshot("toy").await;
    assert_eq!(served.note("toy", "package-7").unwrap(), Some("toy"));
    let build = bench.state("toy").await.build.unwrap();
    assert_eq!(build.snapshot.records, 100);
    bench.document("toy", &notes(49));
    let summary = bench.update().await;
    let reason = "only 49 records, where there were 100".to_owned();
    assert_eq!(outcome(&summary), &Outcome::Held { reason });
}

async fn with_vanished_feed() -> (Bench, UpdateSummary) {
    let bench = Bench::new();
    bench.index("toy", "toy/old\ntoy/new");
    bench.document("toy/old", &(lines(0, 10) + "#note\n"));
    bench.document("toy/new", &lines(0, 10));
    bench.update().await;
    bench.index("toy", "toy/new");
    bench.document("toy/new", &lines(0, 11));
    let summary = bench.update().await;
    (bench, summary)
}

#[tokio::test]
async fn a_feed_that_its_source_dropped_keeps_what_it_has_and_is_marked() {
    let (bench, summary) = with_vanished_feed().await;
    assert_eq!(summary.current, Some(2));
    assert!(summary.failed_families.is_empty());
    let served = bench.served_snapshot("toy/old").await;
    assert_eq!(served.records(), 10);
    assert_eq!(served.note("toy", "note").unwrap(), Some("toy/old"));
    assert_eq!(frozen(&served)[0].0, "toy:1");
    assert_eq!(bench.served("toy/new").await.records, 11);

    // That is done once.
    let summary = bench.update().await;
    let feeds: Vec<_> = summary.runs.iter().map(|run| run.feed.as_str()).collect();
    assert_eq!(feeds, ["toy/new"]);
    assert!(summary.skipped.is_empty());
    assert_eq!(summary.current, Some(2));
}

#[tokio::test]
async fn a_dropped_feed_that_comes_back_is_not_frozen_any_more() {
    let (bench, _) = with_vanished_feed().await;
    bench.index("toy", "toy/old\ntoy/new");
    bench.update().await;
    let served = bench.served_snapshot("toy/old").await;
    assert_eq!((served.records(), frozen(&served)), (10, Vec::new()));
}

#[tokio::test]
async fn feeds_of_a_family_that_was_not_asked_or_failed_are_not_frozen() {
    let bench = Bench::new();
    bench.index("toy", "toy/a");
    bench.index("other", "other/a");
    bench.document("toy/a", &lines(0, 10));
    bench.document("other/a", &lines(0, 10));
    let options = limpid_update::UpdateOptions::default();
    bench
        .update_families(&["toy", "other"], &options)
        .await
        .unwrap();
    bench.lose_index("toy");
    bench.update_families(&["toy"], &options).await.unwrap();
    assert_eq!(frozen(&bench.served_snapshot("toy/a").await), []);
    assert_eq!(frozen(&bench.served_snapshot("other/a").await), []);
}
