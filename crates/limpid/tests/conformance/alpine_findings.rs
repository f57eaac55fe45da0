//! Findings of real Alpine images against the recorded secdb, checked by hand.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::limpid::{data, json, scan, text};

/// `id package fixed` of every finding of a report.
fn found(report: &Value) -> BTreeSet<String> {
    report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| {
            let package = text(&finding["package"], "name");
            format!(
                "{} {package} {}",
                text(finding, "id"),
                text(finding, "fixed_version")
            )
        })
        .collect()
}

fn recorded(name: &str) -> BTreeSet<String> {
    json(&format!("images/expected/{name}.json"))["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| {
            ["id", "package", "fixed"]
                .map(|member| text(finding, member))
                .join(" ")
        })
        .collect()
}

fn image(name: &str) -> String {
    let path = match name {
        "alpine-3.9.4" | "alpine-3.10.2" | "alpine-3.15.0" => {
            format!("images/docker-archive/{name}.docker.tar.gz")
        }
        _ => format!("images/layers/{name}-x86_64.layer.tar.gz"),
    };
    data(&path).display().to_string()
}

#[test]
fn every_alpine_image_has_exactly_the_recorded_findings() {
    let names = [
        "alpine-3.6.5",
        "alpine-3.9.4",
        "alpine-3.10.2",
        "alpine-3.12.12",
        "alpine-3.15.0",
        "alpine-3.16.9",
        "alpine-3.18.9",
        "alpine-3.20.3",
        "alpine-edge-20240923",
    ];
    for name in names {
        let (report, _) = scan(&image(name));
        assert_eq!(found(&report), recorded(name), "{name}");
    }
}

/// Findings with the reason for each. The installed versions are those of the images.
const FINDINGS: [(&str, &str, &str); 12] = [
    // musl 1.1.20-r4: the fix is the next build of the same version, 1.1.20-r5.
    ("alpine-3.9.4", "CVE-2019-14697 musl", "1.1.20-r5"),
    // musl-utils is another binary of the origin musl, and secdb speaks of origins.
    ("alpine-3.9.4", "CVE-2019-14697 musl-utils", "1.1.20-r5"),
    // libcrypto1.1 has the origin openssl; b < d as letters after the same numbers.
    ("alpine-3.9.4", "CVE-2019-1547 libcrypto1.1", "1.1.1d-r0"),
    ("alpine-3.9.4", "CVE-2019-1563 libssl1.1", "1.1.1d-r0"),
    // 1.1.1c-r0 < 1.1.1d-r0: the letter counts before the build.
    ("alpine-3.10.2", "CVE-2019-1549 libssl1.1", "1.1.1d-r0"),
    // 1.1.1l-r7 < 1.1.1n-r0: a high build of an older letter is still older.
    ("alpine-3.15.0", "CVE-2022-0778 libcrypto1.1", "1.1.1n-r0"),
    // 1.1.1l-r7 < 1.1.1t-r2: the build of the fix matters only when all before it is equal.
    ("alpine-3.15.0", "CVE-2023-0464 libssl1.1", "1.1.1t-r2"),
    // An id of Alpine's own, without a CVE.
    ("alpine-3.15.0", "ALPINE-13661 busybox", "1.34.1-r5"),
    // ssl_client has the origin busybox.
    ("alpine-3.15.0", "CVE-2022-28391 ssl_client", "1.34.1-r5"),
    // zlib 1.2.11-r3 needs two fixes of 1.2.12, one in r0 and one in r2 ...
    ("alpine-3.15.0", "CVE-2018-25032 zlib", "1.2.12-r0"),
    // ... and 1.2.12-r0 still needs the second one.
    ("alpine-3.12.12", "CVE-2022-37434 zlib", "1.2.12-r2"),
    // busybox 1.35.0-r17, fixed one build later.
    ("alpine-3.16.9", "CVE-2023-42366 busybox", "1.35.0-r18"),
];

#[test]
fn hand_checked_findings_are_there_with_their_fix() {
    for (name, finding, fixed) in FINDINGS {
        let (report, _) = scan(&image(name));
        assert!(
            found(&report).contains(&format!("{finding} {fixed}")),
            "{name}: {finding} {fixed}"
        );
    }
}

/// What must not be found, with the reason for each.
const NON_FINDINGS: [(&str, &str); 12] = [
    // Fixed in exactly the installed version, 1.29.3-r10.
    ("alpine-3.9.4", "CVE-2018-20679 busybox"),
    // Fixed in 1.1.1b-r1, which is installed.
    ("alpine-3.9.4", "CVE-2019-1543 libcrypto1.1"),
    // Fixed in 1.1.1a-r0; a < b.
    ("alpine-3.9.4", "CVE-2018-0734 libssl1.1"),
    // expat is in the feed and not in the image.
    ("alpine-3.9.4", "CVE-2019-15903 expat"),
    // musl 1.1.22-r3 is installed, exactly the fix.
    ("alpine-3.10.2", "CVE-2019-14697 musl"),
    // Listed under 1.29.3-r10 and again under 1.30.1-r2; installed is 1.30.1-r2, the later fix.
    ("alpine-3.10.2", "CVE-2019-5747 busybox"),
    // Listed under "0": Alpine's busybox was never affected.
    ("alpine-3.15.0", "CVE-2021-42373 busybox"),
    // Listed under "0": Alpine's openssl was never affected.
    ("alpine-3.15.0", "CVE-2022-1292 libcrypto1.1"),
    // Listed under "0": minizip is not in Alpine's zlib.
    ("alpine-3.15.0", "CVE-2023-45853 zlib"),
    // Fixed in 1.34.0-r6, and 1.34.1-r3 is newer although its build number is lower.
    ("alpine-3.15.0", "CVE-2022-30065 busybox"),
    // Fixed in 1.2.2_pre2-r0; 1.2.2-r7 is newer, since _pre comes before the release.
    ("alpine-3.15.0", "CVE-2020-28928 musl"),
    // Fixed in 1.1.1l-r0; installed is 1.1.1l-r7.
    ("alpine-3.15.0", "CVE-2021-3711 libssl1.1"),
];

#[test]
fn hand_checked_non_findings_are_not_there() {
    for (name, finding) in NON_FINDINGS {
        let (report, _) = scan(&image(name));
        let start = format!("{finding} ");
        assert!(
            !found(&report).iter().any(|line| line.starts_with(&start)),
            "{name}: {finding}"
        );
    }
}

#[test]
fn a_release_whose_feed_is_empty_is_not_clean() {
    // The recorded feed of edge has two packages, that of 3.13 none at all; an image of 3.13 made
    // from the one of 3.12 must say that nothing was checked.
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(root.path().join("lib/apk/db")).unwrap();
    std::fs::create_dir_all(root.path().join("etc")).unwrap();
    std::fs::write(
        root.path().join("lib/apk/db/installed"),
        "P:musl\nV:1.2.2-r0\nA:x86_64\no:musl\n",
    )
    .unwrap();
    std::fs::write(
        root.path().join("etc/os-release"),
        "ID=alpine\nVERSION_ID=3.13.0\n",
    )
    .unwrap();
    let (report, code) = scan(&format!("dir:{}", root.path().display()));
    assert_eq!(report["findings"].as_array().unwrap().len(), 0);
    assert_eq!(text(&report["coverage"], "verdict"), "unknown", "{report}");
    assert_eq!(code, 3);
}

#[test]
fn an_rpm_image_has_packages_and_no_verdict() {
    let layer = data("images/layers/almalinux-9-micro-aarch64-sqlite.layer.tar.gz");
    let (report, code) = scan(&format!("layer:{}", layer.display()));
    // Of 23 entries of rpm's, one is a public key; and one of the programs says what it is.
    assert_eq!(report["packages"], 22 + 1);
    assert_eq!(text(&report["coverage"], "verdict"), "unknown");
    assert_eq!(code, 3);
}
