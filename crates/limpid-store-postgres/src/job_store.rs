use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use limpid_store::{Backlog, IndexJob, JobClaim, JobEnd, JobStore, StoreError, expiry};
use limpid_types::Digest;

use crate::column;
use crate::{PostgresStore, jobs};

#[async_trait]
impl JobStore for PostgresStore {
    async fn submit_job(
        &self,
        manifest: &Digest,
        request: &[u8],
        layers: u32,
        urgency: u8,
        now: Timestamp,
    ) -> Result<IndexJob, StoreError> {
        let digest = column::digest_bytes(manifest);
        self.database()
            .work("submit job", || {
                jobs::submit(self.database(), &digest, request, layers, urgency, now)
            })
            .await
    }

    async fn claim_job(
        &self,
        time_to_live: Duration,
        now: Timestamp,
    ) -> Result<Option<JobClaim>, StoreError> {
        let until = expiry(now, time_to_live);
        self.database()
            .work("claim job", || jobs::claim(self.database(), until, now))
            .await
    }

    async fn renew_job(
        &self,
        claim: &JobClaim,
        layers_done: u32,
        time_to_live: Duration,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let until = expiry(now, time_to_live);
        self.database()
            .work("renew job", || {
                jobs::renew(self.database(), claim, layers_done, until, now)
            })
            .await
    }

    async fn end_job(
        &self,
        claim: &JobClaim,
        end: &JobEnd,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.database()
            .work("end job", || jobs::end(self.database(), claim, end, now))
            .await
    }

    async fn record_failure(
        &self,
        manifest: &Digest,
        layers: u32,
        cause: &str,
        is_terminal: bool,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let digest = column::digest_bytes(manifest);
        self.database()
            .work("record failure", || {
                jobs::record_failure(self.database(), &digest, layers, cause, is_terminal, now)
            })
            .await
    }

    async fn job(&self, manifest: &Digest) -> Result<Option<IndexJob>, StoreError> {
        let digest = column::digest_bytes(manifest);
        self.database()
            .work("load job", || jobs::load(self.database(), &digest))
            .await
    }

    async fn backlog(&self) -> Result<Backlog, StoreError> {
        self.database()
            .work("count jobs", || jobs::backlog(self.database()))
            .await
    }

    async fn remove_failed_jobs(
        &self,
        changed_before: Timestamp,
        limit: usize,
    ) -> Result<usize, StoreError> {
        self.database()
            .work("remove failed jobs", || {
                jobs::remove_failed(self.database(), changed_before, limit)
            })
            .await
    }
}
