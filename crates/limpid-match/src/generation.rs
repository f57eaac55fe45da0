use std::sync::Arc;

use limpid_types::Details;
use limpid_vulndb::Snapshot;

use crate::{Candidate, CandidateTexts, DataError, FeedSnapshot, VulnerabilityData};

/// A numbered set of open snapshots: the vulnerability data of an installation.
///
/// It holds its snapshots open, so whoever judges by it is not disturbed by what is activated or
/// deleted meanwhile.
#[derive(Clone, Debug)]
pub struct Generation {
    number: u64,
    feeds: Vec<FeedSnapshot>,
    snapshots: Vec<Arc<Snapshot>>,
}

impl Generation {
    /// Makes a generation without feeds.
    pub fn new(number: u64) -> Self {
        Self {
            number,
            feeds: Vec::new(),
            snapshots: Vec::new(),
        }
    }

    /// Returns the generation with the snapshot of one more feed.
    #[must_use]
    pub fn with_feed(mut self, feed: FeedSnapshot, snapshot: Arc<Snapshot>) -> Self {
        self.feeds.push(feed);
        self.snapshots.push(snapshot);
        self
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
