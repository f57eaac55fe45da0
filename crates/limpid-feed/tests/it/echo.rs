use limpid_feed::{Collected, MemoryDocuments};
use limpid_types::{PackageKind, Severity};
use limpid_version::Scheme;
use serde_json::json;

use crate::support::{lines, parse, quarantined, refuse};

const URL: &str = "https://echo.test/data.json";

fn read(document: impl Into<Vec<u8>>) -> Collected {
    parse("echo", MemoryDocuments::default().with(URL, document))
}

#[test]
fn every_id_of_a_source_package_is_an_advisory() {
    let document = json!({
        "curl": {
            "CVE-2024-11053": { "fixed_version": "7.88.1-10+deb12u8", "severity": "High" },
            "CVE-2009-2940": {},
            "CVE-2009-2941": { "fixed_version": "" },
            "CVE-2009-2942": { "fixed_version": "0" },
        },
        "redis": {},
    });
    let sink = read(document.to_string());
    assert_eq!(
        lines(&sink),
        [
            "echo:rolling curl CVE-2009-2940 affected *",
            "echo:rolling curl CVE-2009-2941 affected *",
            "echo:rolling curl CVE-2009-2942 not-affected *",
            "echo:rolling curl CVE-2024-11053 affected <7.88.1-10+deb12u8",
        ]
    );
    let rated = sink
        .advisories
        .iter()
        .find(|advisory| advisory.id == "CVE-2024-11053")
        .unwrap();
    assert_eq!(rated.package.kind, PackageKind::Source);
    assert_eq!(rated.versions.scheme, Scheme::Dpkg);
    assert_eq!(rated.rating.severity, Severity::High);
    assert_eq!(
        rated.details.references,
        ["https://nvd.nist.gov/vuln/detail/CVE-2024-11053"]
    );
}

#[test]
fn a_bad_record_costs_nothing_but_itself() {
    for (bad, reason) in [
        (r#""CVE-1":null"#, "invalid type"),
        (r#""CVE-1":[7]"#, "invalid type"),
        (r#""CVE-1":{"fixed_version":7}"#, "invalid type"),
        (
            r#""CVE-1":{"fixed_version":"no version"}"#,
            "invalid dpkg version",
        ),
        (r#""CVE-1":{"fixed_version":"-1"}"#, "invalid dpkg version"),
        (r#""":{}"#, "empty name"),
    ] {
        let sink = read(format!(r#"{{"curl":{{{bad},"CVE-2":{{}}}}}}"#));
        assert_eq!(
            lines(&sink),
            ["echo:rolling curl CVE-2 affected *"],
            "{bad}"
        );
        let found = quarantined(&sink);
        assert_eq!(found.len(), 1, "{bad}");
        assert!(found[0].0.starts_with("curl"));
        assert!(found[0].1.contains(reason), "{}", found[0].1);
    }
}

#[test]
fn a_bad_source_costs_nothing_but_itself() {
    for bad in [r#""a":null"#, r#""a":[]"#, r#""":{}"#] {
        let sink = read(format!(r#"{{{bad},"curl":{{"CVE-2":{{}}}}}}"#));
        assert_eq!(sink.advisories.len(), 1, "{bad}");
        assert_eq!(sink.quarantined.len(), 1, "{bad}");
    }
}

#[test]
fn a_huge_record_is_passed_by() {
    let document = json!({ "curl": { "CVE-1": { "severity": "x".repeat(1 << 20) } } });
    let sink = read(document.to_string());
    assert_eq!(
        quarantined(&sink),
        [("curl CVE-1", "record over the size limit")]
    );
}

#[test]
fn no_beginning_of_a_document_passes_for_the_whole() {
    let whole = json!({ "curl": { "CVE-1": { "fixed_version": "1-1" } } }).to_string();
    for length in 0..whole.len() {
        let documents = MemoryDocuments::default().with(URL, &whole.as_bytes()[..length]);
        let (error, _) = refuse("echo", documents);
        assert!(
            error.contains(&format!("truncated at byte {length}")),
            "{error}"
        );
    }
}
