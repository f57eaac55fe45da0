use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    Confidence, Details, Distribution, Ecosystem, LayerProblem, PackageKind, PackageOwner, Severity,
};

/// limpid's own report: findings, and how far they can be trusted.
///
/// Lists are sorted, so the same index report, generation and time give the same bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Digest that identifies the manifest.
    pub manifest: String,
    /// Distributions found in the image.
    pub distributions: Vec<Distribution>,
    /// How many installed packages the image has.
    pub packages: usize,
    /// Number of the generation that was asked, none when there is no vulnerability data at all.
    pub generation: Option<u64>,
    /// The feeds that judged something in this report.
    pub feeds: Vec<FeedUse>,
    /// What could be checked, and what not.
    pub coverage: Coverage,
    /// How many findings there are by severity.
    pub counts: SeverityCounts,
    /// How many more there are that the options of the report keep out of `findings`.
    #[serde(default)]
    pub hidden: SeverityCounts,
    /// Vulnerabilities that affect packages of the image, worst first.
    pub findings: Vec<Finding>,
    /// What sources say does not affect packages of the image, whatever their versions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_affected: Vec<NotAffected>,
    /// Packages of programming languages that are part of packages of the distribution, and were
    /// judged as such by what the distribution says of those.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owned: Vec<OwnedPackage>,
}

/// A package of a programming language in files that a package of the distribution owns.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OwnedPackage {
    /// Name of the package.
    pub name: String,
    /// Installed version.
    pub version: String,
    /// Key into the index report's packages.
    pub package: String,
    /// The ecosystem.
    pub ecosystem: Ecosystem,
    /// The package of the distribution.
    pub owner: PackageOwner,
}

/// Vulnerabilities of which a source says that they do not affect an installed package.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NotAffected {
    /// Name of the package.
    pub name: String,
    /// Installed version.
    pub version: String,
    /// Key into the index report's packages.
    pub package: String,
    /// The source's names of the vulnerabilities, sorted.
    pub ids: Vec<String>,
}

/// How many findings there are of each severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub struct SeverityCounts {
    /// Critical findings.
    pub critical: usize,
    /// High findings.
    pub high: usize,
    /// Medium findings.
    pub medium: usize,
    /// Low findings.
    pub low: usize,
    /// Negligible findings.
    pub negligible: usize,
    /// Findings that the source gives no severity for.
    pub unknown: usize,
}

impl SeverityCounts {
    /// Counts findings.
    pub fn of(findings: &[Finding]) -> Self {
        let mut counts = Self::default();
        for finding in findings {
            counts.add(finding.severity);
        }
        counts
    }

    /// Adds other counts.
    pub fn add_all(&mut self, mut other: Self) {
        for severity in Severity::ALL {
            *self.slot(severity) += *other.slot(severity);
        }
    }

    /// Counts one more finding.
    pub fn add(&mut self, severity: Severity) {
        *self.slot(severity) += 1;
    }

    /// Returns the sum over all severities.
    pub fn total(mut self) -> usize {
        Severity::ALL
            .into_iter()
            .map(|severity| *self.slot(severity))
            .sum()
    }

    /// Returns the count of one severity.
    pub fn get(mut self, severity: Severity) -> usize {
        *self.slot(severity)
    }

    fn slot(&mut self, severity: Severity) -> &mut usize {
        match severity {
            Severity::Critical => &mut self.critical,
            Severity::High => &mut self.high,
            Severity::Medium => &mut self.medium,
            Severity::Low => &mut self.low,
            Severity::Negligible => &mut self.negligible,
            Severity::Unknown => &mut self.unknown,
        }
    }
}

/// A feed whose snapshot took part in a report.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FeedUse {
    /// Name of the feed.
    pub name: String,
    /// Digest of the snapshot.
    pub snapshot: String,
    /// When the feed was last known to be current, RFC 3339 in UTC.
    pub checked: String,
}

/// One vulnerability in one installed package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The source's name of the vulnerability.
    pub id: String,
    /// Severity on the common scale.
    pub severity: Severity,
    /// Severity as the source gave it, or empty.
    pub severity_text: String,
    /// Whether and how it is fixed.
    pub fix: FixState,
    /// The first version with the fix, or empty.
    pub fixed_version: String,
    /// The installed package, which all findings in it share.
    pub package: Arc<PackageRef>,
    /// The name and kind of package that the advisory speaks of.
    pub advisory_package: String,
    /// Whether the advisory speaks of a source or a binary package.
    pub advisory_kind: PackageKind,
    /// The version that was compared: the installed one, or that of its source.
    pub compared_version: String,
    /// Name of the feed.
    pub feed: String,
    /// Where the advisory holds, for example `alpine:3.15`.
    pub namespace: String,
    /// Sub-repository of the distribution, or empty.
    pub repository: String,
    /// CPE name of the product that the advisory is limited to, or empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub product: String,
    /// Why this is a finding, in one sentence.
    pub reason: String,
    /// What the finding was made of, the most severe first, when feeds give the vulnerability
    /// several names or the finding another one than the feed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub statements: Vec<FeedStatement>,
    /// The texts of the vulnerability, which all findings of it share.
    #[serde(flatten)]
    pub details: Arc<Details>,
}

/// What one feed says about a vulnerability in a package.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FeedStatement {
    /// The feed's own name of the vulnerability.
    pub id: String,
    /// Name of the feed.
    pub feed: String,
    /// Severity on the common scale.
    pub severity: Severity,
    /// Severity as the feed gives it, or empty.
    pub severity_text: String,
    /// Whether and how it is fixed.
    pub fix: FixState,
    /// The first version with the fix, or empty.
    pub fixed_version: String,
    /// Why the package is affected, in one sentence.
    pub reason: String,
}

/// What a source offers against a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FixState {
    /// A fixed version exists.
    Fixed,
    /// No fix is known.
    NotFixed,
    /// The source will not fix it.
    WillNotFix,
    /// The release gets no fixes any more.
    EndOfLife,
    /// The source does not know yet whether the package is affected.
    UnderInvestigation,
}

/// An installed package inside a [`Finding`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PackageRef {
    /// Key into the index report's packages.
    pub id: String,
    /// Name.
    pub name: String,
    /// Installed version.
    pub version: String,
    /// Architecture, or empty.
    pub arch: String,
    /// Where the package is recorded.
    pub package_db: String,
    /// Digest of the layer that brought the package in.
    pub layer: String,
    /// Key into the index report's distributions, or empty.
    pub distribution_id: String,
    /// Package URL, or empty when the package belongs to nothing that is known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub purl: String,
    /// The files that a package of a programming language was found in, with the archives in them
    /// behind `!/`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
    /// How surely it is this package.
    #[serde(default, skip_serializing_if = "Confidence::is_certain")]
    pub confidence: Confidence,
}

/// What a report can speak for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// The sum of it.
    pub verdict: Verdict,
    /// How many packages were judged.
    pub judged: usize,
    /// How many packages were not.
    pub unjudged: usize,
    /// What was not covered, and why.
    pub gaps: Vec<Gap>,
    /// What could not be read in the layers.
    pub problems: Vec<LayerProblem>,
}

/// The sum of a [`Coverage`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Everything found was judged by current data.
    Complete,
    /// Some was judged, some not.
    Partial,
    /// Nothing was judged: no findings means nothing.
    Unknown,
}

/// Something that a report does not cover.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Gap {
    /// Why.
    pub reason: GapReason,
    /// What: a distribution, a feed, a database, a layer.
    pub subject: String,
    /// More about it, one sentence without a full stop.
    pub detail: String,
    /// How many packages are concerned; 0 when that cannot be known.
    pub packages: usize,
}

/// Why a report does not cover something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GapReason {
    /// There is no vulnerability data at all.
    NoData,
    /// The image names no distribution.
    NoDistribution,
    /// limpid has no feed for this distribution.
    NoFeed,
    /// There is a feed, but no snapshot of it.
    FeedMissing,
    /// The snapshot holds nothing for this release.
    FeedEmpty,
    /// The snapshot is older than it may be.
    FeedStale,
    /// The release gets no new advisories.
    EndOfLife,
    /// Nobody says which products a repository of the image belongs to.
    RepositoryUnknown,
    /// The image does not say which repositories its packages are from.
    RepositoriesAssumed,
    /// Somebody else than the distribution built the packages.
    ThirdParty,
    /// A package database could not be read.
    UnreadableDatabase,
    /// Records or files of a layer could not be read.
    LayerProblem,
    /// A version could not be compared.
    UnknownVersion,
    /// The image has no packages that limpid can see.
    NoPackages,
    /// There are more findings than a report may hold.
    TooManyFindings,
}
