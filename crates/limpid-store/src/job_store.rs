use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use limpid_types::Digest;

use crate::StoreError;

/// The urgency of jobs that nobody submitted: that of requests that do not say theirs (RFC 9218).
pub const DEFAULT_URGENCY: u8 = 3;

/// The work of indexing one manifest: asked for and not yet done, or failed. There is at most one
/// for a manifest, and none once the manifest is indexed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexJob {
    /// The manifest.
    pub manifest: Digest,
    /// What is to be done, as the caller wrote it down; empty when the job has failed or was not
    /// submitted. It may hold secrets.
    pub request: Vec<u8>,
    /// How urgent it is: 0 is the most urgent, 7 the least (RFC 9218).
    pub urgency: u8,
    /// How it stands.
    pub state: JobState,
    /// How often it was begun.
    pub attempts: u32,
    /// Layers that were read in the present attempt.
    pub layers_done: u32,
    /// Layers that the manifest has.
    pub layers: u32,
    /// Why the last attempt failed, or empty.
    pub cause: String,
    /// When it was first asked for, or for the first time since it failed.
    pub submitted: Timestamp,
    /// When it last changed.
    pub changed: Timestamp,
}

/// How an [`IndexJob`] stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobState {
    /// It waits for its turn, which does not come before a time.
    Waiting {
        /// The time.
        not_before: Timestamp,
    },
    /// Somebody is at it, until a time unless the claim is renewed.
    Running {
        /// The time.
        until: Timestamp,
    },
    /// It failed, and trying again may help.
    Retryable,
    /// It failed, and would fail again.
    Terminal,
}

/// A job that belongs to the caller for a limited time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobClaim {
    /// The job.
    pub job: IndexJob,
    /// Rises with each claim, so that a late former owner can be told from the present one, also
    /// when the job was deleted and submitted again in between.
    pub token: u64,
}

/// How an attempt at a job ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobEnd {
    /// The manifest is indexed: the job is forgotten.
    Done,
    /// It failed, and is to be begun again at a time.
    Again {
        /// Why it failed.
        cause: String,
        /// When to begin again.
        not_before: Timestamp,
    },
    /// It failed as often as it may, though trying again might help.
    Exhausted {
        /// Why it failed.
        cause: String,
    },
    /// It failed, and would fail again.
    Terminal {
        /// Why it failed.
        cause: String,
    },
}

/// How many jobs wait, and for how long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Jobs that wait for their turn.
    pub waiting: u64,
    /// When the oldest of them was submitted.
    pub oldest: Option<Timestamp>,
}

/// Keeps the queue of manifests to be indexed.
#[async_trait]
pub trait JobStore: Send + Sync {
    /// Adds a job, and returns it as it stands now. One that waits gets the new request and the
    /// more urgent of both urgencies, and keeps its place; one that runs is left alone; one that
    /// failed begins anew, as if it had not been there.
    async fn submit_job(
        &self,
        manifest: &Digest,
        request: &[u8],
        layers: u32,
        urgency: u8,
        now: Timestamp,
    ) -> Result<IndexJob, StoreError>;

    /// Takes the job whose turn it is: of those that wait and may begin, and those that run and
    /// whose claim has expired, the most urgent, and of these the one submitted first. No two
    /// callers get the same one, and nobody waits for another caller.
    async fn claim_job(
        &self,
        time_to_live: Duration,
        now: Timestamp,
    ) -> Result<Option<JobClaim>, StoreError>;

    /// Lengthens a claim and notes how far the job is. Tells whether the claim still holds; one
    /// that has expired does as long as nobody else has claimed the job.
    async fn renew_job(
        &self,
        claim: &JobClaim,
        layers_done: u32,
        time_to_live: Duration,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Ends a claim. Tells whether it still held; if not, nothing is changed.
    async fn end_job(
        &self,
        claim: &JobClaim,
        end: &JobEnd,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Notes that indexing a manifest failed for somebody who did not submit a job but waited for
    /// the result. A job that waits or runs is left alone; one that failed counts one more attempt.
    async fn record_failure(
        &self,
        manifest: &Digest,
        layers: u32,
        cause: &str,
        is_terminal: bool,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Returns the job of a manifest.
    async fn job(&self, manifest: &Digest) -> Result<Option<IndexJob>, StoreError>;

    /// Returns how many jobs wait.
    async fn backlog(&self) -> Result<Backlog, StoreError>;

    /// Forgets jobs that failed before some time, at most `limit`. Returns how many there were.
    async fn remove_failed_jobs(
        &self,
        changed_before: Timestamp,
        limit: usize,
    ) -> Result<usize, StoreError>;
}
