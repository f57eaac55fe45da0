//! Promises of [`GenerationStore`](crate::GenerationStore) about which generation is served.

#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "these are tests"
)]

use std::sync::Arc;
use std::time::Duration;

use super::Harness;
use super::samples::{at, digest, feeds};
use crate::{Acquisition, Activation, Store};

/// Makes a generation with one feed on top of the current one.
pub(super) async fn activate(store: &Arc<dyn Store>, content: &str) -> u64 {
    let current = store.current().await.unwrap().map(|one| one.number);
    let feeds = feeds(&[("alpine/v3.15", content)]);
    let activation = store.activate(current, &feeds, None, at(1)).await.unwrap();
    let Activation::Done(number) = activation else {
        panic!("not activated: {activation:?}");
    };
    number
}

async fn served(store: &Arc<dyn Store>) -> Option<u64> {
    store.current().await.unwrap().map(|one| one.number)
}

/// An empty store serves nothing and has nothing.
pub async fn there_is_no_generation_at_first<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    assert_eq!(store.current().await.unwrap(), None);
    assert_eq!(store.generation(1).await.unwrap(), None);
    assert_eq!(store.generations(10).await.unwrap(), []);
    assert_eq!(store.pointer_moves(10).await.unwrap(), []);
    assert_eq!(store.feed_states().await.unwrap(), []);
}

/// A generation that was acknowledged is there, and is the one that is served.
pub async fn an_activated_generation_is_served_after_reopening<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    let content = feeds(&[("alpine/edge", "one"), ("debian", "two")]);
    let done = store.activate(None, &content, None, at(1)).await.unwrap();
    assert_eq!(done, Activation::Done(1));
    drop(store);
    let store = harness.open().await;
    let current = store.current().await.unwrap().unwrap();
    assert_eq!(current.number, 1);
    assert_eq!(current.activated, at(1));
    assert_eq!(current.feeds, content);
    assert_eq!(store.generation(1).await.unwrap(), Some(current));
}

/// Whoever is mistaken about what is served changes nothing.
pub async fn activation_needs_the_right_expectation<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    let content = feeds(&[("debian", "one")]);
    let early = store.activate(Some(7), &content, None, at(1)).await;
    assert_eq!(early.unwrap(), Activation::Conflict { current: None });
    activate(&store, "one").await;
    let late = store.activate(None, &content, None, at(2)).await.unwrap();
    assert_eq!(late, Activation::Conflict { current: Some(1) });
    assert_eq!(store.generations(10).await.unwrap().len(), 1);
}

/// Of several that move the pointer away from the same generation, exactly one succeeds.
pub async fn one_of_many_concurrent_activations_wins<H: Harness>() {
    let harness = H::create().await;
    activate(&harness.open().await, "base").await;
    let mut tasks = Vec::new();
    for rival in 0..8 {
        let store = harness.open().await;
        tasks.push(tokio::spawn(async move {
            let content = feeds(&[("debian", &format!("rival {rival}"))]);
            store
                .activate(Some(1), &content, None, at(2))
                .await
                .unwrap()
        }));
    }
    let mut winners = 0;
    for task in tasks {
        match task.await.unwrap() {
            Activation::Done(number) => {
                assert_eq!(number, 2);
                winners += 1;
            }
            other => assert_eq!(other, Activation::Conflict { current: Some(2) }),
        }
    }
    assert_eq!(winners, 1);
    assert_eq!(served(&harness.open().await).await, Some(2));
}

/// A holder whose lease passed to another cannot activate any more.
pub async fn activation_needs_the_lease_that_it_names<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    let content = feeds(&[("debian", "one")]);
    let ttl = Duration::from_mins(1);
    let first = store
        .acquire_lease("update", "a", ttl, at(0))
        .await
        .unwrap();
    let Acquisition::Granted(first) = first else {
        panic!("not granted: {first:?}");
    };
    let second = store
        .acquire_lease("update", "b", ttl, at(61))
        .await
        .unwrap();
    let Acquisition::Granted(second) = second else {
        panic!("not granted: {second:?}");
    };
    let late = store.activate(None, &content, Some(&first), at(62)).await;
    assert_eq!(late.unwrap(), Activation::LeaseLost);
    assert_eq!(served(&store).await, None);
    let done = store.activate(None, &content, Some(&second), at(62)).await;
    assert_eq!(done.unwrap(), Activation::Done(1));
}

/// Rolling back serves an older generation and loses nothing.
pub async fn rolling_back_moves_the_pointer_only<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    for content in ["one", "two", "three"] {
        activate(&store, content).await;
    }
    let back = store.roll_back(Some(3), None, at(10)).await.unwrap();
    assert_eq!(back, Activation::Done(2));
    let back = store.roll_back(Some(2), None, at(11)).await.unwrap();
    assert_eq!(back, Activation::Done(1));
    let forth = store.roll_back(Some(1), Some(3), at(12)).await.unwrap();
    assert_eq!(forth, Activation::Done(3));
    let late = store.roll_back(Some(1), None, at(13)).await.unwrap();
    assert_eq!(late, Activation::Conflict { current: Some(3) });

    let store = harness.open().await;
    assert_eq!(served(&store).await, Some(3));
    let all = store.generations(10).await.unwrap();
    let numbers: Vec<_> = all.iter().map(|one| one.number).collect();
    assert_eq!(numbers, [3, 2, 1]);
    assert_eq!(
        all[2].feeds["alpine/v3.15"].snapshot,
        digest("one"),
        "the oldest generation still refers to its own snapshot"
    );
    let moves = store.pointer_moves(3).await.unwrap();
    let moves: Vec<_> = moves
        .iter()
        .map(|one| (one.from, one.to, one.is_roll_back))
        .collect();
    assert_eq!(
        moves,
        [(Some(1), 3, true), (Some(2), 1, true), (Some(3), 2, true)]
    );
}

/// A new generation after a roll back has a number that no other had.
pub async fn numbers_are_not_used_again_after_a_roll_back<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    activate(&store, "one").await;
    activate(&store, "two").await;
    store.roll_back(Some(2), None, at(10)).await.unwrap();
    assert_eq!(activate(&store, "three").await, 3);
    assert!(store.generation(2).await.unwrap().is_some());

    // Not even when the highest number is forgotten.
    store.roll_back(Some(3), Some(1), at(11)).await.unwrap();
    store.retire_generations(0, None, at(12)).await.unwrap();
    assert_eq!(store.generation(3).await.unwrap(), None);
    assert_eq!(activate(&store, "four").await, 4);
}

/// The first generation has nothing before it, and unknown numbers are refused.
pub async fn rolling_back_needs_somewhere_to_go<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    let nothing = store.roll_back(None, None, at(1)).await.unwrap();
    assert_eq!(nothing, Activation::NoSuchGeneration);
    activate(&store, "one").await;
    let before_first = store.roll_back(Some(1), None, at(2)).await.unwrap();
    assert_eq!(before_first, Activation::NoSuchGeneration);
    let unknown = store.roll_back(Some(1), Some(9), at(3)).await.unwrap();
    assert_eq!(unknown, Activation::NoSuchGeneration);
    assert_eq!(served(&store).await, Some(1));
    assert_eq!(store.pointer_moves(10).await.unwrap().len(), 1);
}
