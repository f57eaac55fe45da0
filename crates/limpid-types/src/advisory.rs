use limpid_version::{Range, Scheme};
use serde::{Deserialize, Serialize};

use crate::Severity;

/// One statement by a feed about one package: the unit that feeds produce, snapshots store and
/// the matcher judges by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advisory {
    /// The source's own name of the vulnerability: `CVE-…`, `GHSA-…`, `ALPINE-13661`, …
    pub id: String,
    /// Where the statement holds: `alpine:3.15`, `debian:bookworm`, `pypi`, …
    pub namespace: String,
    /// The package that the statement is about.
    pub package: AffectedPackage,
    /// What the source says of it.
    pub status: Status,
    /// Which versions the status holds for.
    pub versions: VersionConstraint,
    /// Severity as given and as normalised.
    pub rating: Rating,
    /// Everything that is shared by all statements about the same vulnerability.
    pub details: Details,
}

/// The package that an [`Advisory`] speaks of.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AffectedPackage {
    /// Package name as the feed writes it.
    pub name: String,
    /// Whether the name is that of a source or of a binary package.
    pub kind: PackageKind,
    /// Sub-repository of the distribution (`main`, `community`), or empty.
    pub repository: String,
    /// Module as `name:stream`, or empty.
    pub module: String,
    /// Architectures that the statement is limited to; empty means all.
    pub architectures: Vec<String>,
    /// CPE 2.3 names of the products or repositories that the statement is limited to.
    pub cpes: Vec<String>,
}

/// Whether a package name is that of a source or of a binary package.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum PackageKind {
    /// What binary packages are built from.
    Source,
    /// What is installed.
    #[default]
    Binary,
    /// A container image as a package (Red Hat).
    Ancestry,
}

/// What a source says of a package with regard to a vulnerability.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// The versions in the constraint are affected; whether a fix exists is in the ranges.
    Affected,
    /// Not affected, whatever the version.
    NotAffected,
    /// The source does not know yet whether the package is affected.
    UnderInvestigation,
    /// Affected, and the source will not fix it.
    WillNotFix,
    /// Affected, and the release gets no fixes any more.
    EndOfLife,
}

/// Which versions an [`Advisory`] holds for. The parts add up: a version in any of them counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionConstraint {
    /// How versions are compared.
    pub scheme: Scheme,
    /// Ranges; a range without ends holds for every version.
    pub ranges: Vec<Range>,
    /// Versions that are listed one by one.
    pub enumerated: Vec<String>,
}

impl VersionConstraint {
    /// Makes a constraint that every version satisfies.
    pub fn any(scheme: Scheme) -> Self {
        Self {
            scheme,
            ranges: vec![Range::default()],
            enumerated: Vec::new(),
        }
    }

    /// Makes a constraint of every version below a fix.
    pub fn below(scheme: Scheme, fixed: impl Into<String>) -> Self {
        Self {
            scheme,
            ranges: vec![Range::below(fixed)],
            enumerated: Vec::new(),
        }
    }

    /// Makes a constraint that no version satisfies.
    pub fn none(scheme: Scheme) -> Self {
        Self {
            scheme,
            ranges: Vec::new(),
            enumerated: Vec::new(),
        }
    }
}

/// A severity as the source gave it and on limpid's scale.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rating {
    /// The source's own text: a word, a CVSS vector, or empty.
    pub text: String,
    /// The same on limpid's scale.
    pub severity: Severity,
}

/// What is known of a vulnerability itself, whichever package it is in.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Details {
    /// Other names of the same vulnerability, sorted, without the advisory's own id.
    pub aliases: Vec<String>,
    /// Description in plain text.
    pub description: String,
    /// Addresses of further reading, in the source's order.
    pub references: Vec<String>,
    /// When it was published, RFC 3339 in UTC, or empty.
    pub published: String,
    /// When the source last changed it, RFC 3339 in UTC, or empty.
    pub modified: String,
    /// When the source withdrew it, RFC 3339 in UTC, or empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub withdrawn: String,
}
