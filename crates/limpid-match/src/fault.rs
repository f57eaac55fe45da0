use limpid_store::StoreError;
use limpid_types::Digest;
use thiserror::Error;
use uuid::Uuid;

use crate::{IndexReportsFault, MatchError, SnapshotFault};

/// Why the match service did not answer.
#[derive(Debug, Error)]
pub enum MatchFault {
    /// There is no vulnerability data yet. There will be.
    #[error("there is no vulnerability data yet")]
    NotReady,
    /// As many requests wait for a report as may. Shortly there will be room.
    #[error("too many requests wait for a report")]
    Full,
    /// The indexer did not answer.
    #[error("cannot get the index report of manifest: {manifest}")]
    IndexReport {
        /// The manifest.
        manifest: Digest,
        /// What went wrong.
        #[source]
        source: IndexReportsFault,
    },
    /// The vulnerability data cannot be read.
    #[error("cannot judge manifest: {manifest}")]
    Judgement {
        /// The manifest.
        manifest: Digest,
        /// What went wrong.
        #[source]
        source: MatchError,
    },
    /// A report cannot be written as JSON.
    #[error("cannot write a report as JSON")]
    Encoding {
        /// What went wrong.
        #[source]
        source: serde_json::Error,
    },
    /// A report cannot be packed, for want of memory.
    #[error("cannot pack a report")]
    Packing {
        /// What went wrong.
        #[source]
        source: std::io::Error,
    },
    /// The computation ended without a result, because it panicked or the process ends.
    #[error("the computation of a report was aborted")]
    Aborted,
    /// The store did not say which generations there are.
    #[error("cannot ask the store about generations")]
    Store {
        /// What went wrong.
        #[from]
        source: StoreError,
    },
    /// There is no update operation of that name, or not any more.
    #[error("there is no such update operation: {reference}")]
    UnknownOperation {
        /// The name.
        reference: Uuid,
    },
    /// The snapshot that an update operation stands for cannot be had.
    #[error("cannot open the data of feed {feed} for update operation: {reference}")]
    Operation {
        /// The update operation.
        reference: Uuid,
        /// Name of the feed.
        feed: String,
        /// What went wrong.
        #[source]
        source: SnapshotFault,
    },
    /// A snapshot cannot be read to the end.
    #[error("cannot read the data of feed: {feed}")]
    Damaged {
        /// Name of the feed.
        feed: String,
        /// What went wrong.
        #[source]
        source: limpid_vulndb::Error,
    },
}
