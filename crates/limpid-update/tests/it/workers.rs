//! The heavy work can be given to threads of its own, for example ones of a lower priority.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use limpid_feed::Family;
use limpid_store::Outcome;
use limpid_update::UpdateOptions;
use tokio::runtime::Builder;

use crate::bench::{Bench, lines, outcome};
use crate::toy::Toy;

#[tokio::test]
async fn feeds_are_parsed_and_built_by_the_workers() {
    let started = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&started);
    let count = move || {
        counter.fetch_add(1, Ordering::Relaxed);
    };
    let workers = Builder::new_current_thread()
        .on_thread_start(count)
        .build()
        .unwrap();
    let bench = Bench::new();
    bench.document("toy", &lines(0, 10));
    let options = UpdateOptions {
        workers: Some(workers.handle().clone()),
        ..UpdateOptions::default()
    };
    let families: Vec<Box<dyn Family>> = vec![Box::new(Toy { name: "toy" })];
    let summary = bench.updater.update(families, &options).await.unwrap();
    assert_eq!(*outcome(&summary), Outcome::Activated { generation: 1 });
    assert_eq!(started.load(Ordering::Relaxed), 1);
    workers.shutdown_background();
}
