use limpid_feed::Collected;
use limpid_types::{PackageKind, Severity};
use serde_json::{Value, json};

use super::pack;
use crate::support::{lines, quarantined};

const PATH: &str = "vex/cve/2025/CVE-2025-1000.json";

fn read(document: &Value) -> Collected {
    super::read("vex", pack(&[(PATH, document.to_string())]))
}

/// A statement about source packages: `name@version` and `distro` of each.
fn statement(status: &str, products: &[(&str, &str)]) -> Value {
    let products: Vec<Value> = products
        .iter()
        .map(|(package, distro)| {
            json!({"@id": format!("pkg:deb/ubuntu/{package}?arch=source&distro={distro}")})
        })
        .collect();
    json!({
        "vulnerability": {"name": "CVE-2025-1000"},
        "status": status,
        "products": products,
    })
}

/// The same with one more member.
fn explained(status: &str, products: &[(&str, &str)], member: &str, text: &str) -> Value {
    let mut statement = statement(status, products);
    statement[member] = json!(text);
    statement
}

fn read_statements(statements: &[Value]) -> Collected {
    read(&json!({"@context": "https://openvex.dev/ns/v0.2.0", "statements": statements}))
}

const WILL_NOT_FIX: &str = "This package (for the given release) is vulnerable to the CVE, the \
    problem is understood, but the Ubuntu Security Team decided to not fix it.";
const UNSUPPORTED: &str = "This package (for the given release) is no longer supported.";

#[test]
fn every_status_is_kept_apart() {
    let sink = read_statements(&[
        statement("fixed", &[("a@1:2-1ubuntu0.1", "noble")]),
        statement("affected", &[("b@2", "noble")]),
        explained(
            "affected",
            &[("c@2", "noble")],
            "action_statement",
            WILL_NOT_FIX,
        ),
        explained(
            "affected",
            &[("d@2", "noble")],
            "action_statement",
            UNSUPPORTED,
        ),
        statement("under_investigation", &[("e@2", "noble")]),
        explained(
            "not_affected",
            &[("f@2", "noble")],
            "justification",
            "vulnerable_code_not_present",
        ),
        explained(
            "not_affected",
            &[("g@2", "noble")],
            "justification",
            "component_not_present",
        ),
    ]);
    assert_eq!(
        lines(&sink),
        [
            "ubuntu:noble a CVE-2025-1000 affected <1:2-1ubuntu0.1",
            "ubuntu:noble b CVE-2025-1000 affected *",
            "ubuntu:noble c CVE-2025-1000 will-not-fix *",
            "ubuntu:noble d CVE-2025-1000 end-of-life *",
            "ubuntu:noble e CVE-2025-1000 under-investigation *",
            "ubuntu:noble f CVE-2025-1000 not-affected *",
        ]
    );
    assert!(sink.quarantined.is_empty());
    assert!(
        sink.advisories
            .iter()
            .all(|advisory| advisory.package.kind == PackageKind::Source)
    );
}

#[test]
fn binary_packages_are_passed_by() {
    let sink = read_statements(&[json!({
        "vulnerability": {"name": "CVE-2025-1000"},
        "status": "affected",
        "products": [
            {"@id": "pkg:deb/ubuntu/curl@8?arch=source&distro=noble"},
            {"@id": "pkg:deb/ubuntu/libcurl4t64@8?arch=amd64&distro=noble"},
            {"@id": "pkg:deb/ubuntu/cpp-4.4@4.4.7-8ubuntu1?arch=amd64"},
            {"@id": "pkg:deb/ubuntu/gcc-4.4@4.4.7-8ubuntu1?arch=src?distro=ubuntu/trusty"},
        ],
    })]);
    assert_eq!(
        lines(&sink),
        [
            "ubuntu:noble curl CVE-2025-1000 affected *",
            "ubuntu:trusty gcc-4.4 CVE-2025-1000 affected *",
        ]
    );
}

#[test]
fn the_pockets_of_a_release_give_one_statement() {
    let unsupported = |package| {
        explained(
            "affected",
            &[(package, "focal")],
            "action_statement",
            UNSUPPORTED,
        )
    };
    let sink = read_statements(&[
        // Ubuntu Pro has the fix.
        unsupported("a@1-1"),
        statement("fixed", &[("a@1-1+esm2", "esm-infra/focal")]),
        // What is said of the archive counts, as nobody has a fix.
        unsupported("b@1-1"),
        statement("not_affected", &[("b@1-1", "esm-infra/focal")]),
        // Nothing is said of the archive.
        statement("not_affected", &[("c@1-1", "esm-apps/focal")]),
        // Another build judges nothing here.
        statement("not_affected", &[("d@1-1.fips.1", "fips-updates/focal")]),
        statement("affected", &[("d@1-1", "focal")]),
    ]);
    assert_eq!(
        lines(&sink),
        [
            "ubuntu:focal a CVE-2025-1000 affected <1-1+esm2",
            "ubuntu:focal b CVE-2025-1000 end-of-life *",
            "ubuntu:focal c CVE-2025-1000 not-affected *",
            "ubuntu:focal d CVE-2025-1000 affected *",
            "ubuntu:focal/fips-updates d CVE-2025-1000 not-affected *",
        ]
    );
    let repositories: Vec<&str> = sink
        .advisories
        .iter()
        .map(|advisory| advisory.package.repository.as_str())
        .collect();
    assert_eq!(
        repositories,
        ["esm-infra", "", "esm-apps", "", "fips-updates"]
    );
}

#[test]
fn contradictions_never_become_not_affected() {
    let product = [("a@1-1", "noble")];
    for other in ["affected", "under_investigation", "fixed"] {
        for statuses in [["not_affected", other], [other, "not_affected"]] {
            let sink = read_statements(&statuses.map(|status| statement(status, &product)));
            assert_eq!(sink.advisories.len(), 1);
            assert_ne!(sink.advisories[0].status, limpid_types::Status::NotAffected);
        }
    }
    let sink = read_statements(&[
        statement("fixed", &product),
        statement("affected", &product),
    ]);
    assert_eq!(lines(&sink), ["ubuntu:noble a CVE-2025-1000 affected *"]);
}

#[test]
fn the_words_around_a_statement_are_kept() {
    let sink = read(&json!({
        "metadata": {"@context": "https://openvex.dev/ns/v0.2.0"},
        "statements": [{
            "vulnerability": {
                "@id": "https://nvd.test/CVE-2025-1000",
                "name": "CVE-2025-1000",
                "description": "A \"text\".",
                "aliases": [
                    "https://www.cve.test/CVE-2025-1000",
                    "https://ubuntu.com/security/CVE-2025-1000",
                ],
            },
            "timestamp": "2025-11-18T15:16:00Z",
            "products": [{"@id": "pkg:deb/ubuntu/a@1?arch=source&distro=noble"}],
            "status": "under_investigation",
            "status_notes": "The Ubuntu Security Team classified this CVE as of Medium priority.",
        }],
    }));
    let advisory = &sink.advisories[0];
    assert_eq!(advisory.rating.text, "Medium");
    assert_eq!(advisory.rating.severity, Severity::Medium);
    assert_eq!(advisory.details.description, "A \"text\".");
    assert_eq!(advisory.details.published, "2025-11-18T15:16:00Z");
    assert_eq!(
        advisory.details.references,
        [
            "https://ubuntu.com/security/CVE-2025-1000",
            "https://www.cve.test/CVE-2025-1000",
        ]
    );
}

#[test]
fn products_that_cannot_be_told_are_quarantined_together() {
    let sink = read_statements(&[json!({
        "vulnerability": {"name": "CVE-2025-1000"},
        "status": "fixed",
        "products": [
            {"@id": "pkg:deb/ubuntu/a@1?arch=source"},
            {"@id": "pkg:deb/ubuntu/b?arch=source&distro=noble"},
            {"@id": "pkg:deb/ubuntu/@1?arch=source&distro=noble"},
            {"@id": "pkg:rpm/redhat/c@1?arch=src"},
            {"@id": "pkg:deb/ubuntu/d@1?arch=source&distro=noble"},
        ],
    })]);
    assert_eq!(lines(&sink), ["ubuntu:noble d CVE-2025-1000 affected <1"]);
    assert_eq!(
        quarantined(&sink),
        [(
            "CVE-2025-1000",
            "4 products without a usable name, version or release: pkg:deb/ubuntu/a@1?arch=source"
        )]
    );
}

#[test]
fn a_bad_statement_costs_nothing_but_itself() {
    let good = statement("affected", &[("a@1", "noble")]);
    for bad in [
        json!(7),
        json!({}),
        json!({"vulnerability": {"name": ""}, "status": "affected", "products": []}),
        json!({"vulnerability": {"name": "CVE-2025-1000"}, "products": []}),
        json!({"vulnerability": {"name": "CVE-2025-1000"}, "status": "affected"}),
        json!({"vulnerability": {"name": "CVE-2025-1000"}, "status": "odd", "products": []}),
    ] {
        let sink = read_statements(&[bad.clone(), good.clone()]);
        assert_eq!(
            lines(&sink),
            ["ubuntu:noble a CVE-2025-1000 affected *"],
            "{bad}"
        );
        assert_eq!(sink.quarantined.len(), 1, "{bad}");
    }
    for bad in ["", "<html>", "[]", "{}", r#"{"statements":7}"#] {
        let sink = super::read("vex", pack(&[(PATH, bad.into())]));
        assert!(sink.advisories.is_empty(), "{bad}");
        assert_eq!(sink.quarantined.len(), 1, "{bad}");
    }
}
