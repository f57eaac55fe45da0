use limpid_match::clair_report;
use limpid_types::{IndexReport, Report, Severity, Verdict, VulnerabilityReport};
use serde_json::json;

use crate::fixture::{alpine, apk, data, debian, dpkg, rated, report, with_package};

/// Writes a report in Clair's shape and reads it again.
fn written(index: &IndexReport, report: &Report) -> VulnerabilityReport {
    let json = serde_json::to_string(&clair_report(index, report));
    let json = json.expect("a report can be written");
    serde_json::from_str(&json).expect("what was written can be read")
}

fn debian_report() -> VulnerabilityReport {
    let mut image = debian("12", "bookworm");
    for name in ["libcrypto", "libssl"] {
        image = with_package(image, (name, "1"), ("openssl", "1"));
    }
    image = with_package(image, ("apt", "1"), ("apt", "1"));
    let mut advisory = rated(
        dpkg("debian:bookworm", "openssl", "CVE-2000-0001", "2"),
        Severity::High,
    );
    advisory.details.references = vec!["https://a.example/1".into(), "https://a.example/2".into()];
    let report = report(&image, &data("debian", [advisory]));
    written(&image, &report)
}

#[test]
fn packages_share_the_vulnerability_of_their_source() {
    let report = debian_report();
    assert_eq!(report.vulnerabilities.len(), 1);
    let (id, vulnerability) = report.vulnerabilities.first_key_value().unwrap();
    assert_eq!(*id, vulnerability.id);
    let packages: Vec<_> = report.package_vulnerabilities.keys().collect();
    assert_eq!(packages, ["100", "101"]);
    assert!(
        report
            .package_vulnerabilities
            .values()
            .all(|ids| ids == std::slice::from_ref(id))
    );
}

#[test]
fn a_vulnerability_has_the_shape_that_clair_writes() {
    let report = debian_report();
    let mut vulnerability =
        serde_json::to_value(report.vulnerabilities.values().next().unwrap()).unwrap();
    let id = vulnerability["id"].take();
    assert!(id.as_str().unwrap().parse::<i64>().unwrap() >= 0);
    assert_eq!(
        vulnerability,
        json!({
            "id": null,
            "updater": "debian/updater",
            "name": "CVE-2000-0001",
            "description": "",
            "issued": "0001-01-01T00:00:00Z",
            "links": "https://a.example/1 https://a.example/2",
            "severity": "high",
            "normalized_severity": "High",
            "package": {
                "id": "", "name": "openssl", "version": "", "kind": "source",
                "normalized_version": "", "cpe": "", "detector": null
            },
            "distribution": {
                "id": "", "did": "debian", "name": "Debian GNU/Linux", "version": "12 (bookworm)",
                "version_code_name": "bookworm", "version_id": "12", "arch": "", "cpe": "",
                "pretty_name": "Debian GNU/Linux 12 (bookworm)"
            },
            "repository": { "cpe": "" },
            "fixed_in_version": "2"
        })
    );
}

#[test]
fn no_map_of_a_report_is_null() {
    let image = crate::fixture::image();
    let report = report(&image, &data("debian", []));
    assert_eq!(
        serde_json::to_string(&clair_report(&image, &report)).unwrap(),
        r#"{"manifest_hash":"sha256:00","packages":{},"distributions":{},"repository":{},"environments":{},"vulnerabilities":{},"package_vulnerabilities":{},"enrichments":{},"limpid":{"verdict":"unknown","generation":7,"gaps":[{"reason":"no-packages","subject":"image","detail":"no package database was found in the image","packages":0}]}}"#
    );
}

#[test]
fn a_clean_image_looks_different_from_one_that_could_not_be_checked() {
    let checked = with_package(debian("12", "bookworm"), ("apt", "1"), ("apt", "1"));
    let unchecked = with_package(debian("11", "bullseye"), ("apt", "1"), ("apt", "1"));
    let data = data(
        "debian",
        [dpkg("debian:bookworm", "openssl", "CVE-2000-0001", "2")],
    );
    for (image, verdict, gaps) in [
        (checked, Verdict::Complete, 0),
        (unchecked, Verdict::Unknown, 1),
    ] {
        let written = written(&image, &report(&image, &data));
        assert!(written.vulnerabilities.is_empty());
        let extension = written.limpid.unwrap();
        assert_eq!((extension.verdict, extension.gaps.len()), (verdict, gaps));
        assert_eq!(extension.generation, Some(7));
    }
}

#[test]
fn updaters_of_alpine_have_the_names_that_clair_gives_them() {
    for (version, namespace, repository, expected) in [
        ("3.15.0", "alpine:3.15", "main", "alpine-main-v3.15-updater"),
        (
            "3.15.0",
            "alpine:3.15",
            "community",
            "alpine-community-v3.15-updater",
        ),
        ("edge", "alpine:edge", "main", "alpine-main-edge-updater"),
    ] {
        let image = with_package(alpine(version), ("zlib", "1"), ("zlib", "1"));
        let mut advisory = apk(namespace, "zlib", "CVE-2000-0001", "2");
        advisory.package.repository = repository.into();
        let report = report(&image, &data("alpine", [advisory]));
        let report = written(&image, &report);
        let vulnerability = report.vulnerabilities.values().next().unwrap();
        assert_eq!(vulnerability.updater, expected);
    }
}

#[test]
fn the_same_content_has_the_same_id() {
    assert_eq!(debian_report(), debian_report());
}
