//! Small images and small vulnerability data.

#![expect(
    clippy::unwrap_used,
    reason = "what is unwrapped is written in this file"
)]

use std::collections::BTreeMap;

use jiff::Timestamp;
use limpid_match::{FeedSnapshot, MemoryData, Options, judge};
use limpid_types::{
    Advisory, AffectedPackage, Details, Distribution, Environment, Extension, IndexReport, Package,
    PackageKind, Rating, Report, Severity, Status, VersionConstraint, index_state,
};
use limpid_version::Scheme;

/// The time at which everything is judged: Alpine 3.22 and Debian 12 are supported.
pub(crate) const NOW: &str = "2026-11-21T12:00:00Z";

pub(crate) fn image() -> IndexReport {
    IndexReport {
        manifest_hash: "sha256:00".into(),
        state: index_state::FINISHED.into(),
        packages: BTreeMap::new(),
        distributions: BTreeMap::new(),
        repository: BTreeMap::new(),
        environments: BTreeMap::new(),
        success: true,
        err: String::new(),
        limpid: Extension::default(),
    }
}

/// Adds a distribution under the id `1`.
pub(crate) fn with_distribution(mut image: IndexReport, distribution: Distribution) -> IndexReport {
    let id = "1".to_owned();
    let distribution = Distribution {
        id: id.clone(),
        ..distribution
    };
    image.distributions.insert(id, distribution);
    image
}

pub(crate) fn alpine(version_id: &str) -> IndexReport {
    let distribution = Distribution {
        did: "alpine".into(),
        name: "Alpine Linux".into(),
        version_id: version_id.into(),
        pretty_name: format!("Alpine Linux v{version_id}"),
        ..Distribution::default()
    };
    with_distribution(image(), distribution)
}

pub(crate) fn debian(version_id: &str, code_name: &str) -> IndexReport {
    let distribution = Distribution {
        did: "debian".into(),
        name: "Debian GNU/Linux".into(),
        version: format!("{version_id} ({code_name})"),
        version_code_name: code_name.into(),
        version_id: version_id.into(),
        pretty_name: format!("Debian GNU/Linux {version_id} ({code_name})"),
        ..Distribution::default()
    };
    with_distribution(image(), distribution)
}

/// Adds a package of the distribution `1`, built from a source of another version.
pub(crate) fn with_package(
    mut image: IndexReport,
    (name, version): (&str, &str),
    (source, source_version): (&str, &str),
) -> IndexReport {
    let id = format!("{}", 100 + image.packages.len());
    let source = Package {
        name: source.into(),
        version: source_version.into(),
        kind: Some(PackageKind::Source),
        ..Package::default()
    };
    let package = Package {
        id: id.clone(),
        name: name.into(),
        version: version.into(),
        kind: Some(PackageKind::Binary),
        source: Some(Box::new(source)),
        ..Package::default()
    };
    let environment = Environment {
        package_db: "the/database".into(),
        introduced_in: "sha256:11".into(),
        distribution_id: "1".into(),
        repository_ids: None,
    };
    image.packages.insert(id.clone(), package);
    image.environments.insert(id, vec![environment]);
    image
}

pub(crate) fn advisory(
    namespace: &str,
    source: &str,
    id: &str,
    versions: VersionConstraint,
) -> Advisory {
    Advisory {
        id: id.into(),
        namespace: namespace.into(),
        package: AffectedPackage {
            name: source.into(),
            kind: PackageKind::Source,
            ..AffectedPackage::default()
        },
        status: Status::Affected,
        versions,
        rating: Rating::default(),
        details: Details::default(),
    }
}

/// An advisory about a source package of Alpine.
pub(crate) fn apk(namespace: &str, source: &str, id: &str, fixed: &str) -> Advisory {
    let versions = VersionConstraint::below(Scheme::Apk, fixed);
    let mut advisory = advisory(namespace, source, id, versions);
    advisory.package.repository = "main".into();
    advisory
}

/// An advisory about a source package of Debian.
pub(crate) fn dpkg(namespace: &str, source: &str, id: &str, fixed: &str) -> Advisory {
    advisory(
        namespace,
        source,
        id,
        VersionConstraint::below(Scheme::Dpkg, fixed),
    )
}

pub(crate) fn rated(mut advisory: Advisory, severity: Severity) -> Advisory {
    advisory.rating = Rating {
        text: severity.name().to_lowercase(),
        severity,
    };
    advisory
}

pub(crate) fn with_status(mut advisory: Advisory, status: Status) -> Advisory {
    advisory.versions = VersionConstraint::any(advisory.versions.scheme);
    advisory.status = status;
    advisory
}

pub(crate) fn feed(name: &str, checked: &str) -> FeedSnapshot {
    FeedSnapshot {
        name: name.into(),
        snapshot: "sha256:22".into(),
        checked: Some(checked.parse().unwrap()),
    }
}

/// One generation with one feed that was checked just now.
pub(crate) fn data(name: &str, advisories: impl IntoIterator<Item = Advisory>) -> MemoryData {
    MemoryData::new(7).with_feed(feed(name, NOW), advisories)
}

pub(crate) fn report_with(image: &IndexReport, data: &MemoryData, options: &Options) -> Report {
    let now: Timestamp = NOW.parse().unwrap();
    judge(image, data, now, options).unwrap()
}

pub(crate) fn report(image: &IndexReport, data: &MemoryData) -> Report {
    report_with(image, data, &Options::default())
}

/// The findings in short: package, id, fixed version.
pub(crate) fn found(report: &Report) -> Vec<(&str, &str, &str)> {
    report
        .findings
        .iter()
        .map(|finding| {
            (
                finding.package.name.as_str(),
                finding.id.as_str(),
                finding.fixed_version.as_str(),
            )
        })
        .collect()
}
