//! Promises of [`GenerationStore`](crate::GenerationStore) about what is kept.

#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "these are tests"
)]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use limpid_types::Digest;

use super::Harness;
use super::generations::activate;
use super::runs::record;
use super::samples::{at, build, digest, digests, run};
use crate::{Acquisition, Outcome, Store};

const HOUR: Duration = Duration::from_hours(1);

async fn retire(store: &Arc<dyn Store>, keep: usize, seconds: i64) -> BTreeSet<Digest> {
    let kept = store.retire_generations(keep, None, at(seconds)).await;
    kept.unwrap().unwrap()
}

/// The newest generations and the one that is served are kept, the others are forgotten.
pub async fn the_newest_and_the_current_generation_are_kept<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    for content in ["one", "two", "three", "four", "five"] {
        activate(&store, content).await;
    }
    assert_eq!(
        retire(&store, 4, 10).await,
        digests(&["two", "three", "four", "five"])
    );
    assert_eq!(store.generation(1).await.unwrap(), None);
    store.roll_back(Some(5), Some(2), at(11)).await.unwrap();
    assert_eq!(
        retire(&store, 2, 12).await,
        digests(&["two", "four", "five"])
    );
    assert_eq!(retire(&store, 0, 13).await, digests(&["two"]));
    assert_eq!(store.current().await.unwrap().unwrap().number, 2);
}

/// A pinned generation is kept, until the pin expires.
pub async fn a_pin_keeps_a_generation_until_it_expires<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    activate(&store, "one").await;
    activate(&store, "two").await;
    assert!(store.pin(1, "reader", HOUR, at(0)).await.unwrap());
    assert_eq!(retire(&store, 1, 3599).await, digests(&["one", "two"]));
    assert!(store.pin(1, "reader", HOUR, at(3000)).await.unwrap());
    assert_eq!(retire(&store, 1, 6599).await, digests(&["one", "two"]));
    assert_eq!(retire(&store, 1, 6600).await, digests(&["two"]));
    assert!(!store.pin(1, "reader", HOUR, at(6601)).await.unwrap());
}

/// A pin ends when its owner says so; those of others do not.
pub async fn a_pin_is_taken_away<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    activate(&store, "one").await;
    activate(&store, "two").await;
    assert!(store.pin(1, "a", HOUR, at(0)).await.unwrap());
    assert!(store.pin(1, "b", HOUR, at(0)).await.unwrap());
    store.unpin(1, "a").await.unwrap();
    assert_eq!(retire(&store, 1, 1).await, digests(&["one", "two"]));
    store.unpin(1, "b").await.unwrap();
    store.unpin(1, "b").await.unwrap();
    assert_eq!(retire(&store, 1, 2).await, digests(&["two"]));
}

/// What a feed built last is kept although no generation has it, until it builds something else.
pub async fn the_last_build_of_a_feed_is_kept<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    activate(&store, "one").await;
    for (content, started) in [("held", 1), ("held again", 2)] {
        let outcome = Outcome::Held {
            reason: "records halved".into(),
        };
        let run = run("debian", started, outcome);
        record(&store, &run, Some(&build(content))).await;
        assert_eq!(retire(&store, 1, 10).await, digests(&["one", content]));
    }
}

/// A holder whose lease passed to another forgets nothing.
pub async fn retiring_needs_the_lease_that_it_names<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    activate(&store, "one").await;
    activate(&store, "two").await;
    let asked = store.acquire_lease("update", "a", HOUR, at(0)).await;
    let Ok(Acquisition::Granted(lease)) = asked else {
        panic!("not granted: {asked:?}");
    };
    store.release_lease(&lease).await.unwrap();
    let kept = store.retire_generations(1, Some(&lease), at(1)).await;
    assert_eq!(kept.unwrap(), None);
    assert_eq!(store.generations(10).await.unwrap().len(), 2);
}

/// A snapshot is forgotten with the generations that have it, whatever other feeds they have.
pub async fn a_snapshot_is_forgotten_with_its_generations<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    // The second generation has the same snapshot as the first, under the same feed.
    for content in ["one", "one", "two", "three"] {
        activate(&store, content).await;
    }
    let feed = "alpine/v3.15";
    let forgotten = store.forget_snapshot(feed, &digest("one"), at(10)).await;
    assert!(forgotten.unwrap());
    let left = store.generations(10).await.unwrap();
    let numbers: Vec<_> = left.iter().map(|one| one.number).collect();
    assert_eq!(numbers, [4, 3]);
    assert_eq!(retire(&store, 9, 11).await, digests(&["two", "three"]));
    for (feed, content) in [(feed, "one"), (feed, "unknown"), ("unknown", "two")] {
        let absent = store.forget_snapshot(feed, &digest(content), at(12)).await;
        assert!(absent.unwrap(), "{feed} {content}");
    }
    assert_eq!(store.generations(10).await.unwrap(), left);
}

/// A snapshot that is served or pinned stays, although other generations that have it go.
pub async fn a_snapshot_in_use_is_not_forgotten<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    let feed = "alpine/v3.15";
    for content in ["one", "two", "one"] {
        activate(&store, content).await;
    }
    assert!(store.pin(2, "reader", HOUR, at(0)).await.unwrap());
    let one = store.forget_snapshot(feed, &digest("one"), at(1)).await;
    assert!(!one.unwrap());
    let two = store.forget_snapshot(feed, &digest("two"), at(1)).await;
    assert!(!two.unwrap());
    let left = store.generations(10).await.unwrap();
    let numbers: Vec<_> = left.iter().map(|one| one.number).collect();
    assert_eq!(numbers, [3, 2]);
    let later = store.forget_snapshot(feed, &digest("two"), at(3600)).await;
    assert!(later.unwrap(), "the pin has expired");
    assert_eq!(store.current().await.unwrap().unwrap().number, 3);
}

/// What a feed built last stays known as its last build, also when no generation may have it.
pub async fn a_forgotten_snapshot_stays_the_last_build<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    activate(&store, "one").await;
    let outcome = Outcome::Activated { generation: 1 };
    let run = run("alpine/v3.15", 1, outcome);
    record(&store, &run, Some(&build("one"))).await;
    activate(&store, "two").await;
    let feed = "alpine/v3.15";
    let forgotten = store.forget_snapshot(feed, &digest("one"), at(10)).await;
    assert!(forgotten.unwrap());
    let states = store.feed_states().await.unwrap();
    assert_eq!(states[0].build, Some(build("one")));
    assert_eq!(retire(&store, 9, 11).await, digests(&["one", "two"]));
}
