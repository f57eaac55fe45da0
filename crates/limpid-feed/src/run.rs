use std::borrow::Borrow;
use std::fmt::Display;

use limpid_types::Advisory;

use crate::text::clip;
use crate::{
    DocumentFault, Documents, FeedError, Note, Quarantined, ReadSeek, Sink, SinkError, Tally,
};

/// The reason for a record that was not even looked at.
pub(crate) const TOO_LARGE: &str = "record over the size limit";

/// Bytes of a reason or an id in a quarantine record: parsers quote the text they stumble over.
const REMARK_BYTES: usize = 300;

/// The reading of one document: where its records go.
pub(crate) struct Run<'a> {
    feed: &'a str,
    document: &'a str,
    sink: &'a mut dyn Sink,
    tally: Tally,
}

impl<'a> Run<'a> {
    /// Begins the reading of a document.
    pub(crate) fn new(feed: &'a str, document: &'a str, sink: &'a mut dyn Sink) -> Self {
        Self {
            feed,
            document,
            sink,
            tally: Tally::default(),
        }
    }

    /// Hands over an advisory.
    pub(crate) fn advisory(&mut self, advisory: impl Borrow<Advisory>) -> Result<(), FeedError> {
        self.tally.advisories += 1;
        self.sink
            .advisory(advisory.borrow())
            .map_err(|source| refused(self.document, source))
    }

    /// Hands over a fact that is no advisory.
    pub(crate) fn note(&mut self, note: Note) -> Result<(), FeedError> {
        self.sink
            .note(note)
            .map_err(|source| refused(self.document, source))
    }

    /// Hands over a record that could not be read.
    pub(crate) fn quarantine(
        &mut self,
        id: impl Into<String>,
        offset: Option<u64>,
        reason: impl Display,
    ) -> Result<(), FeedError> {
        self.tally.quarantined += 1;
        let quarantined = Quarantined {
            feed: self.feed.to_owned(),
            id: clip(id.into(), REMARK_BYTES),
            document: self.document.to_owned(),
            offset,
            reason: clip(reason.to_string(), REMARK_BYTES),
        };
        self.sink
            .quarantine(quarantined)
            .map_err(|source| refused(self.document, source))
    }

    /// Counts a record that was withdrawn.
    pub(crate) fn withdrawn(&mut self) {
        self.tally.withdrawn += 1;
    }

    /// Returns how much came of the records until now: advisories, and what is wrong or withdrawn.
    pub(crate) fn count(&self) -> u64 {
        self.tally.advisories + self.tally.quarantined + self.tally.withdrawn
    }

    /// Returns what was counted.
    pub(crate) fn finish(self) -> Tally {
        self.tally
    }
}

fn refused(document: &str, source: SinkError) -> FeedError {
    FeedError::Sink {
        url: document.to_owned(),
        source,
    }
}

/// Opens a document; none when the source does not have it.
pub(crate) fn open(
    documents: &mut dyn Documents,
    url: &str,
) -> Result<Option<Box<dyn ReadSeek>>, FeedError> {
    documents
        .open(url)
        .map_err(|source| FeedError::document(url, DocumentFault::Unreadable { offset: 0, source }))
}

/// Opens a document that the feed cannot do without.
pub(crate) fn open_required(
    documents: &mut dyn Documents,
    url: &str,
) -> Result<Box<dyn ReadSeek>, FeedError> {
    open(documents, url)?.ok_or_else(|| FeedError::document(url, DocumentFault::Absent))
}
