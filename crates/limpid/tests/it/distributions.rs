//! Every distribution with a feed of its own that the conformance data does not have: an image, a
//! small document in the shape of its source, a finding and what must not be found.

mod osv;
mod oval;
mod red_hat;

use limpid_testkit::feed::{AlpineSecdb, DebianTracker};
use limpid_testkit::layer::{LayerBuilder, gzip};
use limpid_testkit::system::RpmDatabase::Sqlite;
use limpid_testkit::system::{system, with_apks, with_debs, with_rpms};
use serde_json::{Value, json};

use crate::workplace::{Workplace, text};

/// Updates one feed from documents by their addresses, and judges an image of one layer.
fn report(feed: &str, documents: &[(&str, Vec<u8>)], image: LayerBuilder) -> Value {
    let workplace = Workplace::new();
    for (address, document) in documents {
        workplace.write(&format!("mirror/{address}"), document);
    }
    let mirror = workplace.path("mirror");
    let update = workplace.run(&["update", "--only", feed, "--mirror", text(&mirror)]);
    assert_eq!(update.code, 0, "{update:?}");
    let layer = workplace.write("layer.tar", image.build());
    let run = workplace.run(&["scan", "--format", "json", &format!("layer:{layer}")]);
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run:?}"))
}

/// `package id severity fix [fixed version] (namespace)` of every finding.
fn lines(report: &Value) -> Vec<String> {
    let mut lines: Vec<String> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| {
            let member = |name: &str| finding[name].as_str().unwrap_or_default().to_owned();
            let name = finding["package"]["name"].as_str().unwrap_or_default();
            [
                name.to_owned(),
                member("id"),
                member("severity").to_lowercase(),
                member("fix"),
                // Some sources write the epoch 0 and some do not.
                member("fixed_version").trim_start_matches("0:").to_owned(),
                format!("({})", member("namespace")),
            ]
            .into_iter()
            .filter(|word| !word.is_empty())
            .collect::<Vec<_>>()
            .join(" ")
        })
        .collect();
    lines.sort();
    lines
}

#[track_caller]
fn check(report: &Value, expected: &[&str]) {
    assert_eq!(lines(report), expected, "{}", report["coverage"]);
    assert_eq!(report["coverage"]["unjudged"], 0, "{}", report["coverage"]);
}

fn release(id: &str, version: &str) -> LayerBuilder {
    system(&format!(
        "ID=\"{id}\"\nNAME=\"{id}\"\nVERSION_ID=\"{version}\"\nPRETTY_NAME=\"{id} {version}\"\n"
    ))
}

/// A secdb document of a distribution without releases.
fn secdb() -> Vec<u8> {
    let packages = json!([
        { "pkg": { "name": "openssl", "secfixes": {
            "0": ["CVE-2020-0001"],
            "3.1.4-r0": ["CVE-2023-5363"],
            "3.1.4-r1": ["CVE-2023-5678"],
        } } },
        { "pkg": { "name": "libssl3", "secfixes": { "9-r0": ["CVE-2020-0002"] } } },
    ]);
    json!({
        "apkurl": "{{urlprefix}}/{{arch}}/{{pkg.name}}-{{pkg.ver}}.apk",
        "archs": ["x86_64"], "reponame": "os", "urlprefix": "https://packages.test",
        "packages": packages,
    })
    .to_string()
    .into_bytes()
}

#[test]
fn wolfi_chainguard_and_minimos_are_judged_by_their_origin_packages() {
    for (id, address) in [
        ("wolfi", "packages.wolfi.dev/os/security.json"),
        ("chainguard", "packages.cgr.dev/chainguard/security.json"),
        (
            "minimos",
            "packages.mini.dev/advisories/secdb/security.json",
        ),
    ] {
        // 3.1.4-r0 has the first fix and lacks the second. What is said of a source package with
        // the name of a binary one is not about that one.
        let image = with_apks(
            release(id, "20230201"),
            &["libssl3 3.1.4-r0 x86_64 source=openssl"],
        );
        check(
            &report(id, &[(address, secdb())], image),
            &[&format!(
                "libssl3 CVE-2023-5678 unknown fixed 3.1.4-r1 ({id}:rolling)"
            )],
        );
    }
}

#[test]
fn postmarketos_is_judged_by_the_alpine_release_that_it_is_made_of() {
    let main = AlpineSecdb::new("v3.20", "main")
        .fix("musl", "1.2.5-r1", &["CVE-2025-26519"])
        .fix("musl", "1.2.5-r0", &["CVE-2020-28928"]);
    let community = AlpineSecdb::new("v3.20", "community");
    let documents = [
        ("secdb.alpinelinux.org/v3.20/main.json", main.to_json()),
        (
            "secdb.alpinelinux.org/v3.20/community.json",
            community.to_json(),
        ),
    ];
    let image = with_apks(
        release("postmarketos", "v24.06"),
        &["musl 1.2.5-r0 aarch64"],
    );
    check(
        &report("alpine*", &documents, image),
        &["musl CVE-2025-26519 unknown fixed 1.2.5-r1 (alpine:3.20)"],
    );
}

fn updateinfo(id: &str, references: &str, packages: &[[&str; 3]]) -> String {
    let row = |[name, version, arch]: &[&str; 3]| {
        let (version, release) = version.split_once('-').unwrap();
        format!(
            r#"<package name="{name}" epoch="0" version="{version}" release="{release}" arch="{arch}"><filename>x.rpm</filename></package>"#
        )
    };
    let packages = packages.iter().map(row).collect::<Vec<_>>().concat();
    format!(
        r#"<?xml version="1.0" ?><updates><update status="final" type="security" version="1.4"><id>{id}</id><title>t</title><issued date="2023-02-17 20:41"/><severity>Important</severity><description>d</description><references>{references}</references><pkglist><collection short="c"><name>C</name>{packages}</collection></pkglist></update></updates>"#
    )
}

#[test]
fn fedora_is_judged_by_the_updates_of_its_release() {
    let document = updateinfo(
        "FEDORA-2025-d2b7d94014",
        r#"<reference href="https://bugs.test/1" id="1" type="bugzilla" title="CVE-2025-26794 timg: bad"/>"#,
        &[
            ["timg", "1.6.3-5.fc42", "x86_64"],
            ["exim", "4.98.1-1.fc42", "x86_64"],
        ],
    );
    let folder = "dl.fedoraproject.org/pub/fedora/linux/updates/42/Everything/x86_64/repodata";
    let repomd = r#"<?xml version="1.0"?><repomd xmlns="http://linux.duke.edu/metadata/repo"><revision>1</revision><data type="updateinfo"><location href="repodata/updateinfo.xml.gz"/></data></repomd>"#;
    let documents = [
        (format!("{folder}/repomd.xml"), repomd.as_bytes().to_vec()),
        (
            format!("{folder}/updateinfo.xml.gz"),
            gzip(document.as_bytes()),
        ),
    ];
    let documents = documents
        .each_ref()
        .map(|(address, document)| (address.as_str(), document.clone()));
    let image = |version: &str| {
        with_rpms(
            release("fedora", version),
            Sqlite,
            &["timg 1.6.3-4.fc42 x86_64", "exim 4.98.1-1.fc42 x86_64"],
        )
    };
    check(
        &report("fedora*", &documents, image("42")),
        &["timg CVE-2025-26794 high fixed 1.6.3-5.fc42 (fedora:42)"],
    );
    // Another release has no records, which is no "nothing was found".
    let other = report("fedora*", &documents, image("43"));
    assert_eq!(lines(&other), [] as [&str; 0]);
    assert_eq!(other["coverage"]["verdict"], "unknown");
}

#[test]
fn arch_is_judged_by_the_packages_of_its_tracker() {
    let group = |name: &str, package: &str, status: &str, fixed: Value, cve: &str| {
        json!({
            "name": name, "packages": [package], "status": status, "severity": "High",
            "type": "arbitrary code execution", "affected": "1:1.2.11-5", "fixed": fixed,
            "ticket": null, "issues": [cve], "advisories": [],
        })
    };
    let document = json!([
        group(
            "AVG-1",
            "zlib",
            "Fixed",
            json!("1:1.2.12-1"),
            "CVE-2018-25032"
        ),
        group("AVG-2", "zlib", "Vulnerable", Value::Null, "CVE-2022-37434"),
        group(
            "AVG-3",
            "zlib",
            "Not affected",
            Value::Null,
            "CVE-2023-45853"
        ),
    ]);
    let desc = |version: &str| {
        format!("%NAME%\nzlib\n\n%VERSION%\n{version}\n\n%BASE%\nzlib\n\n%ARCH%\nx86_64\n\n")
    };
    let image = |version: &str| {
        let image =
            system("ID=arch\nNAME=\"Arch Linux\"\nPRETTY_NAME=\"Arch Linux\"\nBUILD_ID=rolling\n")
                .file(
                    &format!("var/lib/pacman/local/zlib-{version}/desc"),
                    desc(version),
                );
        let document = document.to_string().into_bytes();
        report(
            "arch",
            &[("security.archlinux.org/all.json", document)],
            image,
        )
    };
    check(
        &image("1:1.2.11-5"),
        &[
            "zlib CVE-2018-25032 high fixed 1:1.2.12-1 (arch:rolling)",
            "zlib CVE-2022-37434 high not-fixed (arch:rolling)",
        ],
    );
    check(
        &image("1:1.2.13-1"),
        &["zlib CVE-2022-37434 high not-fixed (arch:rolling)"],
    );
}

#[test]
fn gentoo_is_judged_by_its_bulletins() {
    let glsa = r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE glsa SYSTEM "http://www.gentoo.org/dtd/glsa.dtd">
<glsa id="202301-01"><title>OpenSSL</title><synopsis>Flaws.</synopsis>
<product type="ebuild">openssl</product><announced>2023-01-11</announced>
<revised count="1">2023-01-11</revised>
<affected><package name="dev-libs/openssl" auto="yes" arch="*">
<unaffected range="ge">1.1.1s-r1</unaffected><vulnerable range="lt">1.1.1s-r1</vulnerable>
</package></affected><impact type="high"><p>Bad.</p></impact>
<references><uri link="https://x.test">CVE-2022-1234</uri></references></glsa>"#;
    let archive = LayerBuilder::new().file("glsa-master/glsa-202301-01.xml", glsa);
    let address = "gitweb.gentoo.org/data/glsa.git/snapshot/glsa-master.tar.gz";
    let archive = gzip(&archive.build());
    let image = |version: &str| {
        let folder = format!("var/db/pkg/dev-libs/openssl-{version}");
        let image = system("ID=gentoo\nNAME=Gentoo\nPRETTY_NAME=\"Gentoo Linux\"\n")
            .file(&format!("{folder}/PF"), format!("openssl-{version}\n"))
            .file(&format!("{folder}/SLOT"), "0/1.1\n")
            .file(&format!("{folder}/repository"), "gentoo\n");
        report("gentoo", &[(address, archive.clone())], image)
    };
    check(
        &image("1.1.1s"),
        &["dev-libs/openssl CVE-2022-1234 high fixed 1.1.1s-r1 (gentoo:rolling)"],
    );
    check(&image("1.1.1s-r1"), &[]);
}

#[test]
fn bottlerocket_is_judged_by_its_inventory() {
    let document = updateinfo(
        "BRSA-1",
        r#"<reference href="https://cve.test/1" id="CVE-2023-5345" title="" type="cve"/>"#,
        &[
            ["kernel-6.1", "6.1.61-1.br1", "x86_64"],
            ["containerd", "1.6.26-1.br1", "x86_64"],
        ],
    );
    let item = |name: &str, version: &str| {
        json!({
            "Name": name, "Publisher": "Bottlerocket", "Version": version, "Release": "1.br1",
            "Epoch": "0", "Architecture": "x86_64", "InstalledTime": "2023-11-20T00:00:00Z",
            "ApplicationType": "Unspecified", "Url": "", "Summary": "",
        })
    };
    let inventory =
        json!({ "Content": [item("kernel-6.1", "6.1.59"), item("containerd", "1.6.26")] });
    let image = system("ID=bottlerocket\nNAME=Bottlerocket\nVERSION_ID=1.17.0\nPRETTY_NAME=\"Bottlerocket OS 1.17.0\"\n")
        .file(
            "usr/share/bottlerocket/application-inventory.json",
            inventory.to_string(),
        );
    let address = "advisories.bottlerocket.aws/updateinfo.xml.gz";
    check(
        &report(
            "bottlerocket",
            &[(address, gzip(document.as_bytes()))],
            image,
        ),
        &["kernel-6.1 CVE-2023-5345 high fixed 6.1.61-1.br1 (bottlerocket:rolling)"],
    );
}

#[test]
fn echo_is_judged_by_its_source_packages() {
    let document = json!({
        "curl": {
            "CVE-2024-11053": { "fixed_version": "7.88.1-10+deb12u8+e1", "severity": "High" },
            "CVE-2009-2940": { "fixed_version": "7.88.1-10+deb12u7" },
            "CVE-2009-2941": {},
            "CVE-2009-2942": { "fixed_version": "0" },
        },
        "libcurl4": { "CVE-2020-0001": {} },
    });
    let image = with_debs(
        release("echo", "1"),
        &["libcurl4 7.88.1-10+deb12u8 amd64 source=curl"],
    );
    let documents = [(
        "advisory.echohq.com/data.json",
        document.to_string().into_bytes(),
    )];
    check(
        &report("echo", &documents, image),
        &[
            "libcurl4 CVE-2009-2941 unknown not-fixed (echo:rolling)",
            "libcurl4 CVE-2024-11053 high fixed 7.88.1-10+deb12u8+e1 (echo:rolling)",
        ],
    );
}

#[test]
fn a_distroless_image_is_judged_by_its_stanzas_with_and_without_a_source() {
    let tracker = DebianTracker::new()
        .fix("openssl", "CVE-2024-0001", "bookworm", "3.0.9-2")
        .fix("tzdata", "CVE-2024-0002", "bookworm", "2024b-0+deb12u1")
        .fix("tzdata", "CVE-2024-0003", "bookworm", "2024a-0+deb12u1");
    let documents = [(
        "security-tracker.debian.org/tracker/data/json",
        tracker.to_json(),
    )];
    // The version of the source is 3.0.9-1, before the fix; that of the package is after it.
    let image =
        system("ID=debian\nVERSION_ID=12\nVERSION_CODENAME=bookworm\nPRETTY_NAME=\"Distroless\"\n")
            .file(
                "var/lib/dpkg/status.d/libssl3",
                "Package: libssl3\nVersion: 9-1\nArchitecture: amd64\nSource: openssl (3.0.9-1)\n",
            )
            .file(
                "var/lib/dpkg/status.d/tzdata",
                "Package: tzdata\nVersion: 2024a-0+deb12u1\nArchitecture: all\n",
            );
    let report = report("debian", &documents, image);
    check(
        &report,
        &[
            "libssl3 CVE-2024-0001 unknown fixed 3.0.9-2 (debian:bookworm)",
            "tzdata CVE-2024-0002 unknown fixed 2024b-0+deb12u1 (debian:bookworm)",
        ],
    );
}

#[test]
fn the_database_of_apk_below_usr_is_judged_as_well() {
    let documents = [("packages.wolfi.dev/os/security.json", secdb())];
    let database = "P:libssl3\nV:3.1.4-r0\nA:x86_64\no:openssl\n\n";
    let image = release("wolfi", "20230201").file("usr/lib/apk/db/installed", database);
    check(
        &report("wolfi", &documents, image),
        &["libssl3 CVE-2023-5678 unknown fixed 3.1.4-r1 (wolfi:rolling)"],
    );
}
