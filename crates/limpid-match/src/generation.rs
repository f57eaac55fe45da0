use std::sync::Arc;

use limpid_types::Details;
use limpid_vulndb::Snapshot;

use crate::{Candidate, CandidateTexts, DataError, FeedSnapshot, MissingFeed, VulnerabilityData};

/// A numbered set of open snapshots: the vulnerability data of an installation.
///
/// It holds its snapshots open, so whoever judges by it is not disturbed by what is activated or
/// deleted meanwhile.
#[derive(Clone, Debug)]
pub struct Generation {
    number: u64,
    feeds: Vec<FeedSnapshot>,
    snapshots: Vec<Arc<Snapshot>>,
    missing: Vec<MissingFeed>,
}

impl Generation {
    /// Makes a generation without feeds.
    pub fn new(number: u64) -> Self {
        Self {
            number,
            feeds: Vec::new(),
            snapshots: Vec::new(),
            missing: Vec::new(),
        }
    }

    /// Returns its number.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Returns the generation with the snapshot of one more feed.
    #[must_use]
    pub fn with_feed(mut self, feed: FeedSnapshot, snapshot: Arc<Snapshot>) -> Self {
        self.feeds.push(feed);
        self.snapshots.push(snapshot);
        self
    }

    /// Returns the generation with one more feed whose data cannot be had.
    #[must_use]
    pub fn with_missing(mut self, feed: MissingFeed) -> Self {
        self.missing.push(feed);
        self
    }

    /// Returns the open snapshot with a digest, whichever feed it is of.
    pub(crate) fn snapshot(&self, digest: &str) -> Option<&Arc<Snapshot>> {
        let place = self.feeds.iter().position(|feed| feed.snapshot == digest)?;
        self.snapshots.get(place)
    }

    /// Tells whether everything that it says is the same as what another one says.
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        self.number == other.number && self.feeds == other.feeds && self.missing == other.missing
    }

    fn error(&self, feed: usize, source: limpid_vulndb::Error) -> DataError {
        let feed = self.feeds.get(feed);
        DataError {
            feed: feed.map(|feed| feed.name.clone()).unwrap_or_default(),
            snapshot: feed.map(|feed| feed.snapshot.clone()).unwrap_or_default(),
            source: Box::new(source),
        }
    }
}

impl VulnerabilityData for Generation {
    fn generation(&self) -> Option<u64> {
        Some(self.number)
    }

    fn feeds(&self) -> &[FeedSnapshot] {
        &self.feeds
    }

    fn missing(&self) -> &[MissingFeed] {
        &self.missing
    }

    fn records(&self, feed: usize, namespace: &str) -> u64 {
        let namespaces = self
            .snapshots
            .get(feed)
            .map_or(&[][..], |snapshot| snapshot.namespaces());
        namespaces
            .binary_search_by(|(name, _)| name.as_str().cmp(namespace))
            .ok()
            .and_then(|place| namespaces.get(place))
            .map_or(0, |(_, records)| *records)
    }

    fn candidates(
        &self,
        feed: usize,
        namespace: &str,
        package: &str,
    ) -> Result<Vec<Candidate<'_>>, DataError> {
        let Some(snapshot) = self.snapshots.get(feed) else {
            return Ok(Vec::new());
        };
        snapshot
            .candidates(namespace, package)
            .and_then(|records| {
                records
                    .map(|record| record.map(Candidate::from))
                    .collect::<Result<Vec<_>, _>>()
            })
            .map_err(|source| self.error(feed, source))
    }

    fn note(&self, feed: usize, table: &str, key: &str) -> Result<Option<String>, DataError> {
        let Some(snapshot) = self.snapshots.get(feed) else {
            return Ok(None);
        };
        snapshot
            .note(table, key)
            .map(|note| note.map(Into::into))
            .map_err(|source| self.error(feed, source))
    }

    fn details(&self, feed: usize, candidate: &Candidate<'_>) -> Result<Details, DataError> {
        match (candidate.texts, self.snapshots.get(feed)) {
            (CandidateTexts::Held(details), _) => Ok(details.clone()),
            (CandidateTexts::Stored(_), None) => Ok(Details::default()),
            (CandidateTexts::Stored(handle), Some(snapshot)) => snapshot
                .details(&handle)
                .map_err(|source| self.error(feed, source)),
        }
    }
}
