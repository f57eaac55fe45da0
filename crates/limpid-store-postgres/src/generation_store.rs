use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use limpid_store::{
    Activation, Build, FeedSnapshot, FeedState, Generation, GenerationStore, Lease, PointerMove,
    StoreError, UpdateRun, expiry,
};
use limpid_types::Digest;

use crate::generations::Which;
use crate::{PostgresStore, generations, retention, runs};

#[async_trait]
impl GenerationStore for PostgresStore {
    async fn current(&self) -> Result<Option<Generation>, StoreError> {
        let found = self
            .database()
            .work("load current generation", || {
                generations::load(self.database(), Which::Current)
            })
            .await?;
        Ok(found.into_iter().next())
    }

    async fn generation(&self, number: u64) -> Result<Option<Generation>, StoreError> {
        let found = self
            .database()
            .work("load generation", || {
                generations::load(self.database(), Which::Number(number))
            })
            .await?;
        Ok(found.into_iter().next())
    }

    async fn generations(&self, limit: usize) -> Result<Vec<Generation>, StoreError> {
        self.database()
            .work("load generations", || {
                generations::load(self.database(), Which::Newest(limit))
            })
            .await
    }

    async fn pointer_moves(&self, limit: usize) -> Result<Vec<PointerMove>, StoreError> {
        self.database()
            .work("load generation changes", || {
                generations::pointer_moves(self.database(), limit)
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
        self.database()
            .work("activate generation", || {
                generations::activate(self.database(), expected, feeds, lease, now)
            })
            .await
    }

    async fn roll_back(
        &self,
        expected: Option<u64>,
        to: Option<u64>,
        now: Timestamp,
    ) -> Result<Activation, StoreError> {
        self.database()
            .work("roll back generation", || {
                generations::roll_back(self.database(), expected, to, now)
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
        let expires = expiry(now, time_to_live);
        self.database()
            .work("pin generation", || {
                retention::pin(self.database(), generation, owner, expires)
            })
            .await
    }

    async fn unpin(&self, generation: u64, owner: &str) -> Result<(), StoreError> {
        self.database()
            .work("unpin generation", || {
                retention::unpin(self.database(), generation, owner)
            })
            .await
    }

    async fn retire_generations(
        &self,
        keep: usize,
        lease: Option<&Lease>,
        now: Timestamp,
    ) -> Result<Option<BTreeSet<Digest>>, StoreError> {
        self.database()
            .work("retire generations", || {
                retention::retire(self.database(), keep, lease, now)
            })
            .await
    }

    async fn forget_snapshot(
        &self,
        feed: &str,
        snapshot: &Digest,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.database()
            .work("forget snapshot", || {
                retention::forget_snapshot(self.database(), feed, snapshot, now)
            })
            .await
    }

    async fn record_run(
        &self,
        run: &UpdateRun,
        build: Option<&Build>,
        lease: Option<&Lease>,
    ) -> Result<bool, StoreError> {
        self.database()
            .work("record update run", || {
                runs::record(self.database(), run, build, lease)
            })
            .await
    }

    async fn runs(&self, feed: Option<&str>, limit: usize) -> Result<Vec<UpdateRun>, StoreError> {
        self.database()
            .work("load update runs", || {
                runs::runs(self.database(), feed, limit)
            })
            .await
    }

    async fn feed_states(&self) -> Result<Vec<FeedState>, StoreError> {
        self.database()
            .work("load feed states", || runs::feed_states(self.database()))
            .await
    }
}
