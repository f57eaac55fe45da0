use limpid_feed::{Collected, Feed, Limits, MemoryDocuments, Settings};
use limpid_testkit::layer::LayerBuilder;
use limpid_types::{PackageKind, Severity};
use limpid_version::Scheme;

use crate::support::{Server, chain, lines, quarantined, settings};
use crate::updateinfo::gzip_bytes;

const URL: &str = "https://gentoo.test/glsa.tar.gz";

fn feed(limits: Limits) -> Box<dyn Feed> {
    let settings = Settings {
        limits,
        ..settings()
    };
    limpid_feed::families(&settings)
        .into_iter()
        .find(|family| family.name() == "gentoo")
        .unwrap()
        .discover(&mut Server::default())
        .unwrap()
        .remove(0)
}

fn archive(files: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = LayerBuilder::new().directory("glsa-master/");
    for (name, content) in files {
        archive = archive.file(&format!("glsa-master/{name}"), content);
    }
    gzip_bytes(&archive.build())
}

fn read_archive(content: Vec<u8>) -> Collected {
    let mut sink = Collected::default();
    let limits = Limits {
        record_bytes: 64 << 10,
        ..Limits::default()
    };
    let mut documents = MemoryDocuments::default().with(URL, content);
    let tally = feed(limits).parse(&mut documents, &mut sink).unwrap();
    assert_eq!(tally.advisories, sink.advisories.len() as u64);
    assert_eq!(tally.quarantined, sink.quarantined.len() as u64);
    sink
}

fn refuse(content: impl Into<Vec<u8>>) -> String {
    let mut documents = MemoryDocuments::default().with(URL, content);
    let outcome = feed(Limits::default()).parse(&mut documents, &mut Collected::default());
    chain(&outcome.unwrap_err())
}

fn glsa(affected: &str, references: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE glsa SYSTEM "http://www.gentoo.org/dtd/glsa.dtd">
<glsa id="202301-01">
  <title>OpenSSL: Multiple Vulnerabilities</title>
  <synopsis>Several flaws &amp; worse.</synopsis>
  <product type="ebuild">openssl</product>
  <announced>2023-01-11</announced>
  <revised count="2">2023-02-01: 02</revised>
  <bug>1</bug>
  <affected>{affected}</affected>
  <impact type="high"><p>Bad.</p></impact>
  <references>{references}</references>
</glsa>"#
    )
}

fn read(affected: &str) -> Collected {
    let content = glsa(
        affected,
        r#"<uri link="https://x.test">CVE-2022-1234</uri>"#,
    );
    read_archive(archive(&[("glsa-202301-01.xml", &content)]))
}

/// Wraps ranges as those of one package.
fn package(ranges: &str) -> String {
    format!(r#"<package name="dev-libs/openssl" auto="yes" arch="*">{ranges}</package>"#)
}

#[test]
fn every_cve_of_a_bulletin_is_an_advisory_about_each_package() {
    let ranges =
        r#"<unaffected range="ge">1.1.1s</unaffected><vulnerable range="lt">1.1.1s</vulnerable>"#;
    let affected =
        package(ranges) + &package(ranges).replace("dev-libs/openssl", "dev-libs/openssl-compat");
    let references =
        r#"<uri link="https://x.test">CVE-2022-1234</uri><uri>CAN-2004-0079</uri><uri>other</uri>"#;
    let sink = read_archive(archive(&[(
        "glsa-202301-01.xml",
        &glsa(&affected, references),
    )]));
    assert_eq!(
        lines(&sink),
        [
            "gentoo:rolling dev-libs/openssl CVE-2004-0079 affected <1.1.1s",
            "gentoo:rolling dev-libs/openssl CVE-2022-1234 affected <1.1.1s",
            "gentoo:rolling dev-libs/openssl-compat CVE-2004-0079 affected <1.1.1s",
            "gentoo:rolling dev-libs/openssl-compat CVE-2022-1234 affected <1.1.1s",
        ]
    );
    let advisory = &sink.advisories[0];
    assert_eq!(advisory.package.kind, PackageKind::Binary);
    assert_eq!(advisory.package.module, "");
    assert!(advisory.package.architectures.is_empty());
    assert_eq!(advisory.versions.scheme, Scheme::Gentoo);
    assert_eq!(advisory.rating.text, "high");
    assert_eq!(advisory.rating.severity, Severity::High);
    assert_eq!(advisory.details.description, "Several flaws & worse.");
    assert_eq!(advisory.details.published, "2023-01-11T00:00:00Z");
    assert_eq!(advisory.details.modified, "2023-02-01T00:00:00Z");
    assert_eq!(
        advisory.details.references,
        ["https://security.gentoo.org/glsa/202301-01"]
    );
}

#[test]
fn a_bulletin_without_a_cve_keeps_its_own_id() {
    let content = glsa(
        &package(r#"<vulnerable range="le">1.0-r2</vulnerable>"#),
        "",
    );
    let sink = read_archive(archive(&[("glsa-200405-07.xml", &content)]));
    assert_eq!(
        lines(&sink),
        ["gentoo:rolling dev-libs/openssl GLSA-200405-07 affected <=1.0-r2"]
    );
}

#[test]
fn what_is_unaffected_is_taken_from_what_is_vulnerable() {
    let sink = read(&package(
        r#"<unaffected range="ge">1.3.1</unaffected>
           <vulnerable range="lt">1.3.1</vulnerable>
           <unaffected range="rge">1.2-r1</unaffected>
           <unaffected range="eq">1.3</unaffected>"#,
    ));
    assert_eq!(
        lines(&sink),
        ["gentoo:rolling dev-libs/openssl CVE-2022-1234 affected \
          <1.2-r1 1.2-r999999999999999999<1.3 1.3-r1<1.3.1"]
    );
    let none =
        package(r#"<unaffected range="ge">1</unaffected><vulnerable range="ge">1</vulnerable>"#);
    let sink = read(&none);
    assert!(sink.advisories.is_empty() && sink.quarantined.is_empty());
}

#[test]
fn slots_are_judged_each_for_itself() {
    let sink = read(&package(
        r#"<unaffected range="ge" slot="3.8">3.8.20</unaffected>
           <unaffected range="ge" slot="3.12">3.12.6</unaffected>
           <unaffected range="eq" slot="*">3.8.7</unaffected>
           <vulnerable range="lt" slot="3.8">3.8.20</vulnerable>
           <vulnerable range="lt" slot="3.12">3.12.6</vulnerable>
           <vulnerable range="lt">2</vulnerable>"#,
    ));
    let found: Vec<(&str, String)> = sink
        .advisories
        .iter()
        .map(|advisory| advisory.package.module.as_str())
        .zip(sink.advisories.iter().map(|advisory| {
            let one = Collected {
                advisories: vec![advisory.clone()],
                ..Collected::default()
            };
            lines(&one).remove(0)
        }))
        .collect();
    let line =
        |ranges: &str| format!("gentoo:rolling dev-libs/openssl CVE-2022-1234 affected {ranges}");
    assert_eq!(
        found,
        [
            ("", line("<2")),
            ("slot:3.12", line("<3.8.7 3.8.7-r1<3.12.6")),
            ("slot:3.8", line("<3.8.7 3.8.7-r1<3.8.20")),
        ]
    );
}

#[test]
fn architectures_are_a_list() {
    let affected = package(r#"<vulnerable range="lt">2</vulnerable>"#)
        .replace(r#"arch="*""#, r#"arch="x86 amd64""#);
    assert_eq!(
        read(&affected).advisories[0].package.architectures,
        ["amd64", "x86"]
    );
}

#[test]
fn a_bad_package_costs_nothing_but_itself() {
    let good = package(r#"<vulnerable range="lt">2</vulnerable>"#);
    for (bad, reason) in [
        (
            package(r#"<vulnerable range="lt">soon</vulnerable>"#),
            "invalid gentoo version",
        ),
        (
            package(r#"<vulnerable range="below">2</vulnerable>"#),
            "unknown range",
        ),
        (
            package(r#"<unaffected range="ge"/>"#),
            "invalid gentoo version",
        ),
        (good.replace("dev-libs/openssl", ""), "package: empty name"),
        (
            good.replace("dev-libs/openssl", " "),
            "package: name with blanks",
        ),
    ] {
        let sink = read(&format!("{bad}{good}"));
        assert_eq!(sink.advisories.len(), 1, "{bad}");
        let found = quarantined(&sink);
        assert_eq!(found.len(), 1, "{bad}");
        assert_eq!(found[0].0, "GLSA-202301-01");
        assert!(found[0].1.contains(reason), "{}", found[0].1);
    }
}

#[test]
fn a_bad_bulletin_costs_nothing_but_itself() {
    let good = glsa(&package(r#"<vulnerable range="lt">2</vulnerable>"#), "");
    let huge = format!("{good}<!-- {} -->", "x".repeat(100 << 10));
    for bad in [
        "",
        "no xml",
        "<html/>",
        "<glsa><title>",
        "<!DOCTYPE glsa [<!ENTITY a \"b\">]><glsa/>",
        &huge,
    ] {
        let sink = read_archive(archive(&[
            ("glsa-202301-01.xml", bad),
            ("glsa-202301-02.xml", &good),
        ]));
        assert_eq!(sink.advisories.len(), 1, "{bad:.20}");
        assert_eq!(sink.quarantined.len(), 1, "{bad:.20}");
        assert_eq!(sink.quarantined[0].id, "GLSA-202301-01");
    }
}

#[test]
fn files_that_are_no_bulletins_are_passed_by() {
    let good = glsa(&package(r#"<vulnerable range="lt">2</vulnerable>"#), "");
    let sink = read_archive(archive(&[
        ("README", "x"),
        ("glsa-latest.xml", "x"),
        ("glsa-202301.xml", "x"),
        ("glsa-202301-.xml", "x"),
        ("metadata/glsa/glsa-202301-01.xml", &good),
    ]));
    assert_eq!(sink.advisories.len(), 1);
    assert!(sink.quarantined.is_empty());
}

#[test]
fn an_archive_that_is_none_or_has_no_bulletin_or_is_cut_off_is_refused() {
    let whole = archive(&[("glsa-202301-01.xml", &glsa("", ""))]);
    for (content, fault) in [
        (b"<html>busy</html>".to_vec(), "not a tar archive"),
        (
            archive(&[("README", "x")]),
            "no member with the name \"glsa-YYYYMM-NN.xml\"",
        ),
        (whole[..whole.len() / 2].to_vec(), "at byte"),
    ] {
        let error = refuse(content);
        assert!(error.contains(fault), "{error}");
    }
}
