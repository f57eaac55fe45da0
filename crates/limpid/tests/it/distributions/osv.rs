//! The distributions whose bulletins are entries of OSV.

use limpid_testkit::feed::OsvZip;
use limpid_testkit::layer::LayerBuilder;
use limpid_testkit::system::RpmDatabase::Sqlite;
use limpid_testkit::system::{system, with_rpms};
use serde_json::{Value, json};

use super::{check, lines, release, report};
use crate::workplace::{Workplace, text};

/// The archive of a distribution in OSV, and the list of archives.
fn osv(folder: &str, entries: &[Value]) -> Vec<(String, Vec<u8>)> {
    let archive = entries.iter().fold(OsvZip::new(), OsvZip::entry);
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
            let is_list = address.ends_with("/ecosystems.txt");
            if !is_list || !file.try_exists().unwrap() {
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
