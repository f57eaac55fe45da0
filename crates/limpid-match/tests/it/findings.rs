use limpid_match::{MemoryData, Options};
use limpid_types::{FixState, PackageKind, Severity, SeverityCounts, Status, Verdict};

use crate::fixture::{
    alpine, apk, data, debian, dpkg, feed, found, image, rated, report, report_with,
    with_distribution, with_package, with_status,
};

const BOOKWORM: &str = "debian:bookworm";

#[test]
fn debian_is_judged_by_the_version_of_the_source() {
    let image = with_package(
        debian("12", "bookworm"),
        ("libdevmapper1.02.1", "2:1.02.185-2"),
        ("lvm2", "2.03.16-2"),
    );
    let data = data(
        "debian",
        [
            dpkg(BOOKWORM, "lvm2", "CVE-2000-0001", "2.03.17-1"),
            dpkg(BOOKWORM, "lvm2", "CVE-2000-0002", "2.03.16-2"),
            dpkg(BOOKWORM, "libdevmapper1.02.1", "CVE-2000-0003", "9:1"),
        ],
    );
    let report = report(&image, &data);
    assert_eq!(
        found(&report),
        [("libdevmapper1.02.1", "CVE-2000-0001", "2.03.17-1")]
    );
    assert_eq!(report.findings[0].compared_version, "2.03.16-2");
    assert_eq!(
        report.findings[0].reason,
        "source package lvm2 2.03.16-2 is below 2.03.17-1, which has the fix in debian:bookworm"
    );
}

#[test]
fn a_package_without_a_source_is_its_own_source() {
    let mut image = with_package(
        debian("12", "bookworm"),
        ("tzdata", "2024a-0+deb12u1"),
        ("", ""),
    );
    let data = data(
        "debian",
        [dpkg(BOOKWORM, "tzdata", "CVE-2000-0001", "2025a-1")],
    );
    let expected = [("tzdata", "CVE-2000-0001", "2025a-1")];
    assert_eq!(found(&report(&image, &data)), expected);
    for package in image.packages.values_mut() {
        package.source = None;
    }
    assert_eq!(found(&report(&image, &data)), expected);
}

#[test]
fn alpine_is_judged_by_origin_and_the_version_of_the_package() {
    let image = with_package(
        alpine("3.22.1"),
        ("libcrypto3", "3.5.0-r0"),
        ("openssl", "9.9.9-r9"),
    );
    let data = data(
        "alpine/v3.22",
        [
            apk("alpine:3.22", "openssl", "CVE-2000-0001", "3.5.1-r0"),
            apk("alpine:3.21", "openssl", "CVE-2000-0002", "3.5.1-r0"),
        ],
    );
    let report = report(&image, &data);
    assert_eq!(
        found(&report),
        [("libcrypto3", "CVE-2000-0001", "3.5.1-r0")]
    );
    let finding = &report.findings[0];
    assert_eq!(finding.advisory_package, "openssl");
    assert_eq!(finding.advisory_kind, PackageKind::Source);
    assert_eq!(finding.feed, "alpine/v3.22");
    assert_eq!(finding.package.layer, "sha256:11");
}

#[test]
fn an_advisory_about_a_binary_package_is_matched_on_its_name_and_version() {
    let image = with_package(
        debian("12", "bookworm"),
        ("libfoo1", "2:1.0"),
        ("foo", "0.1"),
    );
    let binary = |name: &str, id: &str, fixed: &str| {
        let mut advisory = dpkg(BOOKWORM, name, id, fixed);
        advisory.package.kind = PackageKind::Binary;
        advisory
    };
    let data = data(
        "debian",
        [
            binary("libfoo1", "CVE-2000-0001", "2:1.1"),
            binary("foo", "CVE-2000-0002", "9"),
            dpkg(BOOKWORM, "foo", "CVE-2000-0003", "0.2"),
        ],
    );
    assert_eq!(
        found(&report(&image, &data)),
        [
            ("libfoo1", "CVE-2000-0001", "2:1.1"),
            ("libfoo1", "CVE-2000-0003", "0.2")
        ]
    );
}

#[test]
fn testing_is_judged_by_sid_when_the_coming_release_has_no_records() {
    let distribution = limpid_types::Distribution {
        did: "debian".into(),
        version_code_name: "forky".into(),
        pretty_name: "Debian GNU/Linux forky/sid".into(),
        ..Default::default()
    };
    let image = with_package(
        with_distribution(image(), distribution),
        ("zlib1g", "1:1.2-1"),
        ("zlib", "1:1.2-1"),
    );
    let sid = dpkg("debian:sid", "zlib", "CVE-2000-0001", "1:1.3-1");
    let forky = dpkg("debian:forky", "zlib", "CVE-2000-0002", "1:1.3-1");
    let only_sid = data("debian", [sid.clone()]);
    assert_eq!(report(&image, &only_sid).findings[0].id, "CVE-2000-0001");
    let both = data("debian", [sid, forky]);
    assert_eq!(report(&image, &both).findings[0].id, "CVE-2000-0002");
}

#[test]
fn a_package_of_two_distributions_keeps_the_findings_of_both() {
    let mut image = with_package(
        debian("12", "bookworm"),
        ("zlib1g", "1.2-1"),
        ("zlib", "1.2-1"),
    );
    let mut second = image.distributions["1"].clone();
    second.id = "2".into();
    second.version_id = "13".into();
    second.version_code_name = "trixie".into();
    image.distributions.insert("2".into(), second);
    let environments = image.environments.get_mut("100").unwrap();
    let mut environment = environments[0].clone();
    environment.distribution_id = "2".into();
    environments.push(environment.clone());
    environments.push(environment);
    let data = data(
        "debian",
        [
            dpkg(BOOKWORM, "zlib", "CVE-2000-0001", "1.3-1"),
            dpkg("debian:trixie", "zlib", "CVE-2000-0002", "1.3-1"),
        ],
    );
    let report = report(&image, &data);
    assert_eq!(
        found(&report),
        [
            ("zlib1g", "CVE-2000-0001", "1.3-1"),
            ("zlib1g", "CVE-2000-0002", "1.3-1")
        ]
    );
    assert_eq!(report.coverage.verdict, Verdict::Complete);
}

#[test]
fn not_affected_cancels_affected_of_another_feed() {
    let image = with_package(debian("12", "bookworm"), ("zlib1g", "1"), ("zlib", "1"));
    let affected = dpkg(BOOKWORM, "zlib", "CVE-2000-0001", "2");
    let not_affected = with_status(affected.clone(), Status::NotAffected);
    let checked = crate::fixture::NOW;
    let data = MemoryData::new(7)
        .with_feed(feed("debian", checked), [affected])
        .with_feed(feed("debian/vex", checked), [not_affected]);
    let report = report(&image, &data);
    assert_eq!(found(&report), []);
    assert_eq!(report.coverage.verdict, Verdict::Complete);
}

#[test]
fn the_state_of_the_fix_follows_the_status() {
    let image = with_package(debian("12", "bookworm"), ("zlib1g", "1"), ("zlib", "1"));
    let cases = [
        (Status::Affected, FixState::NotFixed),
        (Status::WillNotFix, FixState::WillNotFix),
        (Status::EndOfLife, FixState::EndOfLife),
        (Status::UnderInvestigation, FixState::UnderInvestigation),
    ];
    for (status, fix) in cases {
        let advisory = with_status(dpkg(BOOKWORM, "zlib", "CVE-2000-0001", "2"), status);
        let data = data("debian", [advisory]);
        let shown = report(&image, &data);
        assert_eq!(shown.findings[0].fix, fix);
        assert_eq!(shown.findings[0].fixed_version, "");
        let options = Options {
            ignore_unfixed: true,
            ..Options::default()
        };
        let filtered = report_with(&image, &data, &options);
        assert_eq!(filtered.findings, []);
        assert_eq!(filtered.hidden.total(), 1);
    }
}

#[test]
fn findings_below_the_minimum_severity_are_hidden_and_counted() {
    let image = with_package(debian("12", "bookworm"), ("zlib1g", "1"), ("zlib", "1"));
    let data = data(
        "debian",
        [
            rated(
                dpkg(BOOKWORM, "zlib", "CVE-2000-0001", "2"),
                Severity::Medium,
            ),
            rated(dpkg(BOOKWORM, "zlib", "CVE-2000-0002", "2"), Severity::High),
            dpkg(BOOKWORM, "zlib", "CVE-2000-0003", "2"),
        ],
    );
    let options = Options {
        minimum_severity: Severity::High,
        ..Options::default()
    };
    let report = report_with(&image, &data, &options);
    assert_eq!(found(&report), [("zlib1g", "CVE-2000-0002", "2")]);
    let hidden = SeverityCounts {
        medium: 1,
        unknown: 1,
        ..SeverityCounts::default()
    };
    assert_eq!(report.hidden, hidden);
}

#[test]
fn findings_are_sorted_by_severity_then_package_then_id() {
    let mut image = debian("12", "bookworm");
    for name in ["zlib1g", "apt"] {
        image = with_package(image, (name, "1"), (name, "1"));
    }
    let data = data(
        "debian",
        [
            rated(
                dpkg(BOOKWORM, "zlib1g", "CVE-2000-0001", "2"),
                Severity::Low,
            ),
            rated(
                dpkg(BOOKWORM, "zlib1g", "CVE-2000-0003", "2"),
                Severity::Critical,
            ),
            rated(dpkg(BOOKWORM, "apt", "CVE-2000-0004", "2"), Severity::Low),
            rated(dpkg(BOOKWORM, "apt", "CVE-2000-0002", "2"), Severity::Low),
        ],
    );
    let report = report(&image, &data);
    assert_eq!(
        found(&report),
        [
            ("zlib1g", "CVE-2000-0003", "2"),
            ("apt", "CVE-2000-0002", "2"),
            ("apt", "CVE-2000-0004", "2"),
            ("zlib1g", "CVE-2000-0001", "2"),
        ]
    );
    assert_eq!(report.counts.low, 3);
}
