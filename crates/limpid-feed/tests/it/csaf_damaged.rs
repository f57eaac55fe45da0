use serde_json::{Value, json};

use crate::vex::{RHEL, Vex, pair, read};

const ZLIB: &str = "pkg:rpm/redhat/zlib";

/// Reads a document that must be quarantined as a whole, and returns the reason.
fn refusal(document: impl AsRef<[u8]>) -> String {
    let sink = read(document);
    assert!(sink.advisories.is_empty());
    assert_eq!(sink.quarantined.len(), 1);
    let record = &sink.quarantined[0];
    assert_eq!(record.id, "CVE-2024-1");
    assert_eq!(
        record.document,
        "https://vex.test/feed/2024/cve-2024-1.json"
    );
    record.reason.clone()
}

fn affected() -> Vex {
    Vex::new().says("known_affected", RHEL, ZLIB)
}

#[test]
fn a_document_that_is_none_costs_itself() {
    for (document, expected) in [
        (&b"<html>Bad gateway</html>"[..], "expected value"),
        (b"", "EOF while parsing"),
        (b"[]", "invalid length"),
        (b"{}", "missing field `document`"),
        (b"{\"document\": \xff}", "expected value"),
        (b"\xff\xfe{\0}\0", "expected value"),
    ] {
        let reason = refusal(document);
        assert!(reason.contains(expected), "{reason}");
    }
}

#[test]
fn a_document_that_is_cut_off_anywhere_says_nothing() {
    let document = affected().to_json().to_string();
    for length in 1..document.len() {
        assert!(read(&document[..length]).advisories.is_empty(), "{length}");
    }
}

#[test]
fn a_document_about_something_else_is_refused() {
    let mut vex = affected();
    vex.header["tracking"]["id"] = json!("CVE-2024-2");
    let reason = refusal(vex.to_json().to_string());
    assert_eq!(reason, "the document is about another id: CVE-2024-2");
    let vex = affected().member("cve", json!("CVE-2024-3"));
    let reason = refusal(vex.to_json().to_string());
    assert_eq!(reason, "a vulnerability with another id: CVE-2024-3");
}

#[test]
fn a_vulnerability_without_statuses_is_not_taken_for_harmless() {
    let mut document = affected().to_json();
    let vulnerability = document["vulnerabilities"][0].as_object_mut().unwrap();
    vulnerability.remove("product_status");
    assert_eq!(
        refusal(document.to_string()),
        "a vulnerability without the status of any product"
    );
}

#[test]
fn relationships_in_a_circle_lead_nowhere() {
    let vex = Vex::new()
        .relationship("a", "b", "b")
        .relationship("b", "a", "a")
        .list("known_affected", "a")
        .list("known_affected", "b");
    let sink = vex.read();
    assert!(sink.advisories.is_empty());
    assert_eq!(sink.quarantined.len(), 2);
}

#[test]
fn branches_nested_without_end_are_refused() {
    let mut branches = json!([]);
    for _ in 0..60 {
        branches = json!([{"branches": branches}]);
    }
    let mut document = affected().to_json();
    document["product_tree"]["branches"] = branches;
    assert_eq!(refusal(document.to_string()), "branches nested too deeply");
    let mut document = affected().to_json().to_string();
    document.insert_str(
        1,
        &format!("\"x\": {}{},", "[".repeat(90_000), "]".repeat(90_000)),
    );
    assert_eq!(read(document).advisories.len(), 1);
}

#[test]
fn a_document_over_the_size_limit_is_not_read() {
    let mut document = affected().to_json().to_string();
    document.push_str(&" ".repeat(64 << 20));
    assert_eq!(refusal(document), "record over the size limit");
}

#[test]
fn what_a_document_may_name_is_limited() {
    let mut document = affected().to_json();
    document["vulnerabilities"][0]["product_status"]["fixed"] = json!(vec!["a"; 500_001]);
    assert_eq!(
        refusal(document.to_string()),
        "more than 500000 products in lists"
    );
    let products: Vec<Value> = (0..300_001)
        .map(|id| json!({"product_id": id.to_string()}))
        .collect();
    document["product_tree"]["full_product_names"] = json!(products);
    assert_eq!(refusal(document.to_string()), "more than 300000 products");
}

#[test]
fn a_document_of_nothing_but_faults_is_not_repeated_in_the_quarantine() {
    let mut document = affected().to_json();
    document["product_tree"]["relationships"] = json!(vec![0; 100_000]);
    let sink = read(document.to_string());
    // The hundred that are listed, the count of the others, and the product that has no
    // relationship now.
    assert_eq!(sink.quarantined.len(), 102);
    assert_eq!(sink.quarantined[100].reason, "99900 more faulty products");
}

#[test]
fn an_id_that_is_there_twice_keeps_its_first_meaning() {
    let mut document = affected()
        .relationship(&pair(RHEL, ZLIB), "nothing", "nowhere")
        .to_json();
    let branch = json!({"product": {
        "product_id": ZLIB,
        "product_identification_helper": {"purl": "pkg:rpm/redhat/other"},
    }});
    let branches = document["product_tree"]["branches"].as_array_mut();
    branches.unwrap().push(branch);
    let sink = read(document.to_string());
    assert_eq!(sink.advisories[0].package.name, "zlib");
}
