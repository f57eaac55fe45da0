//! Advisories of one's own.

use limpid_feed::{Collected, MemoryDocuments, PrivateSettings, Settings};
use limpid_testkit::feed::OsvZip;
use limpid_testkit::layer::{LayerBuilder, gzip};
use limpid_types::PackageKind;
use limpid_version::Scheme;
use serde_json::{Value, json};

use crate::support::{Server, family_of, lines, quarantined, settings};

const PATH: &str = "/etc/advisories";

pub(crate) fn read_bytes(bytes: impl Into<Vec<u8>>) -> Collected {
    let mut settings = settings();
    settings
        .configure("private", &json!({"acme": {"path": PATH}}))
        .unwrap();
    let feeds = family_of(&settings, "private")
        .discover(&mut Server::default())
        .unwrap();
    assert_eq!(feeds[0].name(), "private/acme");
    let document = feeds[0].documents().remove(0);
    assert!(document.is_local && document.is_required);
    let mut sink = Collected::default();
    let mut documents = MemoryDocuments::default().with(document.url, bytes);
    feeds[0].parse(&mut documents, &mut sink).unwrap();
    sink
}

fn entry(id: &str, affected: &[(&str, &str, &str)]) -> Value {
    let affected: Vec<Value> = affected
        .iter()
        .map(|(ecosystem, package, fixed)| {
            json!({
                "package": {"ecosystem": ecosystem, "name": package},
                "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]}],
            })
        })
        .collect();
    json!({"id": id, "related": ["CVE-2024-9"], "affected": affected})
}

#[test]
fn an_entry_may_be_about_any_package_that_can_be_judged() {
    let entry = entry(
        "ACME-1",
        &[
            ("npm", "left-pad", "1.3.0"),
            ("PyPI", "Acme_Tool", "2"),
            ("Debian:12", "zlib", "1-2"),
            ("Alpine:v3.18", "zlib", "1-r2"),
            ("AlmaLinux:9", "zlib", "1-2"),
            ("Ubuntu:22.04:LTS", "zlib", "1-2"),
            ("Wolfi", "zlib", "1-r2"),
            ("GitHub Actions", "acme/build", "2"),
        ],
    );
    let sink = read_bytes(OsvZip::new().entry(&entry).to_zip());
    assert_eq!(
        lines(&sink),
        [
            "almalinux:9 zlib ACME-1 affected <1-2",
            "alpine:3.18 zlib ACME-1 affected <1-r2",
            "debian:bookworm zlib ACME-1 affected <1-2",
            "npm left-pad ACME-1 affected <1.3.0",
            "pypi acme-tool ACME-1 affected <2",
            "ubuntu:jammy zlib ACME-1 affected <1-2",
            "wolfi:rolling zlib ACME-1 affected <1-r2",
        ]
    );
    let of = |namespace: &str| {
        let mut advisories = sink.advisories.iter();
        let advisory = advisories.find(|it| it.namespace == namespace).unwrap();
        (advisory.package.kind, advisory.versions.scheme)
    };
    assert_eq!(of("debian:bookworm"), (PackageKind::Source, Scheme::Dpkg));
    assert_eq!(of("npm"), (PackageKind::Binary, Scheme::Npm));
}

#[test]
fn a_folder_and_an_archive_of_tar_are_read_alike() {
    let entry = entry("ACME-1", &[("npm", "left-pad", "1.3.0")]).to_string();
    let archive = LayerBuilder::new()
        .file("a/ACME-1.json", &entry)
        .file("README.md", "not an entry")
        .build();
    for archive in [archive.clone(), gzip(&archive)] {
        let sink = read_bytes(archive);
        assert_eq!(lines(&sink), ["npm left-pad ACME-1 affected <1.3.0"]);
        assert!(sink.quarantined.is_empty());
    }
}

#[test]
fn a_bad_file_is_quarantined_by_name_and_the_others_hold() {
    let good = entry("ACME-1", &[("npm", "left-pad", "1.3.0")]);
    let archive = OsvZip::new()
        .file("broken.json", "{")
        .file("other.json", "{\"name\": 1}")
        .file(
            "actions.json",
            entry("ACME-2", &[("GitHub Actions", "a", "1")]).to_string(),
        )
        .file("large.json", vec![b' '; 10_000])
        .entry(&good);
    let sink = read_bytes(archive.to_zip());
    assert_eq!(sink.advisories.len(), 1);
    let names: Vec<&str> = quarantined(&sink).iter().map(|(name, _)| *name).collect();
    assert_eq!(
        names,
        ["broken.json", "other.json", "actions.json", "large.json"]
    );
}

#[test]
fn a_withdrawn_entry_says_nothing() {
    let mut entry = entry("ACME-1", &[("npm", "left-pad", "1.3.0")]);
    entry["withdrawn"] = json!("2024-01-01T00:00:00Z");
    let sink = read_bytes(OsvZip::new().entry(&entry).to_zip());
    assert!(sink.advisories.is_empty() && sink.quarantined.is_empty());
}

#[test]
fn settings_that_lead_nowhere_are_refused() {
    for block in [
        json!({"acme": {}}),
        json!({"acme": {"path": "/a", "url": "https://a.test"}}),
        json!({"acme": {"path": ""}}),
        json!({"ac/me": {"path": "/a"}}),
        json!({"": {"path": "/a"}}),
        json!({"acme": {"folder": "/a"}}),
        json!([]),
    ] {
        let mut settings = Settings::default();
        assert!(settings.configure("private", &block).is_err(), "{block}");
        assert_eq!(settings.private, PrivateSettings::default());
    }
    let mut settings = Settings::default();
    let jars = json!({"url": "https://a.test/jars.zst"});
    settings.configure("jar-index", &jars).unwrap();
    assert!(settings.jar_index.place.is_some());
    assert!(settings.configure("jar-index", &json!({"x": 1})).is_err());
}
