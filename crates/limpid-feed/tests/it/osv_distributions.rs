//! The distributions whose bulletins are OSV entries.

use limpid_feed::{Collected, MemoryDocuments};
use limpid_testkit::feed::OsvZip;
use limpid_types::{PackageKind, Severity};
use limpid_version::Scheme;
use serde_json::{Value, json};

use crate::support::{family_of, lines, parse, quarantined};

fn read(feed: &str, folder: &str, entry: &Value) -> Collected {
    let url = format!("https://osv.test/{folder}/all.zip");
    let archive = OsvZip::new().entry(entry).to_zip();
    parse(feed, MemoryDocuments::default().with(url, archive))
}

fn alma(entry: &Value) -> Collected {
    read("osv/almalinux", "AlmaLinux", entry)
}

/// An element of `affected` with one fix.
fn fixed(ecosystem: &str, package: &str, version: &str) -> Value {
    json!({
        "package": {"ecosystem": ecosystem, "name": package},
        "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": version}]}],
    })
}

#[test]
fn a_bulletin_is_an_advisory_per_cve_and_package() {
    let sink = alma(&json!({
        "id": "ALSA-2026:66392",
        "summary": "Moderate: apr-util security update",
        "related": ["CVE-2026-34501", "CVE-2025-49506", "RHSA-2026:1", "CVE-2025-49506", 7],
        "references": [
            {"type": "REPORT", "url": "https://bugs.test/1"},
            {"type": "ADVISORY", "url": "https://errata.test/10/ALSA-2026-66392.html"},
        ],
        "affected": [
            fixed("AlmaLinux:10", "apr-util", "1.6.3-23.el10_2.1"),
            fixed("AlmaLinux:10", "apr-util-devel", "1.6.3-23.el10_2.1"),
        ],
    }));
    assert_eq!(
        lines(&sink),
        [
            "almalinux:10 apr-util CVE-2025-49506 affected <1.6.3-23.el10_2.1",
            "almalinux:10 apr-util CVE-2026-34501 affected <1.6.3-23.el10_2.1",
            "almalinux:10 apr-util-devel CVE-2025-49506 affected <1.6.3-23.el10_2.1",
            "almalinux:10 apr-util-devel CVE-2026-34501 affected <1.6.3-23.el10_2.1",
        ]
    );
    assert!(sink.quarantined.is_empty());
    for advisory in &sink.advisories {
        assert_eq!(advisory.versions.scheme, Scheme::Rpm);
        assert_eq!(advisory.package.kind, PackageKind::Binary);
        assert_eq!(advisory.package.module, "");
        assert!(advisory.details.aliases.is_empty());
        assert_eq!(
            advisory.details.references,
            [
                "https://errata.test/10/ALSA-2026-66392.html",
                "https://bugs.test/1"
            ]
        );
    }
}

#[test]
fn every_distribution_has_its_namespace_and_its_kind_of_package() {
    for (feed, folder, ecosystem, namespace) in [
        (
            "osv/rocky-linux",
            "Rocky%20Linux",
            "Rocky Linux:9",
            "rocky:9",
        ),
        ("osv/mageia", "Mageia", "Mageia:9", "mageia:9"),
        (
            "osv/openeuler",
            "openEuler",
            "openEuler:24.03-LTS-SP1",
            "openeuler:24.03-LTS-SP1",
        ),
    ] {
        let entry = json!({
            "id": "X-1",
            "upstream": ["CVE-2026-1000"],
            "affected": [fixed(ecosystem, "xz", "0:5.2.5-8"), fixed("Debian:12", "xz", "1")],
        });
        let sink = read(feed, folder, &entry);
        assert_eq!(
            lines(&sink),
            [format!("{namespace} xz CVE-2026-1000 affected <0:5.2.5-8")]
        );
        assert_eq!(sink.advisories[0].package.kind, PackageKind::Source);
        assert_eq!(
            sink.advisories[0].details.references,
            ["https://osv.dev/vulnerability/X-1"]
        );
    }
}

#[test]
fn a_bulletin_without_a_cve_keeps_its_id_unless_it_is_not_about_security() {
    let affected = json!([fixed("AlmaLinux:9", "a", "1-1")]);
    let entry = |id: &str| json!({"id": id, "affected": affected});
    assert_eq!(
        lines(&alma(&entry("ALSA-2022:1"))),
        ["almalinux:9 a ALSA-2022:1 affected <1-1"]
    );
    for id in ["ALBA-2019:3482", "ALEA-2022:1"] {
        let sink = alma(&entry(id));
        assert!(sink.advisories.is_empty() && sink.quarantined.is_empty());
    }
    let mut entry = entry("ALBA-2019:3482");
    entry["related"] = json!(["CVE-2019-1000"]);
    assert_eq!(alma(&entry).advisories[0].id, "CVE-2019-1000");
}

#[test]
fn a_section_is_a_repository_and_a_second_build_does_not_judge_the_first() {
    let in_section = |section: &str, package: &str, version: &str| {
        let mut affected = fixed("Mageia:9", package, version);
        affected["ecosystem_specific"] = json!({"section": section});
        affected
    };
    let entry = json!({
        "id": "MGASA-2024-1",
        "upstream": ["CVE-2024-1000"],
        "affected": [
            in_section("tainted", "ffmpeg", "5.1.4-1.mga9.tainted"),
            in_section("core", "ffmpeg", "5.1.4-1.mga9"),
            in_section("tainted", "x265", "3.5-1.mga9.tainted"),
        ],
    });
    let sink = read("osv/mageia", "Mageia", &entry);
    assert_eq!(
        lines(&sink),
        [
            "mageia:9 ffmpeg CVE-2024-1000 affected <5.1.4-1.mga9",
            "mageia:9 x265 CVE-2024-1000 affected <3.5-1.mga9.tainted",
        ]
    );
    let repositories: Vec<&str> = sink
        .advisories
        .iter()
        .map(|advisory| advisory.package.repository.as_str())
        .collect();
    assert_eq!(repositories, ["core", "tainted"]);
}

#[test]
fn an_ecosystem_without_a_release_says_nothing_about_any() {
    let entry = json!({"id": "ALSA-1", "affected": [fixed("AlmaLinux", "a", "1-1")]});
    let sink = alma(&entry);
    assert!(sink.advisories.is_empty());
    assert_eq!(
        quarantined(&sink),
        [("ALSA-1", "no release in the ecosystem")]
    );
}

#[test]
fn the_first_word_of_a_summary_is_a_rating() {
    let vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:H/I:L/A:N";
    let rated = |members: Value| {
        let mut entry = json!({"id": "A-1", "affected": [fixed("AlmaLinux:9", "a", "1-1")]});
        for (name, value) in members.as_object().unwrap() {
            entry[name] = value.clone();
        }
        let rating = alma(&entry).advisories[0].rating.clone();
        (rating.text, rating.severity)
    };
    let scores = json!([{"type": "CVSS_V3", "score": vector}]);
    assert_eq!(
        rated(json!({"summary": "Important: a security update"})),
        ("Important".into(), Severity::High)
    );
    assert_eq!(
        rated(json!({"summary": "Low: a security update", "severity": scores})),
        (vector.into(), Severity::Low)
    );
    assert_eq!(
        rated(json!({"summary": "a: b", "severity": scores})),
        (vector.into(), Severity::High)
    );
    assert_eq!(
        rated(json!({"summary": "a security update", "database_specific": {"severity": "Medium"}})),
        ("Medium".into(), Severity::Medium)
    );
}

/// Returns package, module and fix of each advisory of an entry about AlmaLinux 8.
fn modules(sink: &Collected) -> Vec<String> {
    let mut found: Vec<String> = sink
        .advisories
        .iter()
        .map(|advisory| format!("{} {}", advisory.package.name, advisory.package.module))
        .collect();
    found.sort();
    found
}

fn modular(summary: &str, packages: &[(&str, &str)]) -> Collected {
    let affected: Vec<Value> = packages
        .iter()
        .map(|(package, version)| fixed("AlmaLinux:8", package, version))
        .collect();
    alma(&json!({
        "id": "ALSA-2022:8833",
        "summary": summary,
        "related": ["CVE-2022-43548"],
        "affected": affected,
    }))
}

const IN_18: &str = "1:18.12.1-2.module_el8.7.0+3370+40ccb2a8";

#[test]
fn a_modular_package_has_the_stream_of_the_summary_and_another_has_none() {
    let sink = modular(
        "Moderate: nodejs:18 security, bug fix, and enhancement update",
        &[
            ("nodejs", IN_18),
            ("npm", "0:8.19.2-1.module+el8.7.0+3370+40ccb2a8"),
            ("plain", "8.4-1.el8"),
        ],
    );
    assert_eq!(
        modules(&sink),
        ["nodejs nodejs:18", "npm nodejs:18", "plain "]
    );
    assert!(sink.quarantined.is_empty());
}

#[test]
fn a_modular_package_without_a_stream_is_quarantined_and_judges_no_stream() {
    let sink = modular(
        "Moderate: nodejs security update",
        &[("nodejs", IN_18), ("plain", "8.4-1.el8")],
    );
    assert_eq!(modules(&sink), ["plain "]);
    assert_eq!(
        quarantined(&sink),
        [(
            "ALSA-2022:8833 nodejs",
            "modular package, but the summary names no module stream"
        )]
    );
}

#[test]
fn a_bulletin_about_several_streams_holds_for_each_unless_a_package_has_several_fixes() {
    let summary = "Moderate: idm:DL1 and idm:client security update";
    let first = "4.9.11-5.module_el8.8.0+1+a";
    let second = "4.9.11-5.module_el8.8.0+1+b";
    let sink = modular(
        summary,
        &[("slapi-nis", first), ("ipa", first), ("ipa", second)],
    );
    assert_eq!(
        modules(&sink),
        ["slapi-nis idm:DL1", "slapi-nis idm:client"]
    );
    assert_eq!(sink.quarantined.len(), 2);
    assert_eq!(
        sink.quarantined[0].reason,
        "several module streams with several fixes of one package"
    );
}

#[test]
fn an_entry_that_would_become_too_many_advisories_is_quarantined() {
    let cves: Vec<String> = (1000..1100)
        .map(|number| format!("CVE-2026-{number}"))
        .collect();
    let affected: Vec<Value> = vec![json!(0); 2501];
    let entry = json!({"id": "ALSA-1", "related": cves, "affected": affected});
    let url = "https://osv.test/AlmaLinux/all.zip";
    let archive = OsvZip::new().entry(&entry).to_zip();
    let mut settings = crate::support::settings();
    settings.limits = limpid_feed::Limits::default();
    let feeds = family_of(&settings, "osv")
        .discover(&mut crate::support::Server::with(&[url]))
        .unwrap();
    let mut sink = Collected::default();
    let mut documents = MemoryDocuments::default().with(url, archive);
    feeds[0].parse(&mut documents, &mut sink).unwrap();
    assert_eq!(
        quarantined(&sink),
        [("ALSA-1", "more than 250000 pairs of id and package")]
    );
}
