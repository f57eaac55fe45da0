//! Updates that find nothing new.

use limpid_store::{GenerationStore as _, Outcome};

use crate::bench::{Bench, lines, outcome};

#[tokio::test]
async fn the_first_update_makes_the_first_generation() {
    let bench = Bench::new();
    bench.document("toy", &lines(0, 10));
    let summary = bench.update().await;
    assert_eq!((summary.previous, summary.current), (None, Some(1)));
    assert_eq!(outcome(&summary), &Outcome::Activated { generation: 1 });
    let meta = bench.served("toy").await;
    assert_eq!((meta.feed.as_str(), meta.records), ("toy", 10));
    assert_eq!(bench.files().len(), 1);
}

#[tokio::test]
async fn an_untouched_document_is_not_read_again() {
    let bench = Bench::new();
    bench.document("toy", &lines(0, 10));
    bench.update().await;
    let before = bench.store.current().await.unwrap().unwrap();
    let summary = bench.update().await;
    assert_eq!(outcome(&summary), &Outcome::Unchanged);
    assert_eq!(summary.runs[0].fetched_bytes, 0);
    assert_eq!((summary.previous, summary.current), (Some(1), Some(1)));
    let after = bench.store.current().await.unwrap().unwrap();
    assert!(after.feeds["toy"].checked > before.feeds["toy"].checked);
    assert_eq!(after.feeds["toy"].built, before.feeds["toy"].built);
    assert_eq!(bench.store.generations(10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn other_bytes_with_the_same_meaning_make_no_generation() {
    let bench = Bench::new();
    bench.document("toy", "b\na\n");
    bench.update().await;
    bench.document("toy", "a\nb\na\n");
    let summary = bench.update().await;
    assert_eq!(outcome(&summary), &Outcome::Unchanged);
    assert!(summary.runs[0].fetched_bytes > 0);
    assert_eq!(bench.store.generations(10).await.unwrap().len(), 1);
    let summary = bench.update().await;
    assert_eq!(summary.runs[0].fetched_bytes, 0, "the new bytes are known");
}

#[tokio::test]
async fn changed_documents_make_a_generation_and_unchanged_feeds_stay_in_it() {
    let bench = Bench::new();
    bench.index("toy", "toy/a\ntoy/b");
    bench.document("toy/a", &lines(0, 10));
    bench.document("toy/b", &lines(0, 20));
    let summary = bench.update().await;
    assert_eq!(summary.current, Some(1), "one generation for both");
    bench.document("toy/a", &lines(0, 11));
    let summary = bench.update().await;
    assert_eq!(summary.current, Some(2));
    let outcomes: Vec<_> = summary.runs.iter().map(|run| &run.outcome).collect();
    assert_eq!(
        outcomes,
        [&Outcome::Activated { generation: 2 }, &Outcome::Unchanged]
    );
    assert_eq!(bench.served("toy/a").await.records, 11);
    assert_eq!(bench.served("toy/b").await.records, 20);
}

#[tokio::test]
async fn documents_that_did_not_change_are_got_again_beside_one_that_did() {
    let bench = Bench::new();
    bench.index("toy", "toy+");
    bench.document("toy", &lines(0, 10));
    let summary = bench.update().await;
    assert_eq!(bench.served("toy").await.records, 10);
    assert_eq!(summary.current, Some(1));
    bench.document("toy-more", &lines(10, 15));
    bench.update().await;
    assert_eq!(
        bench.served("toy").await.records,
        15,
        "both documents count"
    );
    let summary = bench.update().await;
    assert_eq!(outcome(&summary), &Outcome::Unchanged);
}
