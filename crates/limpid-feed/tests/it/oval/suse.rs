use limpid_feed::{Collected, MemoryDocuments};
use limpid_types::Severity;

use super::document::{Document, all, any, criterion};
use crate::support::{lines, parse, quarantined};

const METADATA: &str = r#"<title>CVE-2024-1111</title>
<reference ref_id="Mitre CVE-2024-1111" ref_url="https://cve.test/CVE-2024-1111" source="CVE"/>
<reference ref_id="SUSE-SU-2024:1-1" ref_url="https://lists.test/1.html" source="SUSE-SU"/>
<advisory from="security@suse.de"><issued date="2024-01-02"/><updated date="2024-01-03"/>
<severity>Moderate</severity><cve impact="moderate">CVE-2024-1111</cve></advisory>"#;

const UNAFFECTED: &str = r#"<version operation="equals">0</version>"#;

fn read_line(line: &str, document: &Document) -> Collected {
    let url = format!("https://suse.test/oval/{line}.xml.gz");
    let documents = MemoryDocuments::default().with(url, document.to_xml());
    parse(&format!("suse/{line}"), documents)
}

fn read(document: &Document) -> Collected {
    read_line("suse.linux.enterprise.server.15", document)
}

fn installed(document: &mut Document, product: &str) -> String {
    let test = document.release("sles-release");
    criterion(&test, &format!("{product} is installed"))
}

fn below(document: &mut Document, name: &str, version: &str) -> String {
    criterion(
        &document.below(name, version),
        &format!("{name}-{version} is installed"),
    )
}

#[test]
fn service_packs_have_fixes_of_their_own() {
    let mut document = Document::default();
    let mut branches = Vec::new();
    for (products, version) in [
        (
            [
                "SUSE Linux Enterprise Module for Basesystem 15 SP5",
                "SUSE Linux Enterprise Server 15 SP5",
                "SUSE Manager Server 4.3",
            ],
            "0:5-5.1",
        ),
        (
            [
                "SUSE Linux Enterprise Server 15 SP4-LTSS",
                "SUSE Linux Enterprise High Performance Computing 15 SP4-ESPOS",
                "SUSE Enterprise Storage 7.1",
            ],
            "0:4-4.1",
        ),
    ] {
        let products = products.map(|product| installed(&mut document, product));
        let packages = ["curl", "libcurl4"].map(|name| below(&mut document, name, version));
        branches.push(all(&[any(&products), any(&packages)]));
    }
    document.definition(METADATA, &any(&branches));
    let sink = read(&document);
    assert_eq!(
        lines(&sink),
        [
            "sles:15.4 curl CVE-2024-1111 affected <0:4-4.1",
            "sles:15.4 libcurl4 CVE-2024-1111 affected <0:4-4.1",
            "sles:15.5 curl CVE-2024-1111 affected <0:5-5.1",
            "sles:15.5 libcurl4 CVE-2024-1111 affected <0:5-5.1",
        ]
    );
    let advisory = &sink.advisories[0];
    assert_eq!(advisory.rating.text, "Moderate");
    assert_eq!(advisory.rating.severity, Severity::Medium);
    assert_eq!(advisory.details.published, "2024-01-02T00:00:00Z");
    assert_eq!(
        advisory.details.references,
        [
            "https://lists.test/1.html",
            "https://cve.test/CVE-2024-1111"
        ]
    );
}

#[test]
fn affected_without_a_fix_and_not_affected_are_kept_apart() {
    let mut document = Document::default();
    let product = installed(&mut document, "SUSE Linux Enterprise Server 15 SP6");
    let unfixed = document.package("a", r#"<evr operation="greater than">0:0-0</evr>"#);
    let unaffected = document.package("b", UNAFFECTED);
    let packages = [
        criterion(&unfixed, "a is affected"),
        criterion(&unaffected, "b is not affected"),
    ];
    document.definition(METADATA, &all(&[product, any(&packages)]));
    assert_eq!(
        lines(&read(&document)),
        [
            "sles:15.6 a CVE-2024-1111 affected *",
            "sles:15.6 b CVE-2024-1111 not-affected *",
        ]
    );
}

#[test]
fn of_contradictory_products_of_one_release_affected_and_fixed_win() {
    let mut document = Document::default();
    let mut branches = Vec::new();
    for (product, state, comment) in [
        (
            "SUSE Linux Enterprise Server 15 SP3",
            r#"<evr operation="greater than">0:0-0</evr>"#,
            "a is affected",
        ),
        (
            "SUSE Linux Enterprise Server 15 SP3-LTSS",
            r#"<evr operation="less than">0:2-1</evr>"#,
            "",
        ),
        (
            "SUSE Linux Enterprise Server for SAP Applications 15 SP3",
            r#"<evr operation="less than">0:1-1</evr>"#,
            "",
        ),
        (
            "SUSE Linux Enterprise Module for Basesystem 15 SP3",
            UNAFFECTED,
            "a is not affected",
        ),
    ] {
        let product = installed(&mut document, product);
        let package = criterion(&document.package("a", state), comment);
        branches.push(all(&[product, package]));
    }
    document.definition(METADATA, &any(&branches));
    assert_eq!(
        lines(&read(&document)),
        ["sles:15.3 a CVE-2024-1111 affected <0:2-1"]
    );
}

#[test]
fn the_version_zero_without_its_comment_is_just_a_version() {
    let mut document = Document::default();
    let product = installed(&mut document, "SUSE Linux Enterprise Server 15");
    let test = document.package("a", UNAFFECTED);
    document.definition(
        METADATA,
        &all(&[product, criterion(&test, "a is installed")]),
    );
    assert_eq!(
        lines(&read(&document)),
        ["sles:15 a CVE-2024-1111 affected 0<=0"]
    );
}

#[test]
fn tumbleweed_and_micro_os_are_served_from_one_document() {
    let mut document = Document::default();
    let state = r#"<evr operation="greater than or equal">0:20210101-0</evr>"#;
    let test = document.package("openSUSE-release", state);
    let product = criterion(&test, "openSUSE Tumbleweed is installed");
    let package = below(&mut document, "curl", "0:8-1.1");
    document.definition(METADATA, &all(&[product, package]));
    assert_eq!(
        lines(&read_line("opensuse.tumbleweed", &document)),
        [
            "opensuse-microos:rolling curl CVE-2024-1111 affected <0:8-1.1",
            "opensuse-tumbleweed:rolling curl CVE-2024-1111 affected <0:8-1.1",
        ]
    );
}

#[test]
fn modules_without_a_service_pack_belong_to_all_of_version_12() {
    let mut document = Document::default();
    let product = installed(
        &mut document,
        "SUSE Linux Enterprise Module for Containers 12",
    );
    let package = below(&mut document, "docker", "0:20-1");
    document.definition(METADATA, &all(&[product, package]));
    let found = lines(&read_line("suse.linux.enterprise.server.12", &document));
    assert_eq!(found.len(), 6);
    assert_eq!(found[5], "sles:12.5 docker CVE-2024-1111 affected <0:20-1");
}

#[test]
fn products_that_are_no_distribution_are_passed_by() {
    let mut document = Document::default();
    let product = installed(&mut document, "SUSE Manager Server 4.3");
    let package = below(&mut document, "spacewalk", "0:4-1");
    document.definition(METADATA, &all(&[product, package]));
    let sink = read(&document);
    assert_eq!((sink.advisories.len(), sink.quarantined.len()), (0, 0));
}

#[test]
fn a_package_of_no_product_is_not_believed_for_any() {
    let mut document = Document::default();
    let package = below(&mut document, "curl", "0:8-1.1");
    document.definition(METADATA, &all(&[package]));
    let sink = read(&document);
    assert_eq!(sink.advisories, []);
    assert_eq!(quarantined(&sink)[0].1, "package of no product: curl");
}
