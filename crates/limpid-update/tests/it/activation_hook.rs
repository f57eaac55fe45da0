//! Whoever serves the data in the same process is told that there is something new to serve.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use limpid_feed::Family;
use limpid_store::Outcome;
use limpid_update::{UpdateOptions, Updater};

use crate::bench::{Bench, lines, outcome};
use crate::toy::Toy;

/// An updater, and how often it called.
struct Watched {
    updater: Updater,
    calls: Arc<AtomicUsize>,
}

impl Watched {
    fn new(bench: &Bench) -> Self {
        let calls = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&calls);
        let hook = move || {
            counter.fetch_add(1, Ordering::Relaxed);
        };
        Self {
            updater: bench.updater.clone().with_activation_hook(Arc::new(hook)),
            calls,
        }
    }

    async fn update(&self) -> Outcome {
        let families: Vec<Box<dyn Family>> = vec![Box::new(Toy { name: "toy" })];
        let options = UpdateOptions::default();
        let summary = self.updater.update(families, &options).await.unwrap();
        outcome(&summary).clone()
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }
}

#[tokio::test]
async fn the_hook_is_called_whenever_another_generation_is_served() {
    let bench = Bench::new();
    let watched = Watched::new(&bench);
    for generation in 1..=2 {
        bench.document("toy", &lines(0, 10 * generation));
        let outcome = watched.update().await;
        let generation = generation as u64;
        assert_eq!(outcome, Outcome::Activated { generation });
        assert_eq!(watched.calls() as u64, generation);
    }
    watched.updater.roll_back(None).await.unwrap();
    assert_eq!(watched.calls(), 3);
}

#[tokio::test]
async fn the_hook_is_not_called_when_the_same_generation_goes_on_being_served() {
    let bench = Bench::new();
    let watched = Watched::new(&bench);
    assert!(matches!(watched.update().await, Outcome::Failed { .. }));
    assert_eq!(watched.calls(), 0);
    bench.document("toy", &lines(0, 1000));
    watched.update().await;
    assert_eq!(watched.calls(), 1);
    assert_eq!(watched.update().await, Outcome::Unchanged);
    bench.document("toy", &lines(0, 1));
    assert!(matches!(watched.update().await, Outcome::Held { .. }));
    watched.updater.roll_back(Some(9)).await.unwrap_err();
    assert_eq!(watched.calls(), 1);
}
