//! Feeds that fail, each for itself.

use limpid_store::{GenerationStore as _, Outcome};
use limpid_update::UpdateOptions;

use crate::bench::{Bench, lines, outcome};
use crate::toy::url;

fn failure(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Failed { error } => error,
        other => panic!("did not fail: {other:?}"),
    }
}

/// Makes a place with the feeds `toy/bad` and `toy/good`, both of which are served.
async fn two_feeds() -> Bench {
    let bench = Bench::new();
    bench.index("toy", "toy/bad\ntoy/good");
    bench.document("toy/bad", &lines(0, 10));
    bench.document("toy/good", &lines(0, 10));
    bench.update().await;
    bench
}

#[tokio::test]
async fn a_feed_that_fails_keeps_what_it_had_and_disturbs_nobody() {
    for (content, message) in [
        ("panic\n", "panic in the document"),
        ("fail\n", "nothing can be judged by ecosystem: toy"),
    ] {
        let bench = two_feeds().await;
        bench.document("toy/bad", content);
        bench.document("toy/good", &lines(0, 12));
        let summary = bench.update().await;
        let error = failure(&summary.runs[0].outcome);
        assert!(error.contains(message), "{error}");
        assert_eq!(
            summary.runs[1].outcome,
            Outcome::Activated { generation: 2 }
        );
        assert_eq!(bench.served("toy/bad").await.records, 10);
        assert_eq!(bench.served("toy/good").await.records, 12);
        let state = bench.state("toy/bad").await;
        assert_eq!(state.last_error.as_deref(), Some(error));
        assert!(
            state
                .last_success
                .is_some_and(|success| success < state.last_attempt)
        );
    }
}

#[tokio::test]
async fn a_required_document_that_is_gone_is_a_failure_that_names_it() {
    let bench = Bench::new();
    let summary = bench.update().await;
    let error = failure(outcome(&summary));
    assert!(error.ends_with(&url("toy")), "{error}");
    assert_eq!(summary.current, None);
    assert_eq!(bench.store.current().await.unwrap(), None);
}

#[tokio::test]
async fn a_feed_recovers_by_itself() {
    let bench = two_feeds().await;
    bench.document("toy/bad", "fail\n");
    bench.update().await;
    bench.document("toy/bad", &lines(0, 9));
    let summary = bench.update().await;
    assert_eq!(
        summary.runs[0].outcome,
        Outcome::Activated { generation: 2 }
    );
    assert_eq!(bench.state("toy/bad").await.last_error, None);
}

#[tokio::test]
async fn bad_records_are_counted_and_shown() {
    let bench = Bench::new();
    bench.document("toy", &format!("{}!odd\n", lines(0, 30)));
    let summary = bench.update().await;
    assert_eq!(outcome(&summary), &Outcome::Activated { generation: 1 });
    let run = &bench.store.runs(Some("toy"), 1).await.unwrap()[0];
    assert_eq!((run.records, run.quarantined), (30, 1));
    assert_eq!(run.samples[0].id, "odd");
    assert_eq!(run.samples[0].document, url("toy"));
    assert_eq!(run.samples[0].offset, Some(7));
    let current = bench.store.current().await.unwrap().unwrap();
    assert_eq!(current.feeds["toy"].quarantined, 1);
}

#[tokio::test]
async fn only_some_of_many_bad_records_are_kept() {
    let bench = Bench::new();
    bench.document("toy", &"!bad\n".repeat(500));
    let summary = bench.update().await;
    assert_eq!(summary.runs[0].quarantined, 500);
    assert_eq!(summary.runs[0].samples.len(), 100);
}

#[tokio::test]
async fn a_feed_that_is_larger_than_allowed_fails() {
    let bench = Bench::new();
    bench.index("toy", "toy+");
    bench.document("toy", &lines(0, 10));
    bench.document("toy-more", &lines(0, 10));
    let bytes = lines(0, 10).len() as u64;
    for (feed_bytes, is_allowed) in [(2 * bytes - 1, false), (2 * bytes, true)] {
        let options = UpdateOptions {
            feed_bytes,
            ..UpdateOptions::default()
        };
        let summary = bench.update_with(&options).await.unwrap();
        match outcome(&summary) {
            Outcome::Failed { error } if !is_allowed => {
                assert!(error.contains(&feed_bytes.to_string()), "{error}");
            }
            Outcome::Activated { .. } if is_allowed => {}
            other => panic!("{feed_bytes}: {other:?}"),
        }
    }
}
