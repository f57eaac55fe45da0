use std::fmt;

use limpid_types::{
    Details, Distribution, Ecosystem, Package, PackageKind, Repository, Severity, StableId,
    Vulnerability,
};
use serde::{Serialize, Serializer};

use crate::products::PRODUCT_KEY;

/// What Clair writes for a date that nobody knows.
const UNKNOWN_DATE: &str = "0001-01-01T00:00:00Z";

/// The id of a vulnerability, computed from everything else that it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct VulnerabilityId(StableId);

impl fmt::Display for VulnerabilityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for VulnerabilityId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What a feed states about a package, without the texts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StatementView<'a> {
    pub(crate) name: &'a str,
    pub(crate) severity: &'a str,
    pub(crate) normalized_severity: Severity,
    pub(crate) package: &'a str,
    pub(crate) kind: PackageKind,
    pub(crate) fixed_in_version: &'a str,
    /// CPE name of the product that the statement is limited to, or empty.
    pub(crate) product: &'a str,
    /// The ecosystem that the package belongs to, if it is not a distribution's.
    pub(crate) ecosystem: Option<Ecosystem>,
}

/// A vulnerability that is written from borrowed parts. Its JSON is that of [`Vulnerability`].
#[derive(Debug, Serialize)]
pub(crate) struct VulnerabilityView<'a> {
    id: VulnerabilityId,
    updater: String,
    name: &'a str,
    description: &'a str,
    issued: &'a str,
    links: String,
    severity: &'a str,
    normalized_severity: Severity,
    package: PackageView<'a>,
    distribution: DistributionView<'a>,
    repository: RepositoryView<'a>,
    fixed_in_version: &'a str,
}

/// The fields of a [`Package`] that a vulnerability has.
#[derive(Debug, Serialize)]
struct PackageView<'a> {
    id: &'static str,
    name: &'a str,
    version: &'static str,
    kind: PackageKind,
    normalized_version: &'static str,
    cpe: &'static str,
    detector: Option<&'static str>,
}

/// The fields of a [`Distribution`], without its id.
#[derive(Debug, Default, Serialize)]
struct DistributionView<'a> {
    id: &'static str,
    did: &'a str,
    name: &'a str,
    version: &'a str,
    version_code_name: &'a str,
    version_id: &'a str,
    arch: &'a str,
    cpe: &'a str,
    pretty_name: &'a str,
}

/// The fields of a [`Repository`] that a vulnerability has: none, a product of Red Hat's, or an
/// ecosystem.
#[derive(Debug, Default, Serialize)]
struct RepositoryView<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    key: &'static str,
    cpe: &'a str,
}

impl<'a> VulnerabilityView<'a> {
    /// Puts a statement and its texts into Clair's shape, and computes the id.
    pub(crate) fn new(
        updater: String,
        statement: StatementView<'a>,
        details: &'a Details,
        distribution: Option<&'a Distribution>,
    ) -> Self {
        let mut view = Self {
            id: VulnerabilityId(StableId::of("", &[])),
            updater,
            name: statement.name,
            description: &details.description,
            issued: match details.published.as_str() {
                "" => UNKNOWN_DATE,
                published => published,
            },
            links: details.references.join(" "),
            severity: statement.severity,
            normalized_severity: statement.normalized_severity,
            package: PackageView {
                id: "",
                name: statement.package,
                version: "",
                kind: statement.kind,
                normalized_version: "",
                cpe: "",
                detector: None,
            },
            distribution: distribution.map(DistributionView::from).unwrap_or_default(),
            repository: match statement.product {
                // Clair's matchers and its notifier find packages of a language by this name.
                "" => RepositoryView {
                    name: statement.ecosystem.map_or("", Ecosystem::key),
                    ..RepositoryView::default()
                },
                product => RepositoryView {
                    name: product,
                    key: PRODUCT_KEY,
                    cpe: product,
                },
            },
            fixed_in_version: statement.fixed_in_version,
        };
        view.id = view.compute_id();
        view
    }

    /// Returns the id.
    pub(crate) fn id(&self) -> VulnerabilityId {
        self.id
    }

    /// Returns the same with parts of its own.
    pub(crate) fn to_vulnerability(&self) -> Vulnerability {
        let distribution = &self.distribution;
        Vulnerability {
            id: self.id.to_string(),
            updater: self.updater.clone(),
            name: self.name.into(),
            description: self.description.into(),
            issued: self.issued.into(),
            links: self.links.clone(),
            severity: self.severity.into(),
            normalized_severity: self.normalized_severity,
            package: Package {
                name: self.package.name.into(),
                kind: Some(self.package.kind),
                ..Package::default()
            },
            distribution: Distribution {
                id: String::new(),
                did: distribution.did.into(),
                name: distribution.name.into(),
                version: distribution.version.into(),
                version_code_name: distribution.version_code_name.into(),
                version_id: distribution.version_id.into(),
                arch: distribution.arch.into(),
                cpe: distribution.cpe.into(),
                pretty_name: distribution.pretty_name.into(),
            },
            repository: Repository {
                name: self.repository.name.into(),
                key: self.repository.key.into(),
                cpe: self.repository.cpe.into(),
                ..Repository::default()
            },
            fixed_in_version: self.fixed_in_version.into(),
        }
    }

    fn compute_id(&self) -> VulnerabilityId {
        let distribution = &self.distribution;
        let kind = match self.package.kind {
            PackageKind::Source => "Source",
            PackageKind::Binary => "Binary",
            PackageKind::Ancestry => "Ancestry",
        };
        VulnerabilityId(StableId::of(
            "vulnerability",
            &[
                &self.updater,
                self.name,
                self.description,
                self.issued,
                &self.links,
                self.severity,
                self.normalized_severity.name(),
                self.package.name,
                kind,
                distribution.did,
                distribution.name,
                distribution.version,
                distribution.version_code_name,
                distribution.version_id,
                distribution.arch,
                distribution.cpe,
                distribution.pretty_name,
                self.repository.cpe,
                self.fixed_in_version,
            ],
        ))
    }
}

impl<'a> From<&'a Distribution> for DistributionView<'a> {
    fn from(distribution: &'a Distribution) -> Self {
        Self {
            id: "",
            did: &distribution.did,
            name: &distribution.name,
            version: &distribution.version,
            version_code_name: &distribution.version_code_name,
            version_id: &distribution.version_id,
            arch: &distribution.arch,
            cpe: &distribution.cpe,
            pretty_name: &distribution.pretty_name,
        }
    }
}
