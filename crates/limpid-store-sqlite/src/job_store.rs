use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use limpid_store::{Backlog, IndexJob, JobClaim, JobEnd, JobStore, StoreError, expiry};
use limpid_types::Digest;

use crate::{SqliteStore, jobs};

#[async_trait]
impl JobStore for SqliteStore {
    async fn submit_job(
        &self,
        manifest: &Digest,
        request: &[u8],
        layers: u32,
        urgency: u8,
        now: Timestamp,
    ) -> Result<IndexJob, StoreError> {
        let (manifest, request) = (manifest.clone(), request.to_vec());
        self.write("submit job", move |transaction| {
            jobs::submit(transaction, &manifest, &request, layers, urgency, now)
        })
        .await
    }

    async fn claim_job(
        &self,
        time_to_live: Duration,
        now: Timestamp,
    ) -> Result<Option<JobClaim>, StoreError> {
        self.write("claim job", move |transaction| {
            jobs::claim(transaction, expiry(now, time_to_live), now)
        })
        .await
    }

    async fn renew_job(
        &self,
        claim: &JobClaim,
        layers_done: u32,
        time_to_live: Duration,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let (manifest, token) = (claim.job.manifest.clone(), claim.token);
        self.write("renew job", move |transaction| {
            let until = expiry(now, time_to_live);
            jobs::renew(transaction, &manifest, token, layers_done, until, now)
        })
        .await
    }

    async fn end_job(
        &self,
        claim: &JobClaim,
        end: &JobEnd,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let (manifest, token, end) = (claim.job.manifest.clone(), claim.token, end.clone());
        self.write("end job", move |transaction| {
            jobs::end(transaction, &manifest, token, &end, now)
        })
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
        let (manifest, cause) = (manifest.clone(), cause.to_owned());
        self.write("record failure", move |transaction| {
            jobs::record_failure(transaction, &manifest, layers, &cause, is_terminal, now)
        })
        .await
    }

    async fn job(&self, manifest: &Digest) -> Result<Option<IndexJob>, StoreError> {
        let manifest = manifest.clone();
        self.read("load job", move |connection| {
            jobs::load(connection, &manifest)
        })
        .await
    }

    async fn backlog(&self) -> Result<Backlog, StoreError> {
        self.read("count jobs", jobs::backlog).await
    }

    async fn remove_failed_jobs(
        &self,
        changed_before: Timestamp,
        limit: usize,
    ) -> Result<usize, StoreError> {
        self.delete("remove failed jobs", move |transaction| {
            jobs::remove_failed(transaction, changed_before, limit)
        })
        .await
    }
}
