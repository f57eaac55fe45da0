use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use limpid_store::{
    Activation, Build, FeedSnapshot, FeedState, Generation, GenerationStore, Lease, PointerMove,
    StoreError, UpdateRun, expiry,
};
use limpid_types::Digest;

use crate::{SqliteStore, generations, leases, retention, runs};

#[async_trait]
impl GenerationStore for SqliteStore {
    async fn current(&self) -> Result<Option<Generation>, StoreError> {
        self.read(
            "load current generation",
            |connection| match generations::current_number(connection)? {
                Some(number) => generations::generation(connection, number),
                None => Ok(None),
            },
        )
        .await
    }

    async fn generation(&self, number: u64) -> Result<Option<Generation>, StoreError> {
        self.read("load generation", move |connection| {
            generations::generation(connection, number)
        })
        .await
    }

    async fn generations(&self, limit: usize) -> Result<Vec<Generation>, StoreError> {
        self.read("load generations", move |connection| {
            generations::generations(connection, limit)
        })
        .await
    }

    async fn pointer_moves(&self, limit: usize) -> Result<Vec<PointerMove>, StoreError> {
        self.read("load generation changes", move |connection| {
            generations::pointer_moves(connection, limit)
        })
        .await
    }

    async fn activate(
        &self,
        expected: Option<u64>,
        feeds: &BTreeMap<String, FeedSnapshot>,
        lease: Option<&Lease>,
        now: Timestamp,
    ) -> Result<Activation, StoreError> {
        let (feeds, lease) = (feeds.clone(), lease.cloned());
        self.write("activate generation", move |transaction| {
            if leases::is_lost(transaction, lease.as_ref())? {
                return Ok(Activation::LeaseLost);
            }
            generations::activate(transaction, expected, &feeds, now)
        })
        .await
    }

    async fn roll_back(
        &self,
        expected: Option<u64>,
        to: Option<u64>,
        now: Timestamp,
    ) -> Result<Activation, StoreError> {
        self.write("roll back generation", move |transaction| {
            generations::roll_back(transaction, expected, to, now)
        })
        .await
    }

    async fn pin(
        &self,
        generation: u64,
        owner: &str,
        time_to_live: Duration,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let owner = owner.to_owned();
        self.write("pin generation", move |transaction| {
            let expires = expiry(now, time_to_live);
            retention::pin(transaction, generation, &owner, expires)
        })
        .await
    }

    async fn unpin(&self, generation: u64, owner: &str) -> Result<(), StoreError> {
        let owner = owner.to_owned();
        self.write("unpin generation", move |transaction| {
            retention::unpin(transaction, generation, &owner)
        })
        .await
    }

    async fn retire_generations(
        &self,
        keep: usize,
        lease: Option<&Lease>,
        now: Timestamp,
    ) -> Result<Option<BTreeSet<Digest>>, StoreError> {
        let lease = lease.cloned();
        self.write("retire generations", move |transaction| {
            if leases::is_lost(transaction, lease.as_ref())? {
                return Ok(None);
            }
            retention::retire(transaction, keep, now).map(Some)
        })
        .await
    }

    async fn forget_snapshot(
        &self,
        feed: &str,
        snapshot: &Digest,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let (feed, snapshot) = (feed.to_owned(), snapshot.clone());
        self.write("forget snapshot", move |transaction| {
            retention::forget_snapshot(transaction, &feed, &snapshot, now)
        })
        .await
    }

    async fn record_run(
        &self,
        run: &UpdateRun,
        build: Option<&Build>,
        lease: Option<&Lease>,
    ) -> Result<bool, StoreError> {
        let (run, build, lease) = (run.clone(), build.cloned(), lease.cloned());
        self.write("record update run", move |transaction| {
            if leases::is_lost(transaction, lease.as_ref())? {
                return Ok(false);
            }
            runs::record(transaction, &run, build.as_ref())?;
            Ok(true)
        })
        .await
    }

    async fn runs(&self, feed: Option<&str>, limit: usize) -> Result<Vec<UpdateRun>, StoreError> {
        let feed = feed.map(str::to_owned);
        self.read("load update runs", move |connection| {
            runs::runs(connection, feed.as_deref(), limit)
        })
        .await
    }

    async fn feed_states(&self) -> Result<Vec<FeedState>, StoreError> {
        self.read("load feed states", runs::feed_states).await
    }
}
