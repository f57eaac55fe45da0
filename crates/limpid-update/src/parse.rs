//! Turning the documents of a feed into a snapshot file.

use std::path::Path;

use limpid_feed::{Feed, FeedError, Note, Quarantined, Sink, SinkError};
use limpid_store::QuarantinedRecord;
use limpid_types::Advisory;
use limpid_vulndb::{BuildLimits, BuiltSnapshot, SnapshotBuilder, SnapshotMeta};
use thiserror::Error;
use tokio_util::sync::CancellationToken;

use crate::documents::Content;

/// How many of the records that could not be read are kept for people to look at.
const SAMPLES: usize = 100;

/// After how many records it is looked whether anybody still wants them.
const HALT_INTERVAL: u64 = 1024;

/// Version of the rules by which advisories become records. Counts up when they change.
const SCHEMA: u32 = 1;

/// Returns what decides the outcome besides the documents: the parsers, which change with the
/// program, and the layout of snapshots.
pub(crate) fn recipe() -> String {
    format!(
        "{} schema {SCHEMA} format {}.{}",
        env!("CARGO_PKG_VERSION"),
        limpid_vulndb::format::MAJOR,
        limpid_vulndb::format::MINOR
    )
}

/// What the documents became.
pub(crate) struct Parsed {
    pub(crate) snapshot: BuiltSnapshot,
    /// Records that were read, equal ones counted each.
    pub(crate) records: u64,
    /// Records that could not be read.
    pub(crate) quarantined: u64,
    pub(crate) samples: Vec<QuarantinedRecord>,
}

/// Why there is no snapshot.
#[derive(Debug, Error)]
pub(crate) enum ParseError {
    #[error(transparent)]
    Feed(#[from] FeedError),
    #[error("cannot write the snapshot")]
    Snapshot(#[source] limpid_vulndb::Error),
    #[error("it was cancelled")]
    Halted,
}

/// Where and how a snapshot is built.
pub(crate) struct Place<'a> {
    pub(crate) spool: &'a Path,
    pub(crate) snapshots: &'a Path,
    pub(crate) limits: BuildLimits,
    /// Is cancelled when nobody wants the snapshot any more.
    pub(crate) halt: &'a CancellationToken,
}

/// Reads the documents to the end and writes the snapshot durably. Blocks.
pub(crate) fn parse(
    feed: &dyn Feed,
    mut content: Content,
    place: &Place<'_>,
) -> Result<Parsed, ParseError> {
    let builder = SnapshotBuilder::new(place.spool, place.limits).map_err(ParseError::Snapshot)?;
    let mut sink = BuilderSink {
        feed: feed.name(),
        builder,
        records: 0,
        quarantined: 0,
        samples: Vec::new(),
        halt: place.halt,
    };
    feed.parse(&mut content, &mut sink)?;
    if place.halt.is_cancelled() {
        return Err(ParseError::Halted);
    }
    // The documents take room that the snapshot may need.
    drop(content);
    let meta = SnapshotMeta::new(feed.name(), SCHEMA);
    let snapshot = sink
        .builder
        .finish(meta, place.snapshots)
        .map_err(ParseError::Snapshot)?;
    Ok(Parsed {
        snapshot,
        records: sink.records,
        quarantined: sink.quarantined,
        samples: sink.samples,
    })
}

struct BuilderSink<'a> {
    feed: &'a str,
    builder: SnapshotBuilder,
    records: u64,
    quarantined: u64,
    samples: Vec<QuarantinedRecord>,
    halt: &'a CancellationToken,
}

impl BuilderSink<'_> {
    /// Puts something into the quarantine that a snapshot has no room for.
    fn refuse(&mut self, id: &str, error: &limpid_vulndb::Error) -> Result<(), SinkError> {
        self.quarantine(Quarantined {
            feed: self.feed.to_owned(),
            id: id.chars().take(80).collect(),
            document: String::new(),
            offset: None,
            reason: error.to_string(),
        })
    }
}

impl Sink for BuilderSink<'_> {
    fn advisory(&mut self, advisory: Advisory) -> Result<(), SinkError> {
        if self.records.is_multiple_of(HALT_INTERVAL) && self.halt.is_cancelled() {
            return Err(SinkError::new(ParseError::Halted));
        }
        match self.builder.add(&advisory) {
            Ok(()) => {
                self.records += 1;
                Ok(())
            }
            Err(
                error @ (limpid_vulndb::Error::AdvisoryTooLarge { .. }
                | limpid_vulndb::Error::TooManyNamespaces { .. }),
            ) => self.refuse(&advisory.id, &error),
            Err(error) => Err(SinkError::new(error)),
        }
    }

    fn note(&mut self, note: Note) -> Result<(), SinkError> {
        match self.builder.note(&note.table, &note.key, &note.value) {
            Ok(()) => Ok(()),
            Err(error @ limpid_vulndb::Error::NoteTooLarge { .. }) => {
                self.refuse(&note.key, &error)
            }
            Err(error) => Err(SinkError::new(error)),
        }
    }

    fn quarantine(&mut self, quarantined: Quarantined) -> Result<(), SinkError> {
        self.quarantined += 1;
        if self.samples.len() < SAMPLES {
            self.samples.push(QuarantinedRecord {
                id: quarantined.id,
                document: quarantined.document,
                offset: quarantined.offset,
                reason: quarantined.reason,
            });
        }
        Ok(())
    }
}
