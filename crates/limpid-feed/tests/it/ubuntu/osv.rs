use limpid_feed::Collected;
use limpid_types::{PackageKind, Severity};
use limpid_version::Scheme;
use serde_json::{Value, json};

use super::pack;
use crate::support::{lines, quarantined};

const PATH: &str = "osv/cve/2025/UBUNTU-CVE-2025-1000.json";

fn read(record: &Value) -> Collected {
    super::read("osv", pack(&[(PATH, record.to_string())]))
}

/// Reads a record about some packages: ecosystem, source package, `distro` of the address, fix.
fn read_packages(packages: &[(&str, &str, &str, &str)]) -> Collected {
    let affected: Vec<Value> = packages
        .iter()
        .map(|(ecosystem, name, distro, fix)| {
            let mut events = vec![json!({"introduced": "0"})];
            if !fix.is_empty() {
                events.push(json!({"fixed": fix}));
            }
            let mut package = json!({"ecosystem": ecosystem, "name": name});
            if !distro.is_empty() {
                let purl = format!("pkg:deb/ubuntu/{name}@1?arch=source&distro={distro}");
                package["purl"] = json!(purl);
            }
            json!({"package": package, "ranges": [{"type": "ECOSYSTEM", "events": events}]})
        })
        .collect();
    read(&json!({
        "id": "UBUNTU-CVE-2025-1000",
        "upstream": ["CVE-2025-1000"],
        "affected": affected,
    }))
}

/// Returns what was read, each line with the repository behind it.
fn with_repositories(sink: &Collected) -> Vec<String> {
    let mut found: Vec<String> = sink
        .advisories
        .iter()
        .map(|advisory| {
            let one = Collected {
                advisories: vec![advisory.clone()],
                ..Collected::default()
            };
            let line = lines(&one).remove(0);
            format!("{line} {}", advisory.package.repository)
                .trim_end()
                .to_owned()
        })
        .collect();
    found.sort();
    found
}

#[test]
fn a_record_speaks_of_source_packages_by_release() {
    let sink = read(&json!({
        "schema_version": "1.7.0",
        "id": "UBUNTU-CVE-2025-1000",
        "details": "A text.",
        "upstream": ["CVE-2025-1000"],
        "related": ["USN-7259-1"],
        "severity": [
            {"type": "CVSS_V3", "score": "CVSS:3.1/AV:L/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"},
            {"type": "Ubuntu", "score": "low"},
        ],
        "published": "2025-01-22T13:15:00Z",
        "references": [{"type": "REPORT", "url": "https://ubuntu.test/CVE-2025-1000"}],
        "affected": [{
            "package": {
                "ecosystem": "Ubuntu:22.04:LTS",
                "name": "glibc",
                "purl": "pkg:deb/ubuntu/glibc@2.35-0ubuntu3.9?arch=source&distro=jammy",
            },
            "ranges": [{
                "type": "ECOSYSTEM",
                "events": [{"introduced": "0"}, {"fixed": "2.35-0ubuntu3.9"}],
            }],
            "versions": ["2.34-0ubuntu3", "2.35-0ubuntu1"],
            "ecosystem_specific": {
                "binaries": [{"binary_name": "libc6", "binary_version": "2.35-0ubuntu3.9"}],
                "availability": "No subscription required",
            },
        }],
    }));
    assert_eq!(
        lines(&sink),
        ["ubuntu:jammy glibc CVE-2025-1000 affected <2.35-0ubuntu3.9"]
    );
    let advisory = &sink.advisories[0];
    assert_eq!(advisory.package.kind, PackageKind::Source);
    assert_eq!(advisory.package.repository, "");
    assert_eq!(advisory.versions.scheme, Scheme::Dpkg);
    assert_eq!(advisory.rating.severity, Severity::Low);
    assert!(advisory.rating.text.starts_with("CVSS:3.1/"));
    assert_eq!(advisory.details.description, "A text.");
    assert_eq!(advisory.details.published, "2025-01-22T13:15:00Z");
    assert_eq!(
        advisory.details.references,
        ["https://ubuntu.test/CVE-2025-1000"]
    );
    assert!(advisory.details.aliases.is_empty());
}

#[test]
fn a_fix_that_exists_only_in_pro_is_the_fix_of_the_release() {
    let sink = read_packages(&[
        ("Ubuntu:22.04:LTS", "vips", "jammy", ""),
        (
            "Ubuntu:Pro:22.04:LTS",
            "vips",
            "esm-apps/jammy",
            "8.12.1-1ubuntu0.1~esm1",
        ),
        (
            "Ubuntu:Pro:18.04:LTS",
            "glibc",
            "esm-infra%2Fbionic",
            "2.27-3ubuntu1.6+esm4",
        ),
    ]);
    assert_eq!(
        with_repositories(&sink),
        [
            "ubuntu:bionic glibc CVE-2025-1000 affected <2.27-3ubuntu1.6+esm4 esm-infra",
            "ubuntu:jammy vips CVE-2025-1000 affected <8.12.1-1ubuntu0.1~esm1 esm-apps",
        ]
    );
}

#[test]
fn of_several_fixes_the_lowest_counts_and_without_one_the_archive() {
    let sink = read_packages(&[
        ("Ubuntu:24.04:LTS", "a", "noble", "2-1ubuntu0.2"),
        (
            "Ubuntu:Pro:24.04:LTS",
            "a",
            "esm-apps/noble",
            "2-1ubuntu0.1+esm1",
        ),
        ("Ubuntu:Pro:24.04:LTS", "b", "esm-apps/noble", ""),
        ("Ubuntu:24.04:LTS", "b", "noble", ""),
        ("Ubuntu:Pro:14.04:LTS", "c", "esm-infra-legacy/trusty", ""),
    ]);
    assert_eq!(
        with_repositories(&sink),
        [
            "ubuntu:noble a CVE-2025-1000 affected <2-1ubuntu0.1+esm1 esm-apps",
            "ubuntu:noble b CVE-2025-1000 affected *",
            "ubuntu:trusty c CVE-2025-1000 affected * esm-infra-legacy",
        ]
    );
}

#[test]
fn what_contradicts_itself_in_one_pocket_is_not_fixed() {
    for fixes in [["2-1", ""], ["", "2-1"]] {
        let sink = read_packages(&fixes.map(|fix| ("Ubuntu:24.04:LTS", "a", "noble", fix)));
        assert_eq!(lines(&sink), ["ubuntu:noble a CVE-2025-1000 affected *"]);
    }
}

#[test]
fn builds_apart_judge_no_package_of_the_release() {
    let sink = read_packages(&[
        ("Ubuntu:20.04:LTS", "openssl", "focal", "1.1.1f-1ubuntu2.20"),
        (
            "Ubuntu:Pro:FIPS-updates:20.04:LTS",
            "openssl",
            "fips-updates/focal",
            "1.1.1f-1ubuntu2.fips.22",
        ),
        (
            "Ubuntu:Pro:22.04:LTS:Realtime:Kernel",
            "linux-realtime",
            "",
            "",
        ),
    ]);
    assert_eq!(
        with_repositories(&sink),
        [
            "ubuntu:focal openssl CVE-2025-1000 affected <1.1.1f-1ubuntu2.20",
            "ubuntu:focal/fips-updates openssl CVE-2025-1000 affected <1.1.1f-1ubuntu2.fips.22 fips-updates",
            "ubuntu:jammy/realtime linux-realtime CVE-2025-1000 affected * realtime",
        ]
    );
}

#[test]
fn the_release_is_found_by_number_or_by_address_and_not_guessed() {
    let sink = read_packages(&[
        ("Ubuntu:25.10", "a", "", ""),
        ("Ubuntu:Pro:18.04:LTS", "b", "", ""),
        ("Ubuntu:99.04", "c", "zesty", ""),
        ("Ubuntu:99.04", "d", "", ""),
        ("Ubuntu:24.04:LTS", "e", "jammy", ""),
        ("Debian:12", "f", "", ""),
        ("Ubuntuish:24.04", "g", "", ""),
    ]);
    assert_eq!(
        with_repositories(&sink),
        [
            "ubuntu:bionic b CVE-2025-1000 affected * esm",
            "ubuntu:questing a CVE-2025-1000 affected *",
            "ubuntu:zesty c CVE-2025-1000 affected *",
        ]
    );
    assert_eq!(
        quarantined(&sink),
        [
            ("UBUNTU-CVE-2025-1000", "unknown release"),
            (
                "UBUNTU-CVE-2025-1000",
                "ecosystem and address name different releases"
            ),
        ]
    );
}

#[test]
fn records_of_the_first_year_are_read() {
    let sink = read(&json!({
        "id": "CVE-2024-0397",
        "affected": [{
            "package": {
                "ecosystem": "Ubuntu:20.04:LTS",
                "name": "python3.8",
                "purl": "pkg:deb/ubuntu/python3.8@3.8.10-0?arch=src?distro=focal",
            },
            "ranges": [{
                "type": "ECOSYSTEM",
                "events": [{"introduced": "0"}, {"fixed": "3.8.10-0ubuntu1~20.04.11"}],
            }],
            "ecosystem_specific": {
                "binaries": [{"python3.8": "3.8.10-0ubuntu1~20.04.11"}],
                "ubuntu_priority": "medium",
            },
        }],
    }));
    assert_eq!(
        lines(&sink),
        ["ubuntu:focal python3.8 CVE-2024-0397 affected <3.8.10-0ubuntu1~20.04.11"]
    );
    assert_eq!(sink.advisories[0].rating.severity, Severity::Medium);
}

#[test]
fn listed_versions_count_when_there_are_no_ranges() {
    let sink = read(&json!({
        "id": "UBUNTU-CVE-2025-1000",
        "affected": [
            {"package": {"ecosystem": "Ubuntu:25.10", "name": "a"}, "versions": ["1-1", "1-2"]},
            {"package": {"ecosystem": "Ubuntu:25.10", "name": "b"}},
        ],
    }));
    assert_eq!(
        lines(&sink),
        ["ubuntu:questing a CVE-2025-1000 affected =1-1 =1-2"]
    );
    assert_eq!(
        quarantined(&sink),
        [("UBUNTU-CVE-2025-1000", "neither ranges nor versions")]
    );
}

#[test]
fn a_withdrawn_record_says_nothing() {
    let sink = read(&json!({
        "id": "UBUNTU-CVE-2025-1000",
        "withdrawn": "2025-06-23T15:53:49Z",
        "affected": [{"package": {"ecosystem": "Ubuntu:25.10", "name": "a"}, "versions": ["1"]}],
    }));
    assert!(sink.advisories.is_empty() && sink.quarantined.is_empty());
}

#[test]
fn a_bad_record_costs_nothing_but_itself() {
    for bad in [
        "",
        "<html>",
        "null",
        "[]",
        "{}",
        r#"{"id":7}"#,
        r#"{"id":"X","affected":[7]}"#,
    ] {
        let good = json!({
            "id": "UBUNTU-CVE-2025-1000",
            "affected": [{"package": {"ecosystem": "Ubuntu:25.10", "name": "a"}, "versions": ["1"]}],
        });
        let archive = pack(&[("UBUNTU-CVE-1.json", bad.into()), (PATH, good.to_string())]);
        let sink = super::read("osv", archive);
        assert_eq!(
            lines(&sink),
            ["ubuntu:questing a CVE-2025-1000 affected =1"],
            "{bad}"
        );
        assert_eq!(sink.quarantined.len(), 1, "{bad}");
    }
}
