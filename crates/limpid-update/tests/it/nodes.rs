//! Several nodes with one store, each with a directory of its own.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use limpid_blob::DirectoryBlobs;
use limpid_feed::Family;
use limpid_http::{FetchSettings, Fetcher, Source};
use limpid_store::{BlobStore as _, GenerationStore as _, Outcome};
use limpid_update::{UpdateOptions, UpdateSummary, Updater};

use crate::bench::{Bench, lines};
use crate::toy::Toy;

/// Another node, which shares the store, the mirror and the blobs of a bench.
struct Node {
    directory: PathBuf,
    updater: Updater,
}

impl Node {
    fn new(bench: &Bench, name: &str) -> Self {
        let directory = bench.path().join(name);
        std::fs::create_dir_all(&directory).unwrap();
        let mirror = Source::MirrorDirectory(bench.path().join("mirror"));
        let fetcher = Fetcher::new(FetchSettings::default(), mirror, &directory).unwrap();
        let snapshots = directory.join("snapshots");
        let store = || Arc::clone(&bench.store);
        let updater =
            Updater::new(store(), store(), fetcher, snapshots).with_blobs(Arc::new(blobs(bench)));
        Self { directory, updater }
    }

    async fn update(&self) -> UpdateSummary {
        self.update_with(&UpdateOptions::default()).await
    }

    async fn update_with(&self, options: &UpdateOptions) -> UpdateSummary {
        let families: Vec<Box<dyn Family>> = vec![Box::new(Toy { name: "toy" })];
        self.updater.update(families, options).await.unwrap()
    }

    fn files(&self) -> usize {
        count(&self.directory.join("snapshots"))
    }
}

fn blobs(bench: &Bench) -> DirectoryBlobs {
    DirectoryBlobs::new(bench.path().join("blobs"))
}

fn count(directory: &Path) -> usize {
    std::fs::read_dir(directory).unwrap().count()
}

#[tokio::test]
async fn a_snapshot_is_shared_before_it_is_served() {
    let bench = Bench::new();
    bench.document("toy", &lines(0, 10));
    let node = Node::new(&bench, "a");
    node.update().await;
    let current = bench.store.current().await.unwrap().unwrap();
    let shared = blobs(&bench).blobs().await.unwrap();
    assert!(shared.contains(&current.feeds["toy"].snapshot));
}

#[tokio::test]
async fn what_cannot_be_shared_is_not_served() {
    let bench = Bench::new();
    bench.document("toy", &lines(0, 10));
    std::fs::write(bench.path().join("blobs"), "not a directory").unwrap();
    let summary = Node::new(&bench, "a").update().await;
    assert!(
        matches!(summary.runs[0].outcome, Outcome::Failed { .. }),
        "{summary:?}"
    );
    assert_eq!(summary.current, None);
    std::fs::remove_file(bench.path().join("blobs")).unwrap();
    let summary = Node::new(&bench, "a").update().await;
    assert_eq!(summary.current, Some(1), "{summary:?}");
}

#[tokio::test]
async fn a_node_gets_the_snapshots_of_others_instead_of_making_them() {
    let bench = Bench::new();
    bench.document("toy", &lines(0, 10));
    Node::new(&bench, "a").update().await;
    let other = Node::new(&bench, "b");
    let summary = other.update().await;
    assert_eq!(summary.runs[0].outcome, Outcome::Unchanged);
    assert_eq!(summary.runs[0].fetched_bytes, 0);
    assert_eq!(other.files(), 1);
}

#[tokio::test]
async fn a_node_goes_back_to_a_generation_that_another_made() {
    let bench = Bench::new();
    let node = Node::new(&bench, "a");
    for records in 10..12 {
        bench.document("toy", &lines(0, records));
        node.update().await;
    }
    let other = Node::new(&bench, "b");
    std::fs::create_dir_all(other.directory.join("snapshots")).unwrap();
    let moved = other.updater.roll_back(None).await.unwrap();
    assert_eq!((moved.from, moved.to), (Some(2), 1));
    assert_eq!(other.files(), 1);
}

#[tokio::test]
async fn shared_snapshots_that_nobody_needs_are_removed() {
    let bench = Bench::new();
    let node = Node::new(&bench, "a");
    let options = UpdateOptions {
        keep_generations: 2,
        ..UpdateOptions::default()
    };
    for records in 10..15 {
        bench.document("toy", &lines(0, records));
        node.update_with(&options).await;
    }
    assert_eq!(node.files(), 2);
    assert_eq!(blobs(&bench).blobs().await.unwrap().len(), 2);
}

#[tokio::test]
async fn shared_snapshots_that_got_lost_are_shared_again() {
    let bench = Bench::new();
    bench.document("toy", &lines(0, 10));
    let node = Node::new(&bench, "a");
    node.update().await;
    let before = blobs(&bench).blobs().await.unwrap();
    blobs(&bench).remove_blobs(&before).await.unwrap();
    node.update().await;
    assert_eq!(blobs(&bench).blobs().await.unwrap(), before);
}

#[tokio::test]
async fn what_nodes_say_at_the_same_time_comes_together() {
    let bench = Bench::new();
    let feeds: Vec<String> = (0..8).map(|number| format!("toy/{number}")).collect();
    bench.index("toy", &feeds.join("\n"));
    for feed in &feeds {
        bench.document(feed, &lines(0, 10));
    }
    let (a, b) = (Node::new(&bench, "a"), Node::new(&bench, "b"));
    let (of_a, of_b) = tokio::join!(a.update(), b.update());
    let current = bench.store.current().await.unwrap().unwrap();
    assert_eq!(current.feeds.len(), 8, "{of_a:?} {of_b:?}");
    let activated = [of_a, of_b]
        .iter()
        .flat_map(|summary| &summary.runs)
        .filter(|run| matches!(run.outcome, Outcome::Activated { .. }))
        .count();
    assert_eq!(activated, 8, "each feed was activated by one of them");
}
