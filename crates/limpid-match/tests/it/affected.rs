use std::collections::BTreeSet;

use limpid_match::{affected, names};
use limpid_types::{Distribution, IndexReport, Package, PackageKind, Severity, Vulnerability};
use proptest::prelude::*;

use crate::fixture::{alpine, data, debian, dpkg, image, report, with_distribution, with_package};

fn vulnerability(id: &str, package: &str, fixed: &str) -> Vulnerability {
    Vulnerability {
        id: id.into(),
        name: format!("CVE-{id}"),
        package: Package {
            name: package.into(),
            kind: Some(PackageKind::Source),
            ..Package::default()
        },
        distribution: Distribution {
            did: "debian".into(),
            version_id: "12".into(),
            ..Distribution::default()
        },
        fixed_in_version: fixed.into(),
        ..Vulnerability::default()
    }
}

fn zlib() -> IndexReport {
    with_package(debian("12", "bookworm"), ("zlib1g", "1"), ("zlib", "1"))
}

#[test]
fn the_most_severe_comes_first_and_then_the_id() {
    let mut all = vec![
        vulnerability("3", "zlib", "2"),
        vulnerability("2", "zlib", ""),
        vulnerability("1", "zlib", "1"),
        vulnerability("4", "zlib", "2"),
        vulnerability("5", "openssl", ""),
    ];
    all[3].normalized_severity = Severity::High;
    assert_eq!(affected(&zlib(), &all), ["4", "2", "3"]);
}

#[test]
fn the_release_and_the_distribution_have_to_be_those_of_the_package() {
    let all = [vulnerability("1", "zlib", "2")];
    let other_release = with_package(debian("11", "bullseye"), ("zlib1g", "1"), ("zlib", "1"));
    let other_distribution = with_package(alpine("3.15.0"), ("zlib", "1"), ("zlib", "1"));
    assert_eq!(affected(&other_release, &all), [""; 0]);
    assert_eq!(affected(&other_distribution, &all), [""; 0]);
}

#[test]
fn a_vulnerability_of_alpine_is_found_by_the_version_alone() {
    let mut one = vulnerability("1", "zlib", "2");
    one.distribution = Distribution {
        did: "alpine".into(),
        version: "3.15".into(),
        ..Distribution::default()
    };
    let image = with_package(alpine("3.15.4"), ("zlib", "1"), ("zlib", "1"));
    assert_eq!(affected(&image, &[one]), ["1"]);
}

#[test]
fn a_vulnerability_with_nothing_in_it_affects_nothing() {
    let nothing = Vulnerability::default();
    let without_distribution = Vulnerability {
        distribution: Distribution::default(),
        ..vulnerability("1", "zlib", "2")
    };
    let without_package = Vulnerability {
        package: Package::default(),
        ..vulnerability("2", "zlib", "2")
    };
    let all = [nothing, without_distribution, without_package];
    assert_eq!(affected(&zlib(), &all), [""; 0]);
    let nameless = with_distribution(image(), Distribution::default());
    let nameless = with_package(nameless, ("", ""), ("", ""));
    assert_eq!(affected(&nameless, &all), [""; 0]);
    assert_eq!(names(&all), BTreeSet::from(["zlib".to_owned()]));
}

#[test]
fn equal_ids_collapse() {
    let mut all = vec![vulnerability("1", "zlib", "2"); 3];
    all[1].normalized_severity = Severity::High;
    assert_eq!(affected(&zlib(), &all), ["1"]);
}

proptest! {
    #[test]
    fn what_is_affected_is_what_a_report_finds(
        installed in prop::collection::vec((0..4_u8, 0..6_u8), 0..6),
        known in prop::collection::vec((0..4_u8, prop::option::of(0..6_u8)), 0..12),
    ) {
        let mut image = debian("12", "bookworm");
        for (package, version) in installed {
            let (name, version) = (format!("p{package}"), version.to_string());
            image = with_package(image, (&name, &version), (&name, &version));
        }
        let mut vulnerabilities = Vec::new();
        let mut advisories = Vec::new();
        for (place, (package, fixed)) in known.into_iter().enumerate() {
            let (id, name) = (place.to_string(), format!("p{package}"));
            let fixed = fixed.map_or_else(String::new, |fixed| fixed.to_string());
            vulnerabilities.push(vulnerability(&id, &name, &fixed));
            let mut advisory = dpkg("debian:bookworm", &name, &id, &fixed);
            if fixed.is_empty() {
                advisory.versions = limpid_types::VersionConstraint::any(advisory.versions.scheme);
            }
            advisories.push(advisory);
        }
        let report = report(&image, &data("debian", advisories));
        let expected: BTreeSet<String> =
            report.findings.into_iter().map(|finding| finding.id).collect();
        let found: BTreeSet<String> = affected(&image, &vulnerabilities).into_iter().collect();
        prop_assert_eq!(found, expected);
    }
}
