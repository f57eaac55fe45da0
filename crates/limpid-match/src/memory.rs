use std::collections::BTreeMap;
use std::ops::Range;

use limpid_types::{Advisory, Details};

use crate::{Candidate, CandidateTexts, DataError, FeedSnapshot, VulnerabilityData};

/// Vulnerability data that is held in memory: for tests, and for data that was made on the spot.
///
/// The default has no generation, which is what a fresh installation has.
#[derive(Clone, Debug, Default)]
pub struct MemoryData {
    generation: Option<u64>,
    feeds: Vec<FeedSnapshot>,
    advisories: Vec<MemoryFeed>,
}

/// What one feed says.
#[derive(Clone, Debug, Default)]
struct MemoryFeed {
    /// Sorted by namespace and package name.
    advisories: Vec<Advisory>,
    /// The places of each package's advisories.
    places: BTreeMap<String, BTreeMap<String, Range<usize>>>,
    /// What it notes, by table and key.
    notes: BTreeMap<(String, String), String>,
}

impl MemoryData {
    /// Makes a generation without feeds.
    pub fn new(generation: u64) -> Self {
        Self {
            generation: Some(generation),
            ..Self::default()
        }
    }

    /// Returns the generation with one more feed. Advisories that are withdrawn are left out.
    #[must_use]
    pub fn with_feed(
        mut self,
        feed: FeedSnapshot,
        advisories: impl IntoIterator<Item = Advisory>,
    ) -> Self {
        self.feeds.push(feed);
        self.advisories.push(MemoryFeed::new(advisories));
        self
    }

    /// Returns the generation with a note of the feed that was added last.
    #[must_use]
    pub fn with_note(mut self, table: &str, key: &str, value: &str) -> Self {
        if let Some(feed) = self.advisories.last_mut() {
            feed.notes.insert((table.into(), key.into()), value.into());
        }
        self
    }
}

impl MemoryFeed {
    fn new(advisories: impl IntoIterator<Item = Advisory>) -> Self {
        let mut feed = Self {
            advisories: advisories
                .into_iter()
                .filter(|advisory| advisory.details.withdrawn.is_empty())
                .collect(),
            places: BTreeMap::new(),
            notes: BTreeMap::new(),
        };
        feed.advisories.sort_by(|left, right| {
            (&left.namespace, &left.package.name).cmp(&(&right.namespace, &right.package.name))
        });
        for (place, advisory) in feed.advisories.iter().enumerate() {
            feed.places
                .entry(advisory.namespace.clone())
                .or_default()
                .entry(advisory.package.name.clone())
                .or_insert(place..place)
                .end = place + 1;
        }
        feed
    }
}

impl VulnerabilityData for MemoryData {
    fn generation(&self) -> Option<u64> {
        self.generation
    }

    fn feeds(&self) -> &[FeedSnapshot] {
        &self.feeds
    }

    fn records(&self, feed: usize, namespace: &str) -> u64 {
        self.advisories
            .get(feed)
            .and_then(|feed| feed.places.get(namespace))
            .map_or(0, |packages| {
                packages.values().map(|places| places.len() as u64).sum()
            })
    }

    fn candidates(
        &self,
        feed: usize,
        namespace: &str,
        package: &str,
    ) -> Result<Vec<Candidate<'_>>, DataError> {
        let Some(feed) = self.advisories.get(feed) else {
            return Ok(Vec::new());
        };
        let places = feed
            .places
            .get(namespace)
            .and_then(|packages| packages.get(package))
            .cloned()
            .unwrap_or_default();
        let advisories = feed.advisories.get(places).unwrap_or_default();
        Ok(advisories.iter().map(candidate).collect())
    }

    fn note(&self, feed: usize, table: &str, key: &str) -> Result<Option<String>, DataError> {
        let key = (table.to_owned(), key.to_owned());
        Ok(self
            .advisories
            .get(feed)
            .and_then(|feed| feed.notes.get(&key))
            .cloned())
    }

    fn details(&self, _feed: usize, candidate: &Candidate<'_>) -> Result<Details, DataError> {
        Ok(match candidate.texts {
            CandidateTexts::Held(details) => details.clone(),
            CandidateTexts::Stored(_) => Details::default(),
        })
    }
}

fn candidate(advisory: &Advisory) -> Candidate<'_> {
    Candidate {
        id: advisory.id.clone(),
        kind: advisory.package.kind,
        repository: &advisory.package.repository,
        module: &advisory.package.module,
        architectures: advisory
            .package
            .architectures
            .iter()
            .map(String::as_str)
            .collect(),
        cpes: advisory.package.cpes.iter().map(String::as_str).collect(),
        status: advisory.status,
        versions: advisory.versions.clone(),
        severity: advisory.rating.severity,
        severity_text: &advisory.rating.text,
        texts: CandidateTexts::Held(&advisory.details),
    }
}
