//! The distributions whose secdb is one document.

use limpid_feed::{Collected, MemoryDocuments, Settings};
use limpid_types::PackageKind;
use limpid_version::Scheme;
use serde_json::json;

use crate::support::{lines, parse, quarantined, refuse};

const DISTRIBUTIONS: [&str; 3] = ["wolfi", "chainguard", "minimos"];

fn url(feed: &str) -> String {
    format!("https://{feed}.test/security.json")
}

fn read(feed: &str, packages: &serde_json::Value) -> Collected {
    let document = json!({
        "apkurl": "{{urlprefix}}/{{reponame}}/{{arch}}/{{pkg.name}}-{{pkg.ver}}.apk",
        "archs": ["x86_64", "aarch64"],
        "reponame": "os",
        "urlprefix": "https://packages.test",
        "packages": packages,
    });
    let documents = MemoryDocuments::default().with(url(feed), document.to_string());
    parse(feed, documents)
}

#[test]
fn each_distribution_has_a_feed_and_a_namespace_of_its_own() {
    for feed in DISTRIBUTIONS {
        let packages = json!([{ "pkg": { "name": "zlib", "secfixes": {
            "0": ["CVE-2023-6992"],
            "1.3.1-r1": ["CVE-2026-1", "GHSA-cfgh-jmpq-rvwx", "CGA-2222-3333-4444"],
        } } }]);
        let sink = read(feed, &packages);
        assert_eq!(
            lines(&sink),
            [
                format!("{feed}:rolling zlib CGA-2222-3333-4444 affected <1.3.1-r1"),
                format!("{feed}:rolling zlib CVE-2023-6992 not-affected *"),
                format!("{feed}:rolling zlib CVE-2026-1 affected <1.3.1-r1"),
                format!("{feed}:rolling zlib GHSA-cfgh-jmpq-rvwx affected <1.3.1-r1"),
            ]
        );
        let advisory = &sink.advisories[0];
        assert_eq!(advisory.package.kind, PackageKind::Source);
        assert_eq!(advisory.package.repository, "");
        assert_eq!(advisory.versions.scheme, Scheme::Apk);
    }
}

#[test]
fn the_reference_is_the_page_of_whoever_gave_the_id_out() {
    let ids = ["CVE-2026-1", "GHSA-2222-3333-4444", "CGA-2222-3333-4444"];
    let packages = json!([{ "pkg": { "name": "zlib", "secfixes": { "1-r0": ids } } }]);
    let mut references: Vec<String> = read("wolfi", &packages)
        .advisories
        .into_iter()
        .flat_map(|advisory| advisory.details.references)
        .collect();
    references.sort();
    assert_eq!(
        references,
        [
            "https://github.com/advisories/GHSA-2222-3333-4444",
            "https://images.chainguard.dev/security/CGA-2222-3333-4444",
            "https://nvd.nist.gov/vuln/detail/CVE-2026-1",
        ]
    );
}

#[test]
fn a_bad_package_costs_nothing_but_itself() {
    let packages = json!([
        { "pkg": { "name": "a" } },
        { "pkg": { "name": "b", "secfixes": { "nonsense": ["CVE-2026-1"], "1-r0": ["CVE-2026-2"] } } },
        7,
    ]);
    let sink = read("wolfi", &packages);
    assert_eq!(lines(&sink), ["wolfi:rolling b CVE-2026-2 affected <1-r0"]);
    assert_eq!(quarantined(&sink).len(), 3);
}

#[test]
fn a_page_of_html_and_a_document_without_packages_are_refused() {
    for (text, fault) in [
        ("<html><body>503</body></html>", "not JSON: begins with"),
        (
            r#"{"reponame":"os"}"#,
            "no member with the name \"packages\"",
        ),
        (r#"{"packages":[{"pkg":{"#, "truncated at byte"),
    ] {
        let documents = MemoryDocuments::default().with(url("wolfi"), text);
        let (error, sink) = refuse("wolfi", documents);
        assert!(error.contains(fault), "{error}");
        assert!(sink.advisories.is_empty());
    }
}

#[test]
fn the_document_may_be_elsewhere() {
    let settings = Settings::default();
    assert!(settings.wolfi.url.ends_with("/os/security.json"));
    assert!(
        settings
            .chainguard
            .url
            .ends_with("/chainguard/security.json")
    );
    assert!(settings.minimos.url.ends_with("/secdb/security.json"));
    let mirrored: limpid_feed::WolfiSettings =
        serde_json::from_value(json!({ "url": "https://mirror.test/wolfi.json" })).unwrap();
    assert_eq!(mirrored.url, "https://mirror.test/wolfi.json");
}
