use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::discovery::defect;
use crate::feed_run::{Ending, Finished, Job, Workshop, run};

/// Runs feeds, some at a time; returns what came of them by name. A run that ends in a panic is a
/// run that failed.
pub(crate) async fn run_all(workshop: &Workshop, jobs: Vec<Job>) -> BTreeMap<String, Finished> {
    let slots = Arc::new(Semaphore::new(workshop.options.parallel_feeds.max(1)));
    let mut tasks = JoinSet::new();
    let mut names = BTreeMap::new();
    for job in jobs {
        let name = job.feed.name().to_owned();
        let (workshop, slots) = (workshop.clone(), Arc::clone(&slots));
        let task = tasks.spawn(async move {
            // The semaphore is never closed.
            let _slot = slots.acquire_owned().await.ok();
            run(workshop, job).await
        });
        names.insert(task.id(), name);
    }
    let mut all = BTreeMap::new();
    while let Some(joined) = tasks.join_next_with_id().await {
        let (id, finished) = match joined {
            Ok((id, finished)) => (id, Ok(finished)),
            Err(error) => (error.id(), Err(error)),
        };
        let name = names.remove(&id).unwrap_or_default();
        let finished = finished.unwrap_or_else(|error| {
            Finished::failed(name.clone(), Timestamp::now(), defect(error))
        });
        if let Ending::Failed(error) | Ending::Held(error) = &finished.ending {
            tracing::warn!(feed = name, error, "feed was not activated");
        }
        all.insert(name, finished);
    }
    all
}
