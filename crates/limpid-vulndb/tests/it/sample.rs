use std::path::Path;

use limpid_types::{
    Advisory, AffectedPackage, Details, PackageKind, Rating, Severity, Status, VersionConstraint,
};
use limpid_version::{Range, RangeEnd, Scheme};
use limpid_vulndb::{BuildLimits, BuiltSnapshot, Snapshot, SnapshotBuilder, SnapshotMeta};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use tempfile::TempDir;

pub(crate) fn advisory(id: &str, namespace: &str, package: &str) -> Advisory {
    Advisory {
        id: id.to_owned(),
        namespace: namespace.to_owned(),
        package: AffectedPackage {
            name: package.to_owned(),
            ..AffectedPackage::default()
        },
        status: Status::Affected,
        versions: VersionConstraint::below(Scheme::Dpkg, "1.2-3"),
        rating: Rating {
            text: "high".into(),
            severity: Severity::High,
        },
        details: Details {
            description: format!("{package} has a flaw, {id}"),
            ..Details::default()
        },
    }
}

/// A few advisories with something in every field.
pub(crate) fn advisories() -> Vec<Advisory> {
    let mut all = Vec::new();
    for namespace in ["debian:12", "alpine:3.20"] {
        for package in ["openssl", "zlib", "musl"] {
            for number in 1..4 {
                all.push(advisory(
                    &format!("CVE-2024-000{number}"),
                    namespace,
                    package,
                ));
            }
        }
    }
    let mut full = advisory("GHSA-1", "osv:pypi", "django");
    full.package = AffectedPackage {
        name: "django".into(),
        kind: PackageKind::Source,
        repository: "main".into(),
        module: "python:3.12".into(),
        architectures: vec!["amd64".into(), "arm64".into()],
        cpes: vec!["cpe:2.3:a:x:y:*:*:*:*:*:*:*:*".into()],
    };
    full.versions = VersionConstraint {
        scheme: Scheme::Rpm,
        ranges: vec![
            Range {
                introduced: Some("1.0".into()),
                end: Some(RangeEnd::LastAffected("1.9".into())),
            },
            Range::default(),
        ],
        enumerated: vec!["2.0".into(), "2.0.1".into()],
    };
    full.details.aliases = vec!["CVE-2024-9".into()];
    full.details.references = vec!["https://example.org/1".into()];
    full.details.published = "2024-01-01T00:00:00Z".into();
    full.details.modified = "2024-01-02T00:00:00Z".into();
    full.details.withdrawn = "2024-01-03T00:00:00Z".into();
    all.push(full);
    all
}

/// The notes of every sample: table, key, value.
pub(crate) const NOTES: [(&str, &str, &str); 4] = [
    ("frozen", "debian:buster", "2024-06-30T00:00:00Z"),
    ("repository-to-cpe", "", "no key"),
    ("repository-to-cpe", "rhel-9-appstream", "cpe:/a\ncpe:/b"),
    ("repository-to-cpe", "rhel-9-baseos", ""),
];

pub(crate) fn build(
    directory: &Path,
    advisories: &[Advisory],
    memory_bytes: usize,
) -> BuiltSnapshot {
    let limits = BuildLimits { memory_bytes };
    let mut builder = SnapshotBuilder::new(directory, limits).unwrap();
    for advisory in advisories {
        builder.add(advisory).unwrap();
    }
    for (table, key, value) in NOTES {
        builder.note(table, key, value).unwrap();
    }
    builder
        .finish(SnapshotMeta::new("sample", 7), directory)
        .unwrap()
}

pub(crate) fn snapshot(advisories: &[Advisory]) -> (TempDir, Snapshot) {
    let directory = tempfile::tempdir().unwrap();
    let built = build(directory.path(), advisories, 1 << 20);
    let snapshot = Snapshot::open(&built.path).unwrap();
    (directory, snapshot)
}

pub(crate) fn bytes(advisories: &[Advisory]) -> Vec<u8> {
    let directory = tempfile::tempdir().unwrap();
    std::fs::read(build(directory.path(), advisories, 1 << 20).path).unwrap()
}

/// What a snapshot has of a package, whole again.
pub(crate) fn look_up(
    snapshot: &Snapshot,
    namespace: &str,
    package: &str,
) -> Result<Vec<Advisory>, limpid_vulndb::Error> {
    snapshot
        .candidates(namespace, package)?
        .map(|record| {
            let record = record?;
            let details = snapshot.details(&record.details)?;
            Ok(record.into_advisory(details))
        })
        .collect()
}

/// Any advisory, out of few names, so that packages have several and texts are shared.
pub(crate) fn any_advisory() -> impl Strategy<Value = Advisory> {
    let name = || "[ab\0é/:]{0,3}";
    let status = select(vec![
        Status::Affected,
        Status::NotAffected,
        Status::UnderInvestigation,
        Status::WillNotFix,
        Status::EndOfLife,
    ]);
    let rating = (name(), select(Severity::ALL.to_vec()))
        .prop_map(|(text, severity)| Rating { text, severity });
    let identity = (name(), name(), any_package(), status, rating);
    (identity, any_constraint(), any_details()).prop_map(
        |((id, namespace, package, status, rating), versions, details)| Advisory {
            id,
            namespace,
            package,
            status,
            versions,
            rating,
            details,
        },
    )
}

fn any_package() -> impl Strategy<Value = AffectedPackage> {
    let kind = select(vec![
        PackageKind::Source,
        PackageKind::Binary,
        PackageKind::Ancestry,
    ]);
    let list = || vec("[ab]{0,3}", 0..3);
    let text = || "[ab]{0,2}";
    ("[ab\0é/:]{0,3}", kind, text(), text(), list(), list()).prop_map(
        |(name, kind, repository, module, architectures, cpes)| AffectedPackage {
            name,
            kind,
            repository,
            module,
            architectures,
            cpes,
        },
    )
}

fn any_constraint() -> impl Strategy<Value = VersionConstraint> {
    let version = || "[0-9.ä~-]{0,5}";
    let end = option::of((version(), any::<bool>()).prop_map(|(version, fixed)| {
        if fixed {
            RangeEnd::Fixed(version)
        } else {
            RangeEnd::LastAffected(version)
        }
    }));
    let range =
        (option::of(version()), end).prop_map(|(introduced, end)| Range { introduced, end });
    (
        select(Scheme::ALL.to_vec()),
        vec(range, 0..4),
        vec(version(), 0..4),
    )
        .prop_map(|(scheme, ranges, enumerated)| VersionConstraint {
            scheme,
            ranges,
            enumerated,
        })
}

fn any_details() -> impl Strategy<Value = Details> {
    let text = || "[a\0é ]{0,3}";
    let list = || vec(text(), 0..3);
    (list(), text(), list(), text(), text(), text()).prop_map(
        |(aliases, description, references, published, modified, withdrawn)| Details {
            aliases,
            description,
            references,
            published,
            modified,
            withdrawn,
        },
    )
}
