use limpid_feed::{Collected, MemoryDocuments};
use limpid_types::{Advisory, PackageKind, Severity};

use super::document::{Document, all, any, criterion};
use crate::support::{lines, parse, quarantined};

const METADATA: &str = r#"<title>
ELSA-2024-1234:  ruby security update (IMPORTANT)
</title>
<reference source="elsa" ref_id="ELSA-2024-1234" ref_url="https://linux.oracle.com/errata/ELSA-2024-1234.html"/>
<reference source="CVE" ref_id="CVE-2024-1111" ref_url="https://linux.oracle.com/cve/CVE-2024-1111.html"/>
<reference source="CVE" ref_id="CVE-2024-2222" ref_url="https://linux.oracle.com/cve/CVE-2024-2222.html"/>
<description>[3.1.5-1] fixes</description>
<advisory><severity>IMPORTANT</severity><issued date="2024-03-04"/>
<cve href="https://linux.oracle.com/cve/CVE-2024-2222.html">CVE-2024-2222</cve></advisory>"#;

fn read(document: &Document) -> Collected {
    let url = "https://oracle.test/oval/com.oracle.elsa-2024.xml.bz2";
    let documents = MemoryDocuments::default().with(url, document.to_xml());
    parse("oracle/2024", documents)
}

fn installed(document: &mut Document, release: u32) -> String {
    let test = document.release("oraclelinux-release");
    criterion(&test, &format!("Oracle Linux {release} is installed"))
}

fn package(document: &mut Document, name: &str, version: &str) -> String {
    let earlier = criterion(&document.below(name, version), "");
    let signed = criterion(&document.signed(name), "");
    all(&[earlier, signed])
}

/// Reads one erratum of one package.
fn read_package(name: &str, version: &str) -> Vec<Advisory> {
    let mut document = Document::default();
    let release = installed(&mut document, 9);
    let package = package(&mut document, name, version);
    document.definition(METADATA, &all(&[release, package]));
    read(&document).advisories
}

#[test]
fn an_erratum_is_an_advisory_for_each_of_its_cves_and_packages() {
    let mut document = Document::default();
    let release = installed(&mut document, 9);
    let packages = ["ruby", "rubygems"].map(|name| package(&mut document, name, "0:3.1.5-1.el9"));
    document.definition(METADATA, &all(&[release, any(&packages)]));
    let sink = read(&document);
    assert_eq!(
        lines(&sink),
        [
            "ol:9 ruby CVE-2024-1111 affected <0:3.1.5-1.el9",
            "ol:9 ruby CVE-2024-2222 affected <0:3.1.5-1.el9",
            "ol:9 rubygems CVE-2024-1111 affected <0:3.1.5-1.el9",
            "ol:9 rubygems CVE-2024-2222 affected <0:3.1.5-1.el9",
        ]
    );
    let advisory = &sink.advisories[0];
    assert_eq!(advisory.package.kind, PackageKind::Binary);
    assert_eq!(advisory.package.architectures, [""; 0]);
    assert_eq!(advisory.rating.text, "IMPORTANT");
    assert_eq!(advisory.rating.severity, Severity::High);
    assert_eq!(advisory.details.description, "[3.1.5-1] fixes");
    assert_eq!(advisory.details.published, "2024-03-04T00:00:00Z");
    assert_eq!(advisory.details.aliases, [""; 0]);
    assert_eq!(
        advisory.details.references,
        [
            "https://linux.oracle.com/errata/ELSA-2024-1234.html",
            "https://linux.oracle.com/cve/CVE-2024-1111.html",
        ]
    );
}

#[test]
fn releases_architectures_and_modules_limit_what_is_under_them() {
    let mut document = Document::default();
    let mut branches = Vec::new();
    for (release, arch, stream, version) in [
        (8, "x86_64", "2.7", "0:2.7-1"),
        (8, "aarch64", "2.7", "0:2.7-1"),
        (9, "x86_64", "3.1", "0:3.1-1"),
    ] {
        let installed = installed(&mut document, release);
        let state = format!("<arch operation=\"equals\">{arch}</arch>");
        let arch_test = document.package("oraclelinux-release", &state);
        let arch = criterion(&arch_test, &format!("Oracle Linux arch is {arch}"));
        let enabled = format!("Module ruby:{stream} is enabled");
        let module = criterion(&document.file(), &enabled);
        let package = criterion(&document.below("ruby", version), "");
        branches.push(all(&[
            installed,
            all(&[arch, all(&[module, any(&[package])])]),
        ]));
    }
    document.definition("<title>ELSA-1: x</title>", &any(&branches));
    let sink = read(&document);
    let found: Vec<String> = sink
        .advisories
        .iter()
        .map(|advisory| {
            let package = &advisory.package;
            format!(
                "{} {} {:?}",
                advisory.namespace, package.module, package.architectures
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            r#"ol:8 ruby:2.7 ["aarch64"]"#,
            r#"ol:8 ruby:2.7 ["x86_64"]"#,
            r#"ol:9 ruby:3.1 ["x86_64"]"#,
        ]
    );
}

#[test]
fn the_flavour_of_a_build_is_a_repository_of_its_own() {
    for (version, flavour) in [
        ("2:2.34-60.0.3.el9", ""),
        ("2:2.34-60.0.3.ksplice1.el9_2.7", "ksplice"),
        ("10:3.0.7-27.0.3.el9_fips", "fips"),
    ] {
        let advisories = read_package("glibc", version);
        assert_eq!(advisories[0].package.repository, flavour, "{version}");
    }
}

#[test]
fn a_fix_of_one_kernel_train_says_nothing_of_another() {
    let advisories = read_package("kernel-uek", "0:5.15.0-200.131.27.el9uek");
    let range = &advisories[0].versions.ranges[0];
    for (version, is_affected) in [
        ("0:5.15.0-100.96.32.el9uek", true),
        ("0:5.15.0-200.131.27.el9uek", false),
        ("0:5.4.17-2136.300.7.el9uek", false),
        ("0:6.12.0-100.28.2.el9uek", false),
    ] {
        let found = range.contains(limpid_version::Scheme::Rpm, version);
        assert_eq!(found, Ok(is_affected), "{version}");
    }
    let kernel = read_package("kernel", "0:5.14.0-427.el9");
    assert_eq!(kernel[0].versions.ranges[0].introduced, None);
}

#[test]
fn an_erratum_without_a_cve_keeps_its_own_name() {
    let mut document = Document::default();
    let release = installed(&mut document, 7);
    let package = package(&mut document, "bash", "0:4.2-1");
    let criteria = all(&[release, package]);
    document.definition("<title>ELSA-2024-7:  bash update (N/A)</title>", &criteria);
    let sink = read(&document);
    assert_eq!(lines(&sink), ["ol:7 bash ELSA-2024-7 affected <0:4.2-1"]);
    assert_eq!(sink.advisories[0].rating.severity, Severity::Unknown);
}

#[test]
fn a_package_of_no_release_is_not_believed_for_any() {
    for comment in [
        "",
        "Red Hat Enterprise Linux 9 is installed",
        "Oracle Linux x is installed",
    ] {
        let mut document = Document::default();
        let test = document.release("oraclelinux-release");
        let release = criterion(&test, comment);
        let package = package(&mut document, "bash", "0:4.2-1");
        document.definition(METADATA, &all(&[release, package]));
        let sink = read(&document);
        assert_eq!(sink.advisories, []);
        assert_eq!(quarantined(&sink)[0].1, "package of no release: bash");
    }
}

#[test]
fn every_word_of_severity_is_on_the_scale() {
    for (word, severity) in [
        ("LOW", Severity::Low),
        ("MODERATE", Severity::Medium),
        ("IMPORTANT", Severity::High),
        ("CRITICAL", Severity::Critical),
        ("N/A", Severity::Unknown),
        ("", Severity::Unknown),
    ] {
        let mut document = Document::default();
        let release = installed(&mut document, 9);
        let package = package(&mut document, "ruby", "0:3.1.5-1.el9");
        let metadata = METADATA.replace("IMPORTANT", word);
        document.definition(&metadata, &all(&[release, package]));
        let rating = &read(&document).advisories[0].rating;
        assert_eq!((rating.text.as_str(), rating.severity), (word, severity));
    }
}
