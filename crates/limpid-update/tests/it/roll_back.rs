//! Going back to an earlier generation.

use std::fs;

use limpid_store::{GenerationStore as _, Outcome};
use limpid_update::{RollBack, UpdateError};

use crate::bench::{Bench, lines, outcome};

/// Makes a place with a generation of 10, one of 11 and one of 12 records.
async fn three_generations() -> Bench {
    let bench = Bench::new();
    for records in 10..13 {
        bench.document("toy", &lines(0, records));
        bench.update().await;
    }
    bench
}

#[tokio::test]
async fn an_earlier_generation_is_served_again() {
    let bench = three_generations().await;
    let done = bench.updater.roll_back(None).await.unwrap();
    assert_eq!((done.from, done.to), (Some(3), 2));
    assert_eq!(bench.served("toy").await.records, 11);
    let done = bench.updater.roll_back(Some(1)).await.unwrap();
    assert_eq!(
        done,
        RollBack {
            from: Some(2),
            to: 1
        }
    );
    assert_eq!(bench.served("toy").await.records, 10);
    let error = bench.updater.roll_back(None).await.unwrap_err();
    assert!(matches!(error, UpdateError::NoEarlierGeneration));
    let error = bench.updater.roll_back(Some(99)).await.unwrap_err();
    assert!(error.to_string().ends_with("99"), "{error}");
}

#[tokio::test]
async fn what_was_rolled_back_does_not_come_back_by_itself() {
    let bench = three_generations().await;
    bench.updater.roll_back(None).await.unwrap();
    let summary = bench.update().await;
    assert_eq!(outcome(&summary), &Outcome::Unchanged);
    assert_eq!(summary.current, Some(2));
    let summary = bench.force().await;
    assert_eq!(outcome(&summary), &Outcome::Activated { generation: 4 });
    assert_eq!(bench.served("toy").await.records, 12);
}

#[tokio::test]
async fn news_after_a_roll_back_are_served() {
    let bench = three_generations().await;
    bench.updater.roll_back(None).await.unwrap();
    bench.document("toy", &lines(0, 13));
    let summary = bench.update().await;
    assert_eq!((summary.previous, summary.current), (Some(2), Some(4)));
    assert_eq!(bench.served("toy").await.records, 13);
}

#[tokio::test]
async fn a_generation_without_its_files_is_not_served() {
    let bench = three_generations().await;
    let first = bench.store.generation(1).await.unwrap().unwrap();
    let file = format!("{}.snapshot", first.feeds["toy"].snapshot.hex());
    fs::remove_file(bench.snapshots().join(&file)).unwrap();
    let error = bench.updater.roll_back(Some(1)).await.unwrap_err();
    assert!(error.to_string().contains(&file), "{error}");
    assert_eq!(bench.store.current().await.unwrap().unwrap().number, 3);
}
