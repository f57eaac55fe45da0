use jiff::Timestamp;
use limpid_store::{IndexJob, JobState};
use limpid_types::Digest;
use serde::{Deserialize, Serialize};

/// How the indexing of a manifest stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexStatus {
    /// The manifest.
    pub manifest_hash: Digest,
    /// How it stands.
    pub state: IndexState,
    /// Layers that the manifest has.
    pub layers: u32,
    /// Layers that need not be read any more.
    pub layers_done: u32,
    /// How often it was begun; 0 for one that was indexed without a job.
    pub attempts: u32,
    /// Why the last attempt failed; empty when none has.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub cause: String,
    /// When it was first asked for, while that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submitted: Option<Timestamp>,
    /// When this last changed, while that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed: Option<Timestamp>,
    /// When the next attempt begins at the earliest, if there is to be one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_attempt: Option<Timestamp>,
}

/// How the indexing of a manifest stands, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IndexState {
    /// It waits for its turn, perhaps after a failure.
    Waiting,
    /// Somebody is at it.
    Running,
    /// The report is there.
    Finished,
    /// It failed, and submitting it again may help.
    Retryable,
    /// It failed, and would fail again.
    Terminal,
}

impl IndexStatus {
    /// Says that a manifest with so many layers is indexed.
    pub(crate) fn finished(manifest: Digest, layers: usize) -> Self {
        let layers = u32::try_from(layers).unwrap_or(u32::MAX);
        Self {
            manifest_hash: manifest,
            state: IndexState::Finished,
            layers,
            layers_done: layers,
            attempts: 0,
            cause: String::new(),
            submitted: None,
            changed: None,
            next_attempt: None,
        }
    }
}

impl From<IndexJob> for IndexStatus {
    fn from(job: IndexJob) -> Self {
        let (state, next_attempt) = match job.state {
            JobState::Waiting { not_before } => (IndexState::Waiting, Some(not_before)),
            JobState::Running { .. } => (IndexState::Running, None),
            JobState::Retryable => (IndexState::Retryable, None),
            JobState::Terminal => (IndexState::Terminal, None),
        };
        Self {
            manifest_hash: job.manifest,
            state,
            layers: job.layers,
            layers_done: job.layers_done,
            attempts: job.attempts,
            cause: job.cause,
            submitted: Some(job.submitted),
            changed: Some(job.changed),
            next_attempt,
        }
    }
}
