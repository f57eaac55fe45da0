//! A fortnight of several nodes that update the same feeds, in simulated time: their clocks are
//! wrong and jump, the store stalls, fails and loses answers, and nodes are killed and come back.

mod monitor;
mod node;
mod random;
mod store;

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use limpid_store::{GenerationStore as _, LeaseStore as _};
use limpid_update::Schedule;
use tokio::time::sleep;

use crate::bench::{Bench, lines};
use monitor::Monitor;
use node::Node;
use random::Random;

const HOUR: Duration = Duration::from_hours(1);
const PERIOD: Duration = Duration::from_hours(6);
const NODES: u64 = 3;
const FEEDS: [&str; 4] = ["toy/a", "toy/b", "toy/c", "toy/d"];
/// How long everything goes wrong.
const TROUBLE: Duration = Duration::from_hours(13 * 24);
/// How long nothing does afterwards.
const CALM: Duration = Duration::from_hours(24);
/// Within this time every feed must have been run by somebody, whatever goes wrong: a period, an
/// interval that a wrong clock adds, and what it takes to notice that a node is gone.
const LONGEST_GAP: Duration = Duration::from_hours(3 * 6);

/// What the sources say: how many records each feed has, which only ever grows.
struct Sources {
    records: BTreeMap<&'static str, usize>,
}

impl Sources {
    fn new(bench: &Bench) -> Self {
        bench.index("toy", &FEEDS.join("\n"));
        let mut sources = Self {
            records: BTreeMap::new(),
        };
        for feed in FEEDS {
            sources.grow(bench, feed);
        }
        sources
    }

    fn grow(&mut self, bench: &Bench, feed: &'static str) {
        let records = self.records.entry(feed).or_insert(10);
        *records += 1;
        // In one step, because nodes read on other threads.
        bench.document("next", &lines(0, *records));
        let folder = bench.path().join("mirror").join(crate::toy::HOST);
        let target = folder.join(format!("{feed}.txt"));
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::rename(folder.join("next.txt"), target).unwrap();
    }
}

async fn simulate(seed: u64) {
    let bench = Bench::new();
    let mut sources = Sources::new(&bench);
    let monitor = Arc::new(Monitor::new());
    let mut random = Random::new(seed);
    let mut nodes: Vec<Node> = (0..NODES)
        .map(|number| Node::new(&bench, number, seed, &monitor, Schedule::every(PERIOD)))
        .collect();
    for node in &mut nodes {
        node.start();
    }
    while monitor.elapsed() < TROUBLE {
        sleep(random.up_to(3 * HOUR)).await;
        let number = usize::try_from(random.below(NODES)).unwrap();
        match random.below(6) {
            0 => nodes[number].kill(),
            1 => nodes[number].stop().await,
            2 | 3 => nodes[number].jump(&mut random),
            _ => {
                let feed = usize::try_from(random.below(FEEDS.len() as u64)).unwrap();
                sources.grow(&bench, FEEDS[feed]);
            }
        }
        // Most of the time most nodes are there.
        if random.below(3) > 0 {
            nodes[number].start();
        }
    }
    for node in &mut nodes {
        node.recover();
        node.start();
    }
    sleep(CALM).await;
    for node in &mut nodes {
        node.stop().await;
    }

    monitor.check(seed, LONGEST_GAP);
    let current = bench.store.current().await.unwrap().unwrap();
    for (feed, records) in &sources.records {
        assert_eq!(
            current.feeds[*feed].records, *records as u64,
            "{seed} {feed}"
        );
    }
    let left = bench
        .store
        .remove_expired_leases(Timestamp::MAX, usize::MAX)
        .await;
    assert_eq!(left.unwrap(), 0, "seed {seed}: leases are left over");
}

#[tokio::test(start_paused = true)]
async fn a_fortnight_of_trouble_does_no_harm() {
    for seed in 1..=3 {
        simulate(seed).await;
    }
}
