//! Every distribution with a feed of its own that the conformance data does not have: an image, a
//! small document in the shape of its source, a finding and what must not be found.

use limpid_testkit::feed::{AlpineSecdb, DebianTracker, OsvZip};
use limpid_testkit::layer::{LayerBuilder, gzip};
use limpid_testkit::system::RpmDatabase::{Ndb, Sqlite};
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

/// The archive of a distribution in OSV, and the list of archives.
fn osv(folder: &str, entries: &[Value]) -> Vec<(String, Vec<u8>)> {
    let archive = entries
        .iter()
        .fold(OsvZip::new(), |archive, entry| archive.entry(entry));
    let root = "osv-vulnerabilities.storage.googleapis.com";
    vec![
        (format!("{root}/ecosystems.txt"), Vec::new()),
        (format!("{root}/{folder}/all.zip"), archive.to_zip()),
    ]
}

fn bulletin(
    id: &str,
    summary: &str,
    cves: (&str, &[&str]),
    affected: &[(&str, &str, &str)],
) -> Value {
    let affected: Vec<Value> = affected
        .iter()
        .map(|(ecosystem, package, fixed)| {
            json!({
                "package": { "ecosystem": ecosystem, "name": package },
                "ranges": [{
                    "type": "ECOSYSTEM",
                    "events": [{ "introduced": "0" }, { "fixed": fixed }],
                }],
            })
        })
        .collect();
    let mut entry = json!({
        "schema_version": "1.7.0",
        "id": id,
        "modified": "2024-01-01T00:00:00Z",
        "summary": summary,
        "affected": affected,
    });
    entry[cves.0] = json!(cves.1);
    entry
}

fn osv_report(feed: &str, folder: &str, entries: &[Value], image: LayerBuilder) -> Value {
    let documents = osv(folder, entries);
    let documents: Vec<(&str, Vec<u8>)> = documents
        .iter()
        .map(|(address, document)| (address.as_str(), document.clone()))
        .collect();
    report(feed, &documents, image)
}

#[test]
fn almalinux_is_judged_by_binary_packages_and_modules() {
    let entries = [
        bulletin(
            "ALSA-2024:1",
            "Important: openssl security update",
            ("related", &["CVE-2024-0001"]),
            &[
                ("AlmaLinux:9", "openssl-libs", "1:3.0.7-25.el9_3"),
                ("AlmaLinux:8", "openssl-libs", "1:1.1.1k-12.el8_9"),
            ],
        ),
        bulletin(
            "ALSA-2024:2",
            "Moderate: nodejs:18 security update",
            ("related", &["CVE-2024-0002"]),
            &[("AlmaLinux:9", "nodejs", "1:18.19.0-1.module_el9.3.0+83+1")],
        ),
        bulletin(
            "ALBA-2024:3",
            "bash bug fix update",
            ("related", &[]),
            &[("AlmaLinux:9", "bash", "9-1.el9")],
        ),
    ];
    let image = with_rpms(
        release("almalinux", "9.3"),
        Sqlite,
        &[
            "openssl-libs 1:3.0.7-24.el9 x86_64 source=openssl-3.0.7-24.el9",
            "nodejs 1:18.14.0-1.module_el9.2.0+1 x86_64 module=nodejs:18:9020020230:rhel9",
            "nodejs-libs 1:18.14.0-1.module_el9.2.0+1 x86_64 module=nodejs:18:9020020230:rhel9",
            "bash 5.1.8-6.el9 x86_64",
        ],
    );
    check(
        &osv_report("osv/almalinux", "AlmaLinux", &entries, image),
        &[
            "nodejs CVE-2024-0002 medium fixed 1:18.19.0-1.module_el9.3.0+83+1 (almalinux:9)",
            "openssl-libs CVE-2024-0001 high fixed 1:3.0.7-25.el9_3 (almalinux:9)",
        ],
    );
}

#[test]
fn a_stream_of_a_module_of_almalinux_says_nothing_of_another() {
    let entries = [bulletin(
        "ALSA-2024:2",
        "Moderate: nodejs:18 security update",
        ("related", &["CVE-2024-0002"]),
        &[("AlmaLinux:9", "nodejs", "1:18.19.0-1.module_el9.3.0+83+1")],
    )];
    let image = with_rpms(
        release("almalinux", "9.3"),
        Sqlite,
        &["nodejs 1:16.1.0-1.module_el9.2.0+1 x86_64 module=nodejs:16:9020020230:rhel9"],
    );
    check(
        &osv_report("osv/almalinux", "AlmaLinux", &entries, image),
        &[],
    );
}

#[test]
fn rocky_openeuler_and_mageia_are_judged_by_source_packages() {
    for (feed, folder, ecosystem, image, namespace) in [
        (
            "osv/rocky-linux",
            "Rocky Linux",
            "Rocky Linux:9",
            release("rocky", "9.3"),
            "rocky:9",
        ),
        (
            "osv/mageia",
            "Mageia",
            "Mageia:9",
            release("mageia", "9"),
            "mageia:9",
        ),
        (
            "osv/openeuler",
            "openEuler",
            "openEuler:24.03-LTS-SP1",
            system(
                "ID=\"openEuler\"\nNAME=\"openEuler\"\nVERSION=\"24.03 (LTS-SP1)\"\n\
                 VERSION_ID=\"24.03\"\nPRETTY_NAME=\"openEuler 24.03 (LTS-SP1)\"\n",
            ),
            "openeuler:24.03-LTS-SP1",
        ),
    ] {
        let entry = bulletin(
            "X-2024-1",
            "Important: xz security update",
            ("upstream", &["CVE-2024-0001"]),
            &[
                (ecosystem, "xz", "0:5.2.5-8"),
                (ecosystem, "xz-libs", "0:9-1"),
                ("Debian:12", "zlib", "9"),
            ],
        );
        // xz-libs is built from xz: the record of a source of its own name is not about it.
        let image = with_rpms(
            image,
            Sqlite,
            &[
                "xz-libs 5.2.5-7 x86_64 source=xz-5.2.5-7",
                "xz 5.2.5-8 x86_64",
                "zlib 1-1 x86_64",
            ],
        );
        let report = osv_report(feed, folder, &[entry], image);
        let fixed: Vec<String> = lines(&report);
        assert_eq!(fixed.len(), 1, "{fixed:?} {}", report["coverage"]);
        assert!(
            fixed[0].starts_with("xz-libs CVE-2024-0001 ")
                && fixed[0].ends_with(namespace_of(namespace).as_str()),
            "{fixed:?}"
        );
    }
}

fn namespace_of(namespace: &str) -> String {
    format!("({namespace})")
}

/// An OVAL document in the shape of Azure Linux's, with one definition per line: CVE, package,
/// `patchable`, operation and version.
fn azure_oval(lines: &[[&str; 5]]) -> Vec<u8> {
    let (mut definitions, mut tests, mut objects, mut states) =
        <(String, String, String, String)>::default();
    for (number, [cve, package, patchable, operation, version]) in lines.iter().enumerate() {
        let id = |letters: &str| format!("oval:com.microsoft.azurelinux:{letters}:{number}");
        definitions += &format!(
            r#"<definition class="vulnerability" id="{}" version="1"><metadata><title>{cve} affecting package {package}</title><affected family="unix"><platform>Azure Linux</platform></affected><reference ref_id="{cve}" ref_url="https://nvd.test/{cve}" source="CVE"/><patchable>{patchable}</patchable><advisory_date>2024-10-08T18:09:51Z</advisory_date><advisory_id>{number}-1</advisory_id><severity>High</severity><description>{cve}</description></metadata><criteria operator="AND"><criterion comment="Package {package} is earlier than {version}, affected by {cve}" test_ref="{}"/></criteria></definition>"#,
            id("def"),
            id("tst"),
        );
        tests += &format!(
            r#"<linux-def:rpminfo_test check="at least one" comment="x" id="{}" version="1"><linux-def:object object_ref="{}"/><linux-def:state state_ref="{}"/></linux-def:rpminfo_test>"#,
            id("tst"),
            id("obj"),
            id("ste"),
        );
        objects += &format!(
            r#"<linux-def:rpminfo_object id="{}" version="1"><linux-def:name>{package}</linux-def:name></linux-def:rpminfo_object>"#,
            id("obj"),
        );
        states += &format!(
            r#"<linux-def:rpminfo_state id="{}" version="1"><linux-def:evr datatype="evr_string" operation="{operation}">{version}</linux-def:evr></linux-def:rpminfo_state>"#,
            id("ste"),
        );
    }
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><oval_definitions xmlns="http://oval.mitre.org/XMLSchema/oval-definitions-5" xmlns:linux-def="http://oval.mitre.org/XMLSchema/oval-definitions-5#linux"><generator><timestamp>2024-10-08T18:09:51Z</timestamp></generator><definitions>{definitions}</definitions><tests>{tests}</tests><objects>{objects}</objects><states>{states}</states></oval_definitions>"#
    )
    .into_bytes()
}

#[test]
fn azure_linux_and_cbl_mariner_are_judged_by_the_oval_of_their_release() {
    let root = "raw.githubusercontent.com/microsoft/AzureLinuxVulnerabilityData/main";
    for (id, version, file, tag) in [
        ("azurelinux", "3.0", "azurelinux-3.0", "azl3"),
        ("mariner", "2.0", "cbl-mariner-2.0", "cm2"),
    ] {
        let fix = format!("0:1.23-1.{tag}");
        let document = azure_oval(&[
            ["CVE-2024-0001", "groff", "true", "less than", &fix],
            [
                "CVE-2024-0002",
                "groff",
                "false",
                "less than or equal",
                "0:9-1",
            ],
            [
                "CVE-2024-0003",
                "groff",
                "Not Applicable",
                "less than or equal",
                "0:9-1",
            ],
        ]);
        let address = format!("{root}/{file}-oval.xml");
        let image = |package: &str| {
            let image = with_rpms(release(id, version), Sqlite, &[package]);
            report("azure*", &[(&address, document.clone())], image)
        };
        let namespace = format!("({id}:{version})");
        let unfixed = format!("groff CVE-2024-0002 high not-fixed {namespace}");
        check(
            &image(&format!("groff 1.22-9.{tag} x86_64")),
            &[
                &format!("groff CVE-2024-0001 high fixed {} {namespace}", &fix[2..]),
                &unfixed,
            ],
        );
        check(&image(&format!("groff 1.23-1.{tag} x86_64")), &[&unfixed]);
    }
}

fn updateinfo(id: &str, references: &str, packages: &[[&str; 3]]) -> String {
    let packages: String = packages
        .iter()
        .map(|[name, version, arch]| {
            let (version, release) = version.split_once('-').unwrap();
            format!(
                r#"<package name="{name}" epoch="0" version="{version}" release="{release}" arch="{arch}"><filename>x.rpm</filename></package>"#
            )
        })
        .collect();
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

/// A document of Red Hat's about one CVE: per line, a status, the CPE of a product and the package
/// URL of a component.
fn vex(cve: &str, lines: &[[&str; 3]]) -> Vec<u8> {
    let mut branches = Vec::new();
    let mut relationships = Vec::new();
    let mut statuses = json!({});
    for (number, [status, cpe, purl]) in lines.iter().enumerate() {
        let (product, component, both) = (
            format!("product-{number}"),
            format!("component-{number}"),
            format!("product-{number}:component-{number}"),
        );
        branches.push(json!({
            "category": "product_name", "name": product,
            "product": { "name": product, "product_id": product,
                "product_identification_helper": { "cpe": cpe } },
        }));
        branches.push(json!({
            "category": "product_version", "name": component,
            "product": { "name": component, "product_id": component,
                "product_identification_helper": { "purl": purl } },
        }));
        relationships.push(json!({
            "category": "default_component_of",
            "full_product_name": { "name": both, "product_id": both },
            "product_reference": component, "relates_to_product_reference": product,
        }));
        if statuses[*status].is_null() {
            statuses[*status] = json!([]);
        }
        statuses[*status].as_array_mut().unwrap().push(json!(both));
    }
    let all: Vec<Value> = relationships
        .iter()
        .map(|relationship| relationship["full_product_name"]["product_id"].clone())
        .collect();
    json!({
        "document": {
            "category": "csaf_vex", "csaf_version": "2.0", "title": cve,
            "publisher": { "category": "vendor", "name": "Red Hat Product Security",
                "namespace": "https://www.redhat.com" },
            "tracking": { "id": cve, "status": "final", "version": "1",
                "current_release_date": "2024-01-02T00:00:00+00:00",
                "initial_release_date": "2024-01-01T00:00:00+00:00", "revision_history": [] },
        },
        "product_tree": {
            "branches": [{ "category": "vendor", "name": "Red Hat", "branches": branches }],
            "relationships": relationships,
        },
        "vulnerabilities": [{
            "cve": cve, "title": cve, "product_status": statuses,
            "threats": [{ "category": "impact", "details": "Important", "product_ids": all }],
        }],
    })
    .to_string()
    .into_bytes()
}

fn red_hat(lines: &[[&str; 3]]) -> Vec<(String, Vec<u8>)> {
    let root = "security.access.redhat.com/data/csaf/v2/vex-feed";
    let changes = "\"2024/cve-2024-0001.json\",\"2024-01-02T00:00:00+00:00\"\n";
    vec![
        (format!("{root}/changes.csv"), changes.into()),
        (format!("{root}/deletions.csv"), Vec::new()),
        (
            format!("{root}/2024/cve-2024-0001.json"),
            vex("CVE-2024-0001", lines),
        ),
    ]
}

fn red_hat_report(lines: &[[&str; 3]], image: LayerBuilder) -> Value {
    let documents = red_hat(lines);
    let documents: Vec<(&str, Vec<u8>)> = documents
        .iter()
        .map(|(address, document)| (address.as_str(), document.clone()))
        .collect();
    report("rhel-vex", &documents, image)
}

#[test]
fn centos_is_judged_by_red_hats_data() {
    let nine = "cpe:/o:redhat:enterprise_linux:9::baseos";
    let statements = [
        [
            "fixed",
            nine,
            "pkg:rpm/redhat/expat@2.5.0-3.el9_5.1?arch=x86_64",
        ],
        [
            "fixed",
            nine,
            "pkg:rpm/redhat/expat@2.5.0-3.el9_5.1?arch=aarch64",
        ],
        [
            "fixed",
            "cpe:/o:redhat:enterprise_linux:8::baseos",
            "pkg:rpm/redhat/zlib@9-1.el8?arch=x86_64",
        ],
        [
            "known_affected",
            "cpe:/o:redhat:enterprise_linux:9",
            "pkg:rpm/redhat/bash?arch=src",
        ],
    ];
    let image = with_rpms(
        system(
            "NAME=\"CentOS Stream\"\nVERSION=\"9\"\nID=\"centos\"\nID_LIKE=\"rhel fedora\"\n\
             VERSION_ID=\"9\"\nPRETTY_NAME=\"CentOS Stream 9\"\n",
        ),
        Sqlite,
        &[
            "expat 2.5.0-2.el9 x86_64",
            "zlib 1.2.11-40.el9 x86_64",
            "bash 5.1.8-9.el9 x86_64",
        ],
    );
    check(
        &red_hat_report(&statements, image),
        &[
            "bash CVE-2024-0001 high not-fixed (redhat:enterprise_linux:9)",
            "expat CVE-2024-0001 high fixed 2.5.0-3.el9_5.1 (redhat:enterprise_linux:9)",
        ],
    );
}

#[test]
fn hardened_images_are_judged_as_the_product_that_they_name() {
    let hardened = "cpe:/a:redhat:hummingbird:1";
    let statements = [
        [
            "fixed",
            hardened,
            "pkg:rpm/redhat/expat@2.7.3-1.hum1?arch=x86_64",
        ],
        [
            "fixed",
            "cpe:/o:redhat:enterprise_linux:9::baseos",
            "pkg:rpm/redhat/zlib@9-1.el9?arch=x86_64",
        ],
    ];
    let image = with_rpms(
        system(
            "ID=\"hummingbird\"\nNAME=\"Project Hummingbird\"\nVERSION_ID=\"20251124\"\n\
             CPE_NAME=\"cpe:/a:redhat:hummingbird:1\"\n",
        ),
        Sqlite,
        &["expat 2.7.2-1.hum1 x86_64", "zlib 1.3-1.hum1 x86_64"],
    );
    check(
        &red_hat_report(&statements, image),
        &["expat CVE-2024-0001 high fixed 2.7.3-1.hum1 (redhat:hummingbird:1)"],
    );
}

/// The page of SUSE's folder and one OVAL document in it.
#[test]
fn tumbleweed_and_microos_are_judged_by_the_oval_of_tumbleweed() {
    let folder = "ftp.suse.com/pub/projects/security/oval";
    let page = r#"<a href="opensuse.tumbleweed.xml.gz">opensuse.tumbleweed.xml.gz</a>"#;
    let oval = r#"<?xml version="1.0" encoding="UTF-8"?><oval_definitions xmlns="http://oval.mitre.org/XMLSchema/oval-definitions-5"><generator/><definitions><definition id="oval:org.opensuse.security:def:1" version="1" class="vulnerability"><metadata><title>CVE-2024-0001</title><affected family="unix"><platform>openSUSE Tumbleweed</platform></affected><reference ref_id="CVE-2024-0001" ref_url="https://x.test" source="CVE"/><description>d</description><advisory from="security@suse.de"><severity>Moderate</severity></advisory></metadata><criteria operator="AND"><criterion test_ref="oval:org.opensuse.security:tst:1" comment="openSUSE Tumbleweed is installed"/><criteria operator="OR"><criterion test_ref="oval:org.opensuse.security:tst:2" comment="libz1-1.3.1-2.1 is installed"/></criteria></criteria></definition></definitions><tests><rpminfo_test id="oval:org.opensuse.security:tst:1" version="1" comment="openSUSE-release is ==x" check="at least one" xmlns="http://oval.mitre.org/XMLSchema/oval-definitions-5#linux"><object object_ref="oval:org.opensuse.security:obj:1"/><state state_ref="oval:org.opensuse.security:ste:1"/></rpminfo_test><rpminfo_test id="oval:org.opensuse.security:tst:2" version="1" comment="libz1 is &lt;1.3.1-2.1" check="at least one" xmlns="http://oval.mitre.org/XMLSchema/oval-definitions-5#linux"><object object_ref="oval:org.opensuse.security:obj:2"/><state state_ref="oval:org.opensuse.security:ste:2"/></rpminfo_test></tests><objects><rpminfo_object id="oval:org.opensuse.security:obj:1" version="1" xmlns="http://oval.mitre.org/XMLSchema/oval-definitions-5#linux"><name>openSUSE-release</name></rpminfo_object><rpminfo_object id="oval:org.opensuse.security:obj:2" version="1" xmlns="http://oval.mitre.org/XMLSchema/oval-definitions-5#linux"><name>libz1</name></rpminfo_object></objects><states><rpminfo_state id="oval:org.opensuse.security:ste:1" version="1" xmlns="http://oval.mitre.org/XMLSchema/oval-definitions-5#linux"><version operation="pattern match">.*</version></rpminfo_state><rpminfo_state id="oval:org.opensuse.security:ste:2" version="1" xmlns="http://oval.mitre.org/XMLSchema/oval-definitions-5#linux"><evr datatype="evr_string" operation="less than">0:1.3.1-2.1</evr></rpminfo_state></states></oval_definitions>"#;
    for id in ["opensuse-tumbleweed", "opensuse-microos"] {
        let documents = [
            (format!("{folder}/index.html"), page.as_bytes().to_vec()),
            (
                format!("{folder}/opensuse.tumbleweed.xml.gz"),
                gzip(oval.as_bytes()),
            ),
        ];
        let documents = documents
            .each_ref()
            .map(|(address, document)| (address.as_str(), document.clone()));
        let image = |package: &str| {
            let image = with_rpms(release(id, "20240801"), Ndb, &[package]);
            report("suse*", &documents, image)
        };
        check(
            &image("libz1 1.3.1-1.1 x86_64 source=zlib-1.3.1-1.1"),
            &["libz1 CVE-2024-0001 medium fixed 1.3.1-2.1 (opensuse-tumbleweed:rolling)"],
        );
        check(&image("libz1 1.3.1-2.1 x86_64 source=zlib-1.3.1-2.1"), &[]);
    }
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

#[test]
fn an_archive_that_changed_is_read_although_the_list_of_archives_did_not() {
    let workplace = Workplace::new();
    let mirror = workplace.path("mirror");
    let update = |ids: &[&str]| {
        let entries: Vec<Value> = ids
            .iter()
            .map(|id| {
                let affected = [("AlmaLinux:9", "bash", "9-1.el9")];
                bulletin(id, "Low: bash", ("related", &[]), &affected)
            })
            .collect();
        for (address, document) in osv("AlmaLinux", &entries) {
            let file = workplace.path(&format!("mirror/{address}"));
            // The list is written once and never touched again.
            if address.ends_with(".zip") || !file.try_exists().unwrap() {
                workplace.write(&format!("mirror/{address}"), document);
            }
        }
        let arguments = [
            "update",
            "--only",
            "osv/almalinux",
            "--mirror",
            text(&mirror),
        ];
        let run = workplace.run(&arguments);
        assert_eq!(run.code, 0, "{run:?}");
        run.stdout
    };
    assert!(update(&["ALSA-2024:1"]).contains("new records: 1;"));
    assert!(update(&["ALSA-2024:1"]).contains("0 activated, 1 unchanged"));
    assert!(update(&["ALSA-2024:1", "ALSA-2024:2"]).contains("1 activated"));
}
