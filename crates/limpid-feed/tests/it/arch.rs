use limpid_feed::{Collected, MemoryDocuments};
use limpid_types::{PackageKind, Severity};
use limpid_version::Scheme;
use serde_json::{Value, json};

use crate::support::{lines, parse, quarantined, refuse};

const URL: &str = "https://arch.test/all.json";

fn read(document: impl Into<Vec<u8>>) -> Collected {
    parse("arch", MemoryDocuments::default().with(URL, document))
}

fn group(changes: &Value) -> Value {
    let mut group = json!({
        "name": "AVG-7",
        "packages": ["zlib"],
        "status": "Fixed",
        "severity": "High",
        "type": "arbitrary code execution",
        "affected": "1.2.11-5",
        "fixed": "1:1.2.12-1",
        "ticket": null,
        "issues": ["CVE-2018-25032"],
        "advisories": ["ASA-202204-1"],
    });
    for (member, value) in changes.as_object().unwrap() {
        group[member] = value.clone();
    }
    group
}

fn read_group(changes: &Value) -> Collected {
    read(json!([group(changes)]).to_string())
}

#[test]
fn every_issue_of_every_package_of_a_group_is_an_advisory() {
    let sink = read_group(&json!({
        "packages": ["zlib", "lib32-zlib"],
        "issues": ["CVE-2018-25032", "CVE-2022-37434"],
    }));
    assert_eq!(
        lines(&sink),
        [
            "arch:rolling lib32-zlib CVE-2018-25032 affected <1:1.2.12-1",
            "arch:rolling lib32-zlib CVE-2022-37434 affected <1:1.2.12-1",
            "arch:rolling zlib CVE-2018-25032 affected <1:1.2.12-1",
            "arch:rolling zlib CVE-2022-37434 affected <1:1.2.12-1",
        ]
    );
    let advisory = &sink.advisories[0];
    assert_eq!(advisory.package.kind, PackageKind::Binary);
    assert_eq!(advisory.versions.scheme, Scheme::Alpm);
    assert_eq!(advisory.rating.text, "High");
    assert_eq!(advisory.rating.severity, Severity::High);
    assert_eq!(advisory.details.description, "arbitrary code execution");
    assert_eq!(
        advisory.details.references,
        [
            "https://security.archlinux.org/AVG-7",
            "https://security.archlinux.org/ASA-202204-1",
        ]
    );
}

#[test]
fn every_status_has_its_meaning() {
    for (status, fixed, expected) in [
        ("Fixed", json!("2-1"), "affected <2-1"),
        ("Testing", json!("2-1"), "affected <2-1"),
        ("Testing", Value::Null, "affected *"),
        ("Vulnerable", Value::Null, "affected *"),
        ("Vulnerable", json!("2-1"), "affected <2-1"),
        ("Vulnerable", json!(""), "affected *"),
        ("Not affected", Value::Null, "not-affected *"),
        ("Not affected", json!("2-1"), "not-affected *"),
        ("Unknown", Value::Null, "under-investigation *"),
        ("Unknown", json!("2-1"), "affected <2-1"),
    ] {
        let sink = read_group(&json!({ "status": status, "fixed": fixed }));
        assert_eq!(
            lines(&sink),
            [format!("arch:rolling zlib CVE-2018-25032 {expected}")],
            "{status}"
        );
    }
}

#[test]
fn a_group_without_a_cve_keeps_its_own_name() {
    let sink = read_group(&json!({ "issues": [] }));
    assert_eq!(
        lines(&sink),
        ["arch:rolling zlib AVG-7 affected <1:1.2.12-1"]
    );
}

#[test]
fn a_bad_group_costs_nothing_but_itself() {
    for (bad, reason) in [
        (
            group(&json!({ "status": "Fixed", "fixed": null })),
            "fixed without a fixed version",
        ),
        (
            group(&json!({ "status": "Solved" })),
            "unknown status: \"Solved\"",
        ),
        (group(&json!({ "fixed": "1 2" })), "invalid alpm version"),
        (group(&json!({ "packages": [] })), "no package"),
        (group(&json!({ "packages": null })), "no package"),
        (group(&json!({ "packages": "zlib" })), "invalid type"),
        (group(&json!({ "name": "" })), "empty name"),
        (json!({ "name": "AVG-1" }), "missing field"),
        (json!(null), "invalid type"),
        (json!("text"), "invalid type"),
    ] {
        let sink = read(json!([bad, group(&json!({}))]).to_string());
        assert_eq!(sink.advisories.len(), 1, "{bad}");
        let found = quarantined(&sink);
        assert_eq!(found.len(), 1, "{bad}");
        assert!(found[0].1.contains(reason), "{}", found[0].1);
        assert_eq!(sink.quarantined[0].offset, Some(1));
    }
}

#[test]
fn bad_names_cost_nothing_but_themselves() {
    let sink = read_group(&json!({ "packages": ["zlib", " "], "issues": ["", "CVE-2022-1"] }));
    assert_eq!(
        lines(&sink),
        ["arch:rolling zlib CVE-2022-1 affected <1:1.2.12-1"]
    );
    assert_eq!(sink.quarantined.len(), 2);
}

#[test]
fn a_group_that_multiplies_without_bound_is_quarantined() {
    let settings = limpid_feed::Settings::default();
    let feed = limpid_feed::families(&settings)
        .into_iter()
        .find(|family| family.name() == "arch")
        .unwrap()
        .discover(&mut crate::support::Server::default())
        .unwrap()
        .remove(0);
    let many: Vec<String> = (0..400).map(|n| n.to_string()).collect();
    let document = json!([group(&json!({ "packages": many, "issues": many }))]);
    let mut documents = MemoryDocuments::default().with(settings.arch.url, document.to_string());
    let mut sink = Collected::default();
    feed.parse(&mut documents, &mut sink).unwrap();
    assert!(sink.advisories.is_empty());
    assert_eq!(
        quarantined(&sink),
        [("AVG-7", "more than 100000 advisories")]
    );
}

#[test]
fn a_huge_group_is_passed_by() {
    let sink = read_group(&json!({ "ticket": "x".repeat(1 << 20) }));
    assert_eq!(quarantined(&sink), [("", "record over the size limit")]);
}

#[test]
fn a_document_that_is_no_array_or_is_cut_off_is_refused() {
    let whole = json!([group(&json!({}))]).to_string();
    for (text, fault) in [
        ("{}", "expected an array at byte 0, found '{'"),
        ("<html>", "not JSON: begins with \"<html>\""),
        ("", "truncated at byte 0, expected an array"),
        (&whole[..whole.len() - 1], "truncated at byte"),
        (&format!("{whole}]"), "expected the end of the document"),
    ] {
        let documents = MemoryDocuments::default().with(URL, text);
        let (error, _) = refuse("arch", documents);
        assert!(error.contains(fault), "{error}");
    }
}
