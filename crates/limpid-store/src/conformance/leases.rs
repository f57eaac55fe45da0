//! Promises of [`LeaseStore`](crate::LeaseStore).

#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "these are tests"
)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::Harness;
use super::samples::at;
use crate::{Acquisition, Activation, Lease, Store};

const MINUTE: Duration = Duration::from_mins(1);

async fn ask(store: &Arc<dyn Store>, owner: &str, seconds: i64) -> Acquisition {
    store
        .acquire_lease("update", owner, MINUTE, at(seconds))
        .await
        .unwrap()
}

async fn granted(store: &Arc<dyn Store>, owner: &str, seconds: i64) -> Lease {
    match ask(store, owner, seconds).await {
        Acquisition::Granted(lease) => lease,
        Acquisition::Held(holder) => panic!("held by {holder:?}"),
    }
}

/// A second request is answered with who has it, even if the same owner asks.
pub async fn a_lease_has_one_owner<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    let lease = granted(&store, "a", 0).await;
    assert_eq!((lease.owner.as_str(), lease.expires), ("a", at(60)));
    let other = harness.open().await;
    assert_eq!(ask(&other, "b", 59).await, Acquisition::Held(lease.clone()));
    assert_eq!(ask(&store, "a", 59).await, Acquisition::Held(lease));
    let unrelated = store.acquire_lease("other", "b", MINUTE, at(0)).await;
    assert!(matches!(unrelated.unwrap(), Acquisition::Granted(_)));
}

/// Of several that ask at the same time, exactly one gets it.
pub async fn one_of_many_concurrent_requests_is_granted<H: Harness>() {
    let harness = H::create().await;
    let mut tasks = Vec::new();
    for rival in 0..8 {
        let store = harness.open().await;
        tasks.push(tokio::spawn(async move {
            ask(&store, &format!("rival {rival}"), 0).await
        }));
    }
    let mut winners = 0;
    for task in tasks {
        if let Acquisition::Granted(_) = task.await.unwrap() {
            winners += 1;
        }
    }
    assert_eq!(winners, 1);
}

/// Nobody has to give an expired lease back; the next owner can be told from the former.
pub async fn an_expired_lease_passes_on_with_a_higher_token<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    let first = granted(&store, "a", 0).await;
    let second = granted(&store, "b", 60).await;
    assert!(second.token > first.token);
    assert_eq!(second.expires, at(120));
}

/// Renewing counts from the time of renewal, also when it comes late but nobody took the lease.
pub async fn a_renewed_lease_lives_longer<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    let lease = granted(&store, "a", 0).await;
    let renewed = store.renew_lease(&lease, MINUTE, at(50)).await.unwrap();
    let renewed = renewed.unwrap();
    assert_eq!((renewed.expires, renewed.token), (at(110), lease.token));
    assert_eq!(ask(&store, "b", 109).await, Acquisition::Held(renewed));
    let late = store.renew_lease(&lease, MINUTE, at(500)).await.unwrap();
    assert_eq!(late.unwrap().expires, at(560));
}

/// Who lost a lease finds out, and does not harm the new owner.
pub async fn a_lost_lease_is_neither_renewed_nor_released<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    let lost = granted(&store, "a", 0).await;
    let present = granted(&store, "a", 100).await;
    let renewed = store.renew_lease(&lost, MINUTE, at(101)).await.unwrap();
    assert_eq!(renewed, None);
    assert!(!store.release_lease(&lost).await.unwrap());
    assert_eq!(ask(&store, "b", 102).await, Acquisition::Held(present));
}

/// A lease that was given back is free at once, and its token never comes back.
pub async fn a_released_lease_is_free_and_its_token_is_spent<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    let first = granted(&store, "a", 0).await;
    assert!(store.release_lease(&first).await.unwrap());
    assert!(!store.release_lease(&first).await.unwrap());
    let renewed = store.renew_lease(&first, MINUTE, at(1)).await.unwrap();
    assert_eq!(renewed, None);
    let second = granted(&store, "b", 1).await;
    assert!(second.token > first.token);
}

/// Tokens of one name rise also when its lease was given back and forgotten in between, and leases
/// of other names came and went.
pub async fn tokens_rise_however_leases_end<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    let mut last = 0;
    for round in 0..4 {
        let lease = granted(&store, "a", round * 1000).await;
        assert!(lease.token > last, "round {round}");
        last = lease.token;
        let other = store.acquire_lease("other", "b", MINUTE, at(round * 1000));
        assert!(matches!(other.await.unwrap(), Acquisition::Granted(_)));
        if round % 2 == 0 {
            assert!(store.release_lease(&lease).await.unwrap());
        }
        let before = at(round * 1000 + 100);
        store.remove_expired_leases(before, 10).await.unwrap();
    }
}

/// Leases that nobody gave back and nobody asks for do not stay for ever; those that hold do.
pub async fn leases_that_expired_long_ago_are_removed<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    let mut leases = Vec::new();
    for number in 0..5 {
        let name = format!("manifest {number}");
        let asked = store.acquire_lease(&name, "a", MINUTE, at(number)).await;
        let Acquisition::Granted(lease) = asked.unwrap() else {
            panic!("held: {name}");
        };
        leases.push(lease);
    }
    assert!(store.release_lease(&leases[0]).await.unwrap());
    let remove = |before, limit| store.remove_expired_leases(at(before), limit);
    assert_eq!(remove(60, 10).await.unwrap(), 0, "it was given back");
    assert_eq!(remove(63, 1).await.unwrap(), 1);
    assert_eq!(remove(63, 10).await.unwrap(), 1);
    assert_eq!(remove(63, 10).await.unwrap(), 0);
    // Who comes back late finds out.
    let renewed = store.renew_lease(&leases[1], MINUTE, at(64)).await.unwrap();
    assert_eq!(renewed, None);
    assert!(!store.release_lease(&leases[2]).await.unwrap());
    let renewed = store.renew_lease(&leases[3], MINUTE, at(64)).await.unwrap();
    assert_eq!(renewed.map(|lease| lease.expires), Some(at(124)));
}

/// A lease that was given back is not good for anything, also when nobody asked for it since.
pub async fn a_released_lease_permits_nothing<H: Harness>() {
    let harness = H::create().await;
    let store = harness.open().await;
    let lease = granted(&store, "a", 0).await;
    assert!(store.release_lease(&lease).await.unwrap());
    let feeds = BTreeMap::new();
    let activation = store.activate(None, &feeds, Some(&lease), at(1)).await;
    assert_eq!(activation.unwrap(), Activation::LeaseLost);
}
