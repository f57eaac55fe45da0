//! Findings of real Debian package databases against the recorded tracker, checked by hand.
//!
//! The recorded tracker is partial, so the recorded findings are those that it can give.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::limpid::{data, json, scan, text};

fn report(suite: &str) -> Value {
    let layer = data(&format!(
        "images/layers/debian-{suite}-minbase-amd64.pkgdb.layer.tar.gz"
    ));
    scan(&format!("layer:{}", layer.display())).0
}

/// `id package compared-version fixed` of every finding.
fn found(report: &Value) -> BTreeSet<String> {
    report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| {
            [
                text(finding, "id"),
                text(&finding["package"], "name"),
                text(finding, "compared_version"),
                text(finding, "fixed_version"),
            ]
            .join(" ")
        })
        .collect()
}

#[test]
fn every_debian_database_has_exactly_the_recorded_findings() {
    for suite in ["bookworm", "bullseye", "trixie"] {
        let expected: BTreeSet<_> =
            json(&format!("images/expected/debian-{suite}-minbase.json"))["findings"]
                .as_array()
                .unwrap()
                .iter()
                .map(|finding| {
                    ["id", "package", "installed_source_version", "fixed"]
                        .map(|member| text(finding, member))
                        .join(" ")
                })
                .collect();
        assert_eq!(found(&report(suite)), expected, "{suite}");
    }
}

/// Findings in bookworm, with the reason for each.
const FINDINGS: [&str; 4] = [
    // perl-base is built from perl; +deb12u3 < +deb12u4, the next security update.
    "CVE-2025-15649 perl-base 5.36.0-7+deb12u3 5.36.0-7+deb12u4",
    // libpcre2-8-0 is built from pcre2, whose first build has no +deb12 at all.
    "CVE-2026-103111 libpcre2-8-0 10.42-1 10.42-1+deb12u2",
    // Native packages have no revision: 2.6.1 < 2.6.2.
    "CVE-2026-109518 apt 2.6.1 2.6.2",
    // libapt-pkg6.0 is built from apt.
    "CVE-2026-109518 libapt-pkg6.0 2.6.1 2.6.2",
];

#[test]
fn hand_checked_findings_are_there() {
    let found = found(&report("bookworm"));
    for finding in FINDINGS {
        assert!(found.contains(finding), "{finding}: {found:#?}");
    }
}

/// What must not be found: suite, package and id, with the reason for each.
const NON_FINDINGS: [(&str, &str, &str); 12] = [
    // Fixed in exactly the installed version.
    ("bookworm", "gcc-12-base", "CVE-2023-4039"),
    // Fixed in +deb12u7; +deb12u14 is later, since numbers compare as numbers.
    ("bookworm", "libc6", "CVE-2024-33601"),
    // libss2 is 1.47.0-2+b2, a rebuild; its source e2fsprogs is 1.47.0-2, past the fix 1.45.5-1.
    ("bookworm", "libss2", "CVE-2019-5188"),
    // 252.39-1~deb12u2 is before 252.39-1, but far past the fix 250.2-1.
    ("bookworm", "libudev1", "CVE-2021-3997"),
    // Fixed in a snapshot, 6.3+20220423-1; 6.4-4 is newer.
    ("bookworm", "ncurses-base", "CVE-2022-29458"),
    // login is 1:4.16.0-2+really2.41.5-…; its source util-linux is 2.41.5-…, exactly the fix.
    ("trixie", "login", "CVE-2026-53614"),
    // libcap2 is 1:2.75-10+deb13u1+b3; the source, without +b3, is exactly the fix.
    ("trixie", "libcap2", "CVE-2026-4878"),
    // …+really2.9.14-2.1+deb13u3 is past …+really2.9.14-1.
    ("trixie", "libxml2", "CVE-2023-45322"),
    // 3.5.7-1~deb13u2 is past 3.5.6-1~deb13u2: the number decides before the tilde.
    ("trixie", "libssl3t64", "CVE-2026-34182"),
    // 1.1.1w-0+deb11u1 is past 1.1.1n-0+deb11u5: w > n decides before the revision.
    ("bullseye", "libssl1.1", "CVE-2023-0465"),
    // With an epoch on both sides: 2:8.39-13 is past 2:8.35-7.2.
    ("bullseye", "libpcre3", "CVE-2015-2326"),
    // 1.8+dfsg~alpha1-2 is older than 1.18.3: 8 < 18.
    ("bullseye", "libgssapi-krb5-2", "CVE-2009-4212"),
];

#[test]
fn hand_checked_non_findings_are_not_there() {
    for suite in ["bookworm", "trixie", "bullseye"] {
        let found = found(&report(suite));
        for (_, package, id) in NON_FINDINGS.iter().filter(|(of, ..)| *of == suite) {
            let start = format!("{id} {package} ");
            assert!(
                !found.iter().any(|line| line.starts_with(&start)),
                "{suite}: {start}"
            );
        }
    }
}

#[test]
fn sid_is_listed_and_not_called_clean() {
    // The recorded tracker has a handful of entries for sid and none for forky.
    let report = report("sid");
    assert_eq!(report["packages"], 76);
    assert_eq!(report["distributions"][0]["version_code_name"], "forky");
}
