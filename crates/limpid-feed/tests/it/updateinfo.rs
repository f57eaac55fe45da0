//! The format, as Bottlerocket has it: one document, nothing to find out before.

use std::fmt::Write as _;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use limpid_feed::{Collected, MemoryDocuments};
use limpid_types::{PackageKind, Severity};
use limpid_version::Scheme;

use crate::support::{lines, parse, quarantined, refuse};

const URL: &str = "https://bottlerocket.test/updateinfo.xml.gz";

/// Writes a package of a bulletin: `package("zlib", "1:1.2-3", "x86_64")`.
pub(crate) fn package(name: &str, version: &str, architecture: &str) -> String {
    let (epoch, version) = version.split_once(':').unwrap_or(("0", version));
    let (version, release) = version.split_once('-').unwrap();
    format!(
        r#"<package name="{name}" epoch="{epoch}" version="{version}" release="{release}" arch="{architecture}"><filename>x.rpm</filename></package>"#
    )
}

/// Writes a bulletin about security.
pub(crate) fn update(id: &str, cves: &[&str], packages: &[String]) -> String {
    let mut references = String::new();
    for cve in cves {
        write!(
            references,
            r#"<reference href="https://cve.test/{cve}" id="{cve}" title="" type="cve"/>"#
        )
        .unwrap();
    }
    format!(
        r#"<update status="final" type="security" version="1.4"><id>{id}</id><title>t</title><issued date="2023-02-17 20:41"/><updated date="2023-02-22T23:22:01Z"/><severity>Important</severity><description>d</description><references>{references}</references><pkglist><collection short="c"><name>C</name>{}</collection></pkglist></update>"#,
        packages.concat()
    )
}

/// Writes a document.
pub(crate) fn document(updates: &[String]) -> String {
    format!(
        "<?xml version=\"1.0\" ?>\n<updates>{}</updates>\n",
        updates.concat()
    )
}

/// Packs a document as the sources do.
pub(crate) fn gzip(text: &str) -> Vec<u8> {
    gzip_bytes(text.as_bytes())
}

/// Packs bytes.
pub(crate) fn gzip_bytes(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn read_text(text: impl Into<Vec<u8>>) -> Collected {
    parse("bottlerocket", MemoryDocuments::default().with(URL, text))
}

fn read(updates: &[String]) -> Collected {
    read_text(gzip(&document(updates)))
}

#[test]
fn every_cve_of_a_bulletin_is_an_advisory_about_each_package() {
    let packages = [
        package("glibc", "1:2.40-1.br1", "x86_64"),
        package("glibc", "1:2.40-1.br1", "aarch64"),
        package("kernel-6.1", "0:6.1.61-1.br1", "x86_64"),
    ];
    let sink = read(&[update(
        "BRSA-1",
        &["CVE-2023-5345", "CVE-2023-5346"],
        &packages,
    )]);
    assert_eq!(
        lines(&sink),
        [
            "bottlerocket:rolling glibc CVE-2023-5345 affected <1:2.40-1.br1",
            "bottlerocket:rolling glibc CVE-2023-5346 affected <1:2.40-1.br1",
            "bottlerocket:rolling kernel-6.1 CVE-2023-5345 affected <6.1.61-1.br1",
            "bottlerocket:rolling kernel-6.1 CVE-2023-5346 affected <6.1.61-1.br1",
        ]
    );
    let advisory = &sink.advisories[0];
    assert_eq!(advisory.package.kind, PackageKind::Binary);
    assert_eq!(advisory.package.architectures, ["aarch64", "x86_64"]);
    assert_eq!(advisory.versions.scheme, Scheme::Rpm);
    assert_eq!(advisory.rating.text, "Important");
    assert_eq!(advisory.rating.severity, Severity::High);
    assert_eq!(advisory.details.published, "2023-02-17T20:41:00Z");
    assert_eq!(advisory.details.modified, "2023-02-22T23:22:01Z");
    assert_eq!(
        advisory.details.references,
        ["https://cve.test/CVE-2023-5345"]
    );
}

#[test]
fn architectures_with_different_versions_are_told_apart() {
    let packages = [
        package("zlib", "1-1", "x86_64"),
        package("zlib", "1-2", "aarch64"),
    ];
    let sink = read(&[update("BRSA-1", &["CVE-2023-5345"], &packages)]);
    let found: Vec<(String, Vec<String>)> = lines(&sink)
        .into_iter()
        .zip(
            sink.advisories
                .iter()
                .map(|a| a.package.architectures.clone()),
        )
        .collect();
    assert_eq!(
        found,
        [
            (
                "bottlerocket:rolling zlib CVE-2023-5345 affected <1-1".to_owned(),
                vec!["x86_64".to_owned()]
            ),
            (
                "bottlerocket:rolling zlib CVE-2023-5345 affected <1-2".to_owned(),
                vec!["aarch64".to_owned()]
            ),
        ]
    );
}

#[test]
fn the_bulletin_is_the_first_reference() {
    let text = update("BRSA-1", &["CVE-2023-5345", "CVE-2023-5346"], &[package("a", "1-1", "x86_64")]).replace(
        "</references>",
        r#"<reference href="https://brsa.test/1" id="BRSA-1" type="brsa"/><reference href="https://other.test" id="RHSA-1" type="redhat"/></references>"#,
    );
    let sink = read(&[text]);
    assert_eq!(
        sink.advisories[1].details.references,
        [
            "https://brsa.test/1",
            "https://cve.test/CVE-2023-5346",
            "https://other.test"
        ]
    );
}

#[test]
fn a_description_with_a_paragraph_per_cve_is_divided() {
    let text = update("A-1", &["CVE-2023-5345", "CVE-2023-5346"], &[package("a", "1-1", "noarch")])
        .replace(
            "<description>d</description>",
            "<description>Fixed:\n CVE-2023-5345:\n\tOne &amp; only.\n\n CVE-2023-5346:\n\tTwo.\n</description>",
        );
    let descriptions: Vec<String> = read(&[text])
        .advisories
        .into_iter()
        .map(|advisory| advisory.details.description)
        .collect();
    assert_eq!(descriptions, ["One & only.", "Two."]);
}

#[test]
fn a_bulletin_without_a_cve_keeps_its_own_id_if_it_is_about_security() {
    let packages = [package("a", "1-1", "x86_64")];
    let security = update("BRSA-1", &[], &packages);
    let bugfix = update("BRSA-2", &[], &packages).replace(r#"type="security""#, r#"type="bugfix""#);
    let fixing = update("BRSA-3", &["CVE-2023-5345"], &packages)
        .replace(r#"type="security""#, r#"type="bugfix""#);
    let sink = read(&[security, bugfix, fixing]);
    assert_eq!(
        lines(&sink),
        [
            "bottlerocket:rolling a BRSA-1 affected <1-1",
            "bottlerocket:rolling a CVE-2023-5345 affected <1-1",
        ]
    );
    assert!(sink.quarantined.is_empty());
}

#[test]
fn a_bad_package_costs_nothing_but_itself() {
    for (bad, reason) in [
        ("<package/>", "package without a usable name"),
        (
            r#"<package name="a" version="" release="1" arch="x86_64"/>"#,
            "package without a usable version",
        ),
        (
            r#"<package name="a" version="1" arch="x86_64"/>"#,
            "package without a usable release",
        ),
        (
            r#"<package name="a" version="1" release="1"/>"#,
            "package without a usable arch",
        ),
        (
            r#"<package name="a" epoch="x" version="1" release="1" arch="x86_64"/>"#,
            "epoch is not a number: \"x\"",
        ),
        (
            r#"<package name="a" version="1 2" release="1" arch="x86_64"/>"#,
            "invalid rpm version",
        ),
    ] {
        let packages = [bad.to_owned(), package("b", "1-1", "x86_64")];
        let sink = read(&[update("BRSA-1", &["CVE-2023-5345"], &packages)]);
        assert_eq!(sink.advisories.len(), 1, "{bad}");
        let found = quarantined(&sink);
        assert_eq!(found.len(), 1, "{bad}");
        assert!(found[0].1.starts_with(reason), "{}", found[0].1);
    }
}

#[test]
fn a_bad_bulletin_costs_nothing_but_itself() {
    let good = update(
        "BRSA-1",
        &["CVE-2023-5345"],
        &[package("a", "1-1", "x86_64")],
    );
    for (bad, reason) in [
        ("<update type=\"security\"/>".to_owned(), "empty name"),
        (update("", &["CVE-2023-5346"], &[]), "empty name"),
        (update("BRSA-2", &["CVE-2023-5346"], &[]), "no package"),
        (
            good.replace("<description>d", "<description>&lol;"),
            "unknown entity: &lol;",
        ),
        (
            good.replace(
                "<description>d",
                &format!("<description>{}", "x".repeat(6000)),
            ),
            "record over the size limit",
        ),
    ] {
        let sink = read(&[bad, good.clone()]);
        assert_eq!(sink.advisories.len(), 1, "{reason}");
        let found = quarantined(&sink);
        assert_eq!(found.len(), 1, "{reason}");
        assert_eq!(found[0].1, reason);
        assert_eq!(sink.quarantined[0].offset, Some(32));
    }
}

#[test]
fn elements_that_nobody_knows_are_passed_by() {
    let good = update(
        "BRSA-1",
        &["CVE-2023-5345"],
        &[package("a", "1-1", "x86_64")],
    );
    let sink = read(&["<new><update/></new>".to_owned(), good]);
    assert_eq!(sink.advisories.len(), 1);
    assert!(sink.quarantined.is_empty());
}

#[test]
fn a_date_that_is_none_is_left_out() {
    let text = update(
        "BRSA-1",
        &["CVE-2023-5345"],
        &[package("a", "1-1", "x86_64")],
    )
    .replace("2023-02-17 20:41", "2025-11-26 20:40:36")
    .replace("2023-02-22T23:22:01Z", "soon");
    let details = &read(&[text]).advisories[0].details;
    assert_eq!(details.published, "2025-11-26T20:40:36Z");
    assert_eq!(details.modified, "");
}

#[test]
fn a_document_that_is_cut_off_or_something_else_is_refused() {
    let whole = document(&[update(
        "BRSA-1",
        &["CVE-2023-5345"],
        &[package("a", "1-1", "x86_64")],
    )]);
    let packed = gzip(&whole);
    let lol = "<!DOCTYPE u [<!ENTITY lol \"lol\">]><updates/>";
    for (content, fault) in [
        (
            b"<html><body>busy</body></html>".to_vec(),
            "not updates: begins with",
        ),
        (b"busy".to_vec(), "not XML: begins with \"busy\""),
        (Vec::new(), "truncated at byte 0"),
        (lol.as_bytes().to_vec(), "declarations of its own"),
        (
            whole.as_bytes()[..whole.len() - 12].to_vec(),
            "truncated at byte",
        ),
        (
            packed[..packed.len() - 20].to_vec(),
            "cannot read it at byte",
        ),
        (
            format!("{whole}<updates/>").into_bytes(),
            "expected the end of the document",
        ),
    ] {
        let documents = MemoryDocuments::default().with(URL, content);
        let (error, _) = refuse("bottlerocket", documents);
        assert!(error.contains(fault), "{error}");
    }
}
