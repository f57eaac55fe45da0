//! CSAF documents about packages of languages.

use limpid_feed::Collected;
use limpid_testkit::feed::OsvZip;
use limpid_types::Severity;
use serde_json::{Value, json};

use crate::private::read_bytes;
use crate::support::{lines, quarantined};

const VECTOR: &str = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";

fn product(id: &str, purl: &str) -> Value {
    json!({"name": id, "product_id": id, "product_identification_helper": {"purl": purl}})
}

/// Reads a document with some products by id and package URL, and a status of each.
fn read(products: &[(&str, &str)], status: &Value) -> Collected {
    let products: Vec<Value> = products
        .iter()
        .map(|(id, purl)| product(id, purl))
        .collect();
    read_tree(&json!({"full_product_names": products}), status)
}

fn read_tree(tree: &Value, status: &Value) -> Collected {
    let document = json!({
        "document": {
            "title": "A hole in acme",
            "tracking": {
                "id": "ACME-SA-1",
                "status": "final",
                "initial_release_date": "2024-01-01T00:00:00Z",
                "current_release_date": "2024-01-02T00:00:00Z",
            },
        },
        "product_tree": tree,
        "vulnerabilities": [{
            "cve": "CVE-2024-1",
            "notes": [{"category": "description", "text": "It has a hole."}],
            "references": [{"url": "https://acme.test/1"}],
            "scores": [{"cvss_v3": {"vectorString": VECTOR}, "products": []}],
            "product_status": status,
        }],
    });
    read_bytes(
        OsvZip::new()
            .file("acme.json", document.to_string())
            .to_zip(),
    )
}

#[test]
fn an_affected_version_is_listed() {
    let sink = read(
        &[
            ("a", "pkg:npm/%40acme/pad@1.0.0"),
            ("b", "pkg:npm/%40acme/pad@1.1.0"),
        ],
        &json!({"known_affected": ["a", "b"]}),
    );
    assert_eq!(
        lines(&sink),
        ["npm @acme/pad CVE-2024-1 affected =1.0.0 =1.1.0"]
    );
    let advisory = &sink.advisories[0];
    assert_eq!(advisory.rating.severity, Severity::Critical);
    assert_eq!(advisory.rating.text, VECTOR);
    assert_eq!(advisory.details.description, "It has a hole.");
    assert_eq!(advisory.details.references, ["https://acme.test/1"]);
    assert_eq!(advisory.details.published, "2024-01-01T00:00:00Z");
}

#[test]
fn a_fix_ends_the_range_of_a_package_without_versions() {
    let products = [
        ("all", "pkg:maven/org.acme/core"),
        ("one", "pkg:maven/org.acme/core@1.9"),
        ("two", "pkg:maven/org.acme/core@1.10"),
    ];
    let line = |range: &str| [format!("maven org.acme:core CVE-2024-1 affected {range}")];
    let sink = read(&products, &json!({"known_affected": ["all"]}));
    assert_eq!(lines(&sink), line("*"));
    let sink = read(
        &products,
        &json!({"known_affected": ["all"], "fixed": ["one", "two"]}),
    );
    assert_eq!(lines(&sink), line("<1.10"));
    let sink = read(&products, &json!({"fixed": ["one"]}));
    assert_eq!(lines(&sink), line("<1.9"));
    let sink = read(
        &products,
        &json!({"known_affected": ["one"], "fixed": ["two"]}),
    );
    assert_eq!(lines(&sink), line("=1.9"));
}

#[test]
fn branches_name_versions_and_ranges() {
    let branch = |category: &str, name: &str, id: &str| json!({"category": category, "name": name, "product": product(id, "pkg:pypi/Acme_Tool")});
    let tree = json!({"branches": [{
        "category": "vendor",
        "name": "Acme",
        "branches": [
            branch("product_version", "1.5", "one"),
            branch("product_version_range", "vers:pypi/>=2|<2.4", "range"),
            branch("product_version_range", "vers:pypi/>2", "bad"),
        ],
    }]});
    let sink = read_tree(&tree, &json!({"known_affected": ["one", "range", "bad"]}));
    assert_eq!(
        lines(&sink),
        ["pypi acme-tool CVE-2024-1 affected 2<2.4 =1.5"]
    );
    assert_eq!(
        quarantined(&sink),
        [(
            "acme.json bad",
            "a comparison that is not supported in a range"
        )]
    );
}

#[test]
fn a_component_of_a_product_is_the_component() {
    let tree = json!({
        "full_product_names": [
            product("pad", "pkg:npm/pad@1.0.0"),
            {"name": "App", "product_id": "app"},
        ],
        "relationships": [{
            "category": "default_component_of",
            "product_reference": "pad",
            "relates_to_product_reference": "app",
            "full_product_name": {"name": "pad in App", "product_id": "app:pad"},
        }],
    });
    let sink = read_tree(&tree, &json!({"known_affected": ["app:pad"]}));
    assert_eq!(lines(&sink), ["npm pad CVE-2024-1 affected =1.0.0"]);
}

#[test]
fn only_a_whole_package_is_not_affected() {
    let products = [("all", "pkg:npm/pad"), ("one", "pkg:npm/pad@1.0.0")];
    let sink = read(&products, &json!({"known_not_affected": ["all"]}));
    assert_eq!(lines(&sink), ["npm pad CVE-2024-1 not-affected *"]);
    let sink = read(&products, &json!({"known_not_affected": ["one"]}));
    assert_eq!(
        quarantined(&sink),
        [("acme.json", "nothing about a package that could be judged")]
    );
    let status = json!({"known_not_affected": ["all"], "known_affected": ["one"]});
    let sink = read(&products, &status);
    assert_eq!(lines(&sink), ["npm pad CVE-2024-1 affected =1.0.0"]);
    let sink = read(&products, &json!({"under_investigation": ["one"]}));
    assert_eq!(
        lines(&sink),
        ["npm pad CVE-2024-1 under-investigation =1.0.0"]
    );
}

#[test]
fn nonsense_in_a_document_costs_that_document() {
    for document in [
        json!({"document": 7}),
        json!({"document": {"tracking": {"id": "x"}}, "product_tree": []}),
        json!({"document": {"tracking": {"id": "x"}}, "vulnerabilities": [7]}),
    ] {
        let sink = read_bytes(OsvZip::new().file("a.json", document.to_string()).to_zip());
        assert_eq!(sink.quarantined[0].id, "a.json", "{document}");
    }
}
