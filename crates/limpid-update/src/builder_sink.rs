use limpid_feed::{Note, Quarantined, Sink, SinkError};
use limpid_store::QuarantinedRecord;
use limpid_types::Advisory;
use limpid_vulndb::{Error, FROZEN_NOTES, SnapshotBuilder};
use tokio_util::sync::CancellationToken;

use crate::parse::{ParseError, Place};

/// How many of the records that could not be read are kept for people to look at.
const SAMPLES: usize = 100;

/// After how many records it is looked whether anybody still wants them.
const HALT_INTERVAL: u64 = 1024;

/// Tables of notes that only the updater itself writes.
const RESERVED_TABLES: [&str; 3] = [FROZEN_NOTES, DOCUMENT_NOTES, QUARANTINE_NOTES];

/// The table of a collection's members: the time of the last change that was read, as the source
/// writes it.
pub(crate) const DOCUMENT_NOTES: &str = "documents";

/// The table of a collection's members of which something could not be read: how many records.
pub(crate) const QUARANTINE_NOTES: &str = "quarantined";

/// Hands what a feed says to the builder of a snapshot, and counts.
pub(crate) struct BuilderSink {
    pub(crate) feed: String,
    pub(crate) builder: SnapshotBuilder,
    /// Records that were taken in, equal ones counted each.
    pub(crate) records: u64,
    /// Notes that were taken in.
    pub(crate) notes: u64,
    /// Records that could not be read.
    pub(crate) quarantined: u64,
    /// The first of those.
    pub(crate) samples: Vec<QuarantinedRecord>,
    halt: CancellationToken,
}

impl BuilderSink {
    /// Starts a build.
    pub(crate) fn new(feed: &str, place: &Place) -> Result<Self, Error> {
        Ok(Self {
            feed: feed.to_owned(),
            builder: SnapshotBuilder::new(&place.spool, place.limits)?,
            records: 0,
            notes: 0,
            quarantined: 0,
            samples: Vec::new(),
            halt: place.halt.clone(),
        })
    }

    /// Tells whether nobody wants the snapshot any more.
    pub(crate) fn is_halted(&self) -> bool {
        self.halt.is_cancelled()
    }

    /// Puts something into the quarantine that a snapshot has no place for.
    fn refuse(&mut self, id: &str, reason: String) -> Result<(), SinkError> {
        self.quarantine(Quarantined {
            feed: self.feed.clone(),
            id: id.chars().take(80).collect(),
            document: String::new(),
            offset: None,
            reason,
        })
    }
}

impl Sink for BuilderSink {
    fn advisory(&mut self, advisory: &Advisory) -> Result<(), SinkError> {
        if self.records.is_multiple_of(HALT_INTERVAL) && self.is_halted() {
            return Err(SinkError::new(ParseError::Halted));
        }
        match self.builder.add(advisory) {
            Ok(()) => {
                self.records += 1;
                Ok(())
            }
            Err(error @ (Error::AdvisoryTooLarge { .. } | Error::TooManyNamespaces { .. })) => {
                self.refuse(&advisory.id, error.to_string())
            }
            Err(error) => Err(SinkError::new(error)),
        }
    }

    fn note(&mut self, note: Note) -> Result<(), SinkError> {
        if RESERVED_TABLES.contains(&note.table.as_str()) {
            return self.refuse(
                &note.key,
                format!("reserved table of notes: {}", note.table),
            );
        }
        match self.builder.note(&note.table, &note.key, &note.value) {
            Ok(()) => {
                self.notes += 1;
                Ok(())
            }
            Err(error @ Error::NoteTooLarge { .. }) => self.refuse(&note.key, error.to_string()),
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
