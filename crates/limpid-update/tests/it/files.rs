//! The snapshot files.

use std::fs;

use limpid_store::{GenerationStore as _, Outcome};
use limpid_update::UpdateOptions;

use crate::bench::{Bench, lines, outcome};

#[tokio::test]
async fn files_of_old_generations_are_removed() {
    let bench = Bench::new();
    let options = UpdateOptions {
        keep_generations: 2,
        ..UpdateOptions::default()
    };
    let mut removed = 0;
    for records in 10..15 {
        bench.document("toy", &lines(0, records));
        removed += bench.update_with(&options).await.unwrap().removed_snapshots;
    }
    assert_eq!(removed, 3);
    let generations = bench.store.generations(10).await.unwrap();
    let mut expected: Vec<_> = generations
        .iter()
        .map(|one| format!("{}.snapshot", one.feeds["toy"].snapshot.hex()))
        .collect();
    expected.sort();
    assert_eq!(expected.len(), 2);
    assert_eq!(bench.files(), expected);
}

#[tokio::test]
async fn what_a_killed_update_left_is_removed() {
    let bench = Bench::new();
    bench.document("toy", &lines(0, 10));
    bench.update().await;
    let served = bench.files();
    let unreferenced = format!("{}.snapshot", "ab".repeat(32));
    for name in [unreferenced.as_str(), "snapshot-x.partial"] {
        fs::write(bench.snapshots().join(name), b"x").unwrap();
    }
    bench.update().await;
    assert_eq!(bench.files(), served);
}

#[tokio::test]
async fn a_lost_or_shortened_file_is_made_again() {
    for is_lost in [true, false] {
        let bench = Bench::new();
        bench.document("toy", &lines(0, 10));
        bench.update().await;
        let file = bench.snapshots().join(&bench.files()[0]);
        if is_lost {
            fs::remove_file(file).unwrap();
        } else {
            fs::write(file, b"x").unwrap();
        }
        let summary = bench.update().await;
        assert_eq!(outcome(&summary), &Outcome::Unchanged);
        assert_eq!(bench.served("toy").await.records, 10);
    }
}

#[tokio::test]
async fn a_directory_that_cannot_be_used_is_an_error_that_names_it() {
    let bench = Bench::new();
    fs::write(bench.snapshots(), b"not a directory").unwrap();
    let error = bench
        .update_with(&UpdateOptions::default())
        .await
        .unwrap_err();
    assert!(error.to_string().ends_with("/snapshots"), "{error}");
}
