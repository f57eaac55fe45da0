use limpid_feed::{Collected, MemoryDocuments};
use limpid_types::Severity;

use super::document::{Document, all, criterion};
use crate::support::{lines, parse, quarantined};

fn metadata(patchable: &str) -> String {
    format!(
        r#"<title>CVE-2024-1111 affecting package groff for versions less than 1.23-1</title>
<reference ref_id="CVE-2024-1111" ref_url="https://nvd.test/CVE-2024-1111" source="CVE"/>
<patchable>{patchable}</patchable><advisory_date>2024-10-08T18:09:51Z</advisory_date>
<advisory_id>2666-1</advisory_id><severity>High</severity><description>groff</description>"#
    )
}

fn read(patchable: &str, operation: &str, version: &str) -> Collected {
    let mut document = Document::default();
    let state = format!(r#"<evr operation="{operation}">{version}</evr>"#);
    let test = document.package("groff", &state);
    document.definition(&metadata(patchable), &all(&[criterion(&test, "")]));
    let url = "https://azure.test/main/azurelinux-3.0-oval.xml";
    let documents = MemoryDocuments::default().with(url, document.to_xml());
    parse("azure/azurelinux-3.0", documents)
}

#[test]
fn a_definition_is_an_advisory_of_the_documents_release() {
    let sink = read("true", "less than", "0:1.23-1.azl3");
    assert_eq!(
        lines(&sink),
        ["azurelinux:3.0 groff CVE-2024-1111 affected <0:1.23-1.azl3"]
    );
    let advisory = &sink.advisories[0];
    assert_eq!(advisory.rating.text, "High");
    assert_eq!(advisory.rating.severity, Severity::High);
    assert_eq!(advisory.details.published, "2024-10-08T18:09:51Z");
    assert_eq!(
        advisory.details.references,
        ["https://nvd.test/CVE-2024-1111"]
    );
}

#[test]
fn affected_without_a_fix_and_not_affected_are_kept_apart() {
    for (patchable, operation, version, expected) in [
        ("false", "greater than", "0:0.0.0-0", "affected *"),
        ("false", "greater than", "0:0", "affected *"),
        ("false", "less than or equal", "0:1-1", "affected <=0:1-1"),
        (
            "Not Applicable",
            "less than or equal",
            "0:1-1",
            "not-affected *",
        ),
        ("", "less than", "0:1-1", "affected <0:1-1"),
    ] {
        let sink = read(patchable, operation, version);
        let line = format!("azurelinux:3.0 groff CVE-2024-1111 {expected}");
        assert_eq!(lines(&sink), [line]);
    }
}

#[test]
fn an_unknown_word_is_not_taken_for_any_other() {
    let sink = read("perhaps", "less than", "0:1-1");
    assert_eq!(sink.advisories, []);
    assert_eq!(
        quarantined(&sink)[0].1,
        "unknown word for patchable: \"perhaps\""
    );
}
