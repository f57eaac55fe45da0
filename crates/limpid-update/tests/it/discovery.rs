//! Which feeds there are.

use limpid_store::GenerationStore as _;
use limpid_update::UpdateOptions;

use crate::bench::{Bench, lines};

fn only(patterns: &[&str]) -> UpdateOptions {
    UpdateOptions {
        only: patterns.iter().map(|&pattern| pattern.to_owned()).collect(),
        ..UpdateOptions::default()
    }
}

#[tokio::test]
async fn a_family_that_cannot_be_asked_keeps_what_it_has_and_disturbs_nobody() {
    let bench = Bench::new();
    bench.index("ill", "ill/a");
    bench.document("ill/a", &lines(0, 10));
    bench.document("toy", &lines(0, 10));
    let families = ["ill", "toy"];
    let options = UpdateOptions::default();
    bench.update_families(&families, &options).await.unwrap();

    for damage in ["", "panic"] {
        if damage.is_empty() {
            bench.lose_index("ill");
        } else {
            bench.index("ill", damage);
        }
        let summary = bench.update_families(&families, &options).await.unwrap();
        assert_eq!(summary.failed_families.len(), 1);
        assert_eq!(summary.failed_families[0].family, "ill");
        assert_eq!(summary.runs.len(), 1);
        assert_eq!(bench.served("ill/a").await.records, 10);
        assert!(bench.state("ill").await.last_error.is_some());
        assert_eq!(bench.state("toy").await.last_error, None);
    }
    bench.index("ill", "ill/a");
    let summary = bench.update_families(&families, &options).await.unwrap();
    assert!(summary.failed_families.is_empty());
    assert_eq!(bench.state("ill").await.last_error, None);
}

#[tokio::test]
async fn only_the_selected_feeds_run() {
    let bench = Bench::new();
    bench.index("toy", "toy/a\ntoy/b\ntoy/c");
    for feed in ["toy/a", "toy/b", "toy/c"] {
        bench.document(feed, &lines(0, 10));
    }
    let options = only(&["toy/a", "toy/c*", "missing"]);
    let families = ["toy", "absent"];
    let summary = bench.update_families(&families, &options).await.unwrap();
    let feeds: Vec<_> = summary.runs.iter().map(|run| run.feed.as_str()).collect();
    assert_eq!(feeds, ["toy/a", "toy/c"]);
    assert_eq!(summary.unmatched, ["missing"]);
    assert!(summary.failed_families.is_empty(), "absent was not asked");
    let current = bench.store.current().await.unwrap().unwrap();
    assert_eq!(current.feeds.len(), 2);
}

#[tokio::test]
async fn a_family_is_selected_by_its_name_whatever_its_feeds_are_called() {
    let bench = Bench::new();
    bench.index("toy", "another-name");
    bench.document("another-name", &lines(0, 10));
    let summary = bench.update_with(&only(&["toy"])).await.unwrap();
    assert_eq!(summary.current, Some(1));
    assert!(summary.unmatched.is_empty());
}
