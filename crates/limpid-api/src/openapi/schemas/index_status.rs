#![expect(dead_code, reason = "the types only describe what others write")]

use utoipa::ToSchema;

use super::image::DigestText;

/// How the indexing of a manifest stands. Clair does not have it.
#[derive(ToSchema)]
#[schema(as = index_status)]
pub(super) struct IndexStatus {
    /// Digest of the manifest.
    manifest_hash: DigestText,
    /// How it stands.
    state: IndexProgress,
    /// Layers that the manifest has.
    layers: u32,
    /// Layers that need not be read any more.
    layers_done: u32,
    /// How often it was begun; 0 for a manifest that was indexed while its client waited.
    attempts: u32,
    /// Why the last attempt failed.
    #[schema(required = false)]
    cause: String,
    /// When it was first asked for.
    #[schema(required = false, format = DateTime)]
    submitted: String,
    /// When this last changed.
    #[schema(required = false, format = DateTime)]
    changed: String,
    /// When the next attempt begins at the earliest, if there is to be one.
    #[schema(required = false, format = DateTime)]
    next_attempt: String,
}

/// How the indexing of a manifest stands, in one word: whether it waits for its turn, is under
/// way, is done, or failed in a way that may be worth another attempt (`retryable`) or is not
/// (`terminal`).
#[derive(ToSchema)]
#[schema(as = index_progress)]
#[serde(rename_all = "lowercase")]
pub(super) enum IndexProgress {
    Waiting,
    Running,
    Finished,
    Retryable,
    Terminal,
}
