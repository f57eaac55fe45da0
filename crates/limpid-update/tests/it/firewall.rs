//! Results that are not plausible.

use limpid_store::{GenerationStore as _, Outcome};
use limpid_update::UpdateSummary;

use crate::bench::{Bench, lines, outcome};

fn held(summary: &UpdateSummary) -> &str {
    match outcome(summary) {
        Outcome::Held { reason } => reason,
        other => panic!("not held: {other:?}"),
    }
}

async fn served_with(records: usize) -> Bench {
    let bench = Bench::new();
    bench.document("toy", &lines(0, records));
    bench.update().await;
    bench
}

#[tokio::test]
async fn what_is_not_plausible_is_kept_but_not_served() {
    let many_bad = format!("{}{}", lines(1, 101), "!bad\n".repeat(6));
    let cases = [
        (lines(0, 49), "only 49 records, where there were 100"),
        (String::new(), "no records, where there were 100"),
        (many_bad, "6 of 106 records could not be read"),
    ];
    for (content, reason) in cases {
        let bench = served_with(100).await;
        bench.document("toy", &content);
        let summary = bench.update().await;
        assert_eq!(held(&summary), reason);
        assert_eq!(summary.current, Some(1));
        assert_eq!(bench.served("toy").await.records, 100);
        assert_eq!(
            bench.state("toy").await.build.unwrap().held.unwrap(),
            reason
        );
    }
}

#[tokio::test]
async fn what_is_held_stays_held_without_being_read_again() {
    let bench = served_with(100).await;
    bench.document("toy", &lines(0, 10));
    bench.update().await;
    assert_eq!(bench.files().len(), 2);
    let summary = bench.update().await;
    assert_eq!(held(&summary), "only 10 records, where there were 100");
    assert_eq!(summary.runs[0].fetched_bytes, 0);
    assert_eq!(bench.files().len(), 2, "the held snapshot is kept");
}

#[tokio::test]
async fn what_is_held_can_be_forced() {
    let bench = served_with(100).await;
    bench.document("toy", &lines(0, 10));
    bench.update().await;
    let summary = bench.force().await;
    assert_eq!(outcome(&summary), &Outcome::Activated { generation: 2 });
    assert_eq!(summary.runs[0].fetched_bytes, 0);
    assert_eq!(bench.served("toy").await.records, 10);
    assert_eq!(bench.state("toy").await.build.unwrap().held, None);
    let summary = bench.update().await;
    assert_eq!(outcome(&summary), &Outcome::Unchanged);
}

#[tokio::test]
async fn a_source_that_comes_to_its_senses_is_served_again() {
    let bench = served_with(100).await;
    bench.document("toy", "");
    bench.update().await;
    bench.document("toy", &lines(0, 100));
    let summary = bench.update().await;
    assert_eq!(outcome(&summary), &Outcome::Unchanged);
    assert_eq!(bench.state("toy").await.build.unwrap().held, None);
    bench.document("toy", &lines(0, 101));
    let summary = bench.update().await;
    assert_eq!(outcome(&summary), &Outcome::Activated { generation: 2 });
}

#[tokio::test]
async fn a_held_feed_does_not_hold_others_back() {
    let bench = Bench::new();
    bench.index("toy", "toy/a\ntoy/b");
    bench.document("toy/a", &lines(0, 10));
    bench.document("toy/b", &lines(0, 10));
    bench.update().await;
    bench.document("toy/a", "");
    bench.document("toy/b", &lines(0, 11));
    let summary = bench.update().await;
    assert_eq!(summary.current, Some(2));
    let current = bench.store.current().await.unwrap().unwrap();
    assert_eq!(current.feeds["toy/a"].records, 10);
    assert_eq!(current.feeds["toy/b"].records, 11);
}

#[tokio::test]
async fn a_feed_that_is_empty_from_the_start_is_served_as_empty() {
    let bench = Bench::new();
    bench.document("toy", "");
    let summary = bench.update().await;
    assert_eq!(outcome(&summary), &Outcome::Activated { generation: 1 });
    let current = bench.store.current().await.unwrap().unwrap();
    assert_eq!(current.feeds["toy"].records, 0);
}
