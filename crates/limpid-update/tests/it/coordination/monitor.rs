use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use limpid_store::{FeedSnapshot, Lease, UpdateRun};
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::Instant;

/// Sees everything that the store does, in the order in which it does it.
pub(super) struct Monitor {
    start: Instant,
    seen: Mutex<Seen>,
}

#[derive(Default)]
pub(super) struct Seen {
    /// The newest token that each node was granted of each lease.
    granted: HashMap<(u64, String), u64>,
    /// The newest token under which somebody did something for a feed.
    acted: HashMap<String, u64>,
    generation: u64,
    served: BTreeMap<String, FeedSnapshot>,
    /// When each feed was last run, and the longest time between two runs.
    last_run: HashMap<String, Instant>,
    longest_gap: Duration,
    pub(super) activations: usize,
    pub(super) records: usize,
    pub(super) refused: usize,
    faults: Vec<String>,
}

impl Monitor {
    pub(super) fn new() -> Self {
        Self {
            start: Instant::now(),
            seen: Mutex::default(),
        }
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// Keeps all others from the store.
    pub(super) async fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().await
    }

    pub(super) fn check(&self, run: u64, longest_gap: Duration) {
        let seen = self.seen.try_lock().unwrap();
        assert!(seen.faults.is_empty(), "seed {run}: {:#?}", seen.faults);
        assert!(seen.activations > 20, "seed {run}: {}", seen.activations);
        assert!(seen.records > 150, "seed {run}: {}", seen.records);
        assert!(seen.refused > 0, "seed {run}: no lease was ever lost");
        assert!(
            seen.longest_gap <= longest_gap,
            "seed {run}: a feed was not run for {:?}",
            seen.longest_gap
        );
    }
}

impl Seen {
    pub(super) fn granted(&mut self, node: u64, lease: &Lease) {
        let leases = self.granted.iter();
        let before = leases.filter(|((_, name), _)| *name == lease.name);
        let newest = before.map(|(_, token)| *token).max().unwrap_or_default();
        if lease.token <= newest {
            let fault = format!("{} was granted after {newest}: {lease:?}", lease.token);
            self.faults.push(fault);
        }
        self.granted.insert((node, lease.name.clone()), lease.token);
    }

    pub(super) fn activated(
        &mut self,
        node: u64,
        number: u64,
        feeds: &BTreeMap<String, FeedSnapshot>,
    ) {
        self.activations += 1;
        if number <= self.generation {
            let fault = format!("generation {number} after {}", self.generation);
            self.faults.push(fault);
        }
        self.generation = number;
        let before = std::mem::replace(&mut self.served, feeds.clone());
        for (feed, old) in before {
            match feeds.get(&feed) {
                None => self.faults.push(format!("{feed} is gone in {number}")),
                Some(new) if new.records < old.records => {
                    let fault = format!("{feed} went back from {} to {}", old.records, new.records);
                    self.faults.push(fault);
                }
                Some(new) if new.snapshot != old.snapshot => {
                    if self.is_late(node, &feed) {
                        let fault = format!("node {node} activated {feed}, which it had lost");
                        self.faults.push(fault);
                    }
                }
                Some(_) => {}
            }
        }
    }

    pub(super) fn recorded(&mut self, node: u64, run: &UpdateRun) {
        self.records += 1;
        if self.is_late(node, &run.feed) {
            let fault = format!(
                "node {node} recorded a run of {}, which it had lost",
                run.feed
            );
            self.faults.push(fault);
        }
        let now = Instant::now();
        if let Some(before) = self.last_run.insert(run.feed.clone(), now) {
            // The family itself is recorded only when it cannot be asked.
            if run.feed != "toy" {
                self.longest_gap = self.longest_gap.max(now - before);
            }
        }
    }

    /// Notes that a node does something for a feed under the newest lease that it has had. Tells
    /// whether another has done something under a newer one.
    fn is_late(&mut self, node: u64, feed: &str) -> bool {
        let key = (node, format!("update:{feed}"));
        let token = self.granted.get(&key).copied().unwrap_or_default();
        let newest = self.acted.entry(feed.to_owned()).or_default();
        let is_late = token < *newest;
        *newest = token.max(*newest);
        is_late
    }
}
