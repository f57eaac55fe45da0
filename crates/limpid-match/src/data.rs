use jiff::Timestamp;
use limpid_types::{Details, PackageKind, Severity, Status, VersionConstraint};
use limpid_vulndb::{DetailsHandle, Record};
use thiserror::Error;

/// Vulnerability data as the matcher asks for it: a generation, which is one snapshot per feed.
///
/// The trait stands between the judgement and the files that hold the data. An implementation
/// answers from one generation for as long as it lives, whatever is activated meanwhile.
pub trait VulnerabilityData {
    /// Returns the number of the generation; none when there is no data at all.
    fn generation(&self) -> Option<u64>;

    /// Returns the feeds of the generation. Their places in this list name them in the other
    /// calls.
    fn feeds(&self) -> &[FeedSnapshot];

    /// Returns the feeds that the generation has and whose data cannot be had.
    fn missing(&self) -> &[MissingFeed] {
        &[]
    }

    /// Returns how many records a feed has in a namespace, whichever package they are about.
    fn records(&self, feed: usize, namespace: &str) -> u64;

    /// Returns what a feed says in a namespace about one package name, in any order, and without
    /// what its source has withdrawn.
    fn candidates(
        &self,
        feed: usize,
        namespace: &str,
        package: &str,
    ) -> Result<Vec<Candidate<'_>>, DataError>;

    /// Returns what a feed notes about a key of one of its tables, if anything.
    fn note(&self, feed: usize, table: &str, key: &str) -> Result<Option<String>, DataError>;

    /// Returns the texts of a candidate. They are asked for only when there is a finding to write.
    fn details(&self, feed: usize, candidate: &Candidate<'_>) -> Result<Details, DataError>;
}

/// What a feed says about a package: an advisory of a known namespace and package name, without
/// its texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate<'a> {
    /// The source's own name of the vulnerability.
    pub id: String,
    /// Whether the package name is that of a source or of a binary package.
    pub kind: PackageKind,
    /// Sub-repository of the distribution, or empty.
    pub repository: &'a str,
    /// Module as `name:stream`, or empty.
    pub module: &'a str,
    /// Architectures that the statement is limited to; empty means all.
    pub architectures: Vec<&'a str>,
    /// CPE names of the products that the statement is limited to; empty means all.
    pub cpes: Vec<&'a str>,
    /// What the source says of the package.
    pub status: Status,
    /// Which versions the status holds for.
    pub versions: VersionConstraint,
    /// Severity on limpid's scale.
    pub severity: Severity,
    /// Severity in the source's own text, or empty.
    pub severity_text: &'a str,
    /// Where the texts are.
    pub texts: CandidateTexts<'a>,
}

/// Where the texts of a [`Candidate`] are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CandidateTexts<'a> {
    /// In memory.
    Held(&'a Details),
    /// In the snapshot that the candidate is from.
    Stored(DetailsHandle),
}

impl<'a> From<Record<'a>> for Candidate<'a> {
    fn from(record: Record<'a>) -> Self {
        Self {
            id: record.id,
            kind: record.kind,
            repository: record.repository,
            module: record.module,
            architectures: record.architectures,
            cpes: record.cpes,
            status: record.status,
            versions: record.versions,
            severity: record.severity,
            severity_text: record.severity_text,
            texts: CandidateTexts::Stored(record.details),
        }
    }
}

/// One feed of a generation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedSnapshot {
    /// Name of the feed: that of its family (`debian`), or the family and a part of it after a
    /// dash or a slash (`alpine-main-v3.15`).
    pub name: String,
    /// Digest of the snapshot.
    pub snapshot: String,
    /// When the feed was last known to be current; none when nobody knows.
    pub checked: Option<Timestamp>,
}

/// A feed of a generation whose data cannot be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingFeed {
    /// Name of the feed.
    pub name: String,
    /// Why its data cannot be had.
    pub reason: String,
}

/// Tells whether a feed belongs to a family.
pub(crate) fn is_of(feed: &str, family: &str) -> bool {
    feed.strip_prefix(family)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '/']))
}

/// Vulnerability data that is there but cannot be read.
#[derive(Debug, Error)]
#[error("cannot read snapshot {snapshot} of feed {feed}")]
pub struct DataError {
    /// Name of the feed.
    pub feed: String,
    /// Digest of the snapshot.
    pub snapshot: String,
    /// What went wrong.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_a_whole_word_of_the_name() {
        assert!(is_of("alpine", "alpine"));
        assert!(is_of("alpine-main-v3.15", "alpine"));
        assert!(is_of("debian/updater", "debian"));
        assert!(!is_of("alpinelike", "alpine"));
    }
}
