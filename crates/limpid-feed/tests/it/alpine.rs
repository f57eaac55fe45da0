use limpid_feed::{Collected, MemoryDocuments};
use limpid_testkit::feed::AlpineSecdb;
use limpid_types::{PackageKind, Severity};
use limpid_version::Scheme;

use crate::support::{lines, parse, quarantined, refuse};

const MAIN: &str = "https://secdb.test/v3.3/main.json";
const COMMUNITY: &str = "https://secdb.test/v3.3/community.json";

fn secdb() -> AlpineSecdb {
    AlpineSecdb::new("v3.3", "main")
}

fn with_empty_community() -> MemoryDocuments {
    let community = AlpineSecdb::new("v3.3", "community").to_json();
    MemoryDocuments::default().with(COMMUNITY, community)
}

fn read(main: impl Into<Vec<u8>>) -> Collected {
    parse("alpine/v3.3", with_empty_community().with(MAIN, main))
}

/// Writes a document around the text of its packages.
fn document(packages: &str) -> String {
    format!(r#"{{"distroversion":"v3.3","reponame":"main","packages":[{packages}]}}"#)
}

fn package(secfixes: &str) -> String {
    document(&format!(
        r#"{{"pkg":{{"name":"zlib","secfixes":{secfixes}}}}}"#
    ))
}

#[test]
fn every_id_of_a_version_is_an_advisory_about_the_source_package() {
    let main = secdb().fix("openssl", "1.1.1q-r0", &["CVE-2022-2097", "XSA-7"]);
    let sink = read(main.to_json());
    assert_eq!(
        lines(&sink),
        [
            "alpine:3.3 openssl CVE-2022-2097 affected <1.1.1q-r0",
            "alpine:3.3 openssl XSA-7 affected <1.1.1q-r0",
        ]
    );
    let advisory = &sink.advisories[0];
    assert_eq!(advisory.package.kind, PackageKind::Source);
    assert_eq!(advisory.package.repository, "main");
    assert_eq!(advisory.versions.scheme, Scheme::Apk);
    assert_eq!(advisory.rating.severity, Severity::Unknown);
    assert_eq!(
        advisory.details.references,
        ["https://security.alpinelinux.org/vuln/CVE-2022-2097"]
    );
}

#[test]
fn edge_and_the_second_repository_are_told_apart() {
    let documents = MemoryDocuments::default()
        .with(
            "https://secdb.test/edge/main.json",
            AlpineSecdb::new("edge", "main")
                .fix("zlib", "1.2-r1", &["CVE-2022-1"])
                .to_json(),
        )
        .with(
            "https://secdb.test/edge/community.json",
            AlpineSecdb::new("edge", "community")
                .fix("tor", "0.4-r0", &["CVE-2022-2"])
                .to_json(),
        );
    let sink = parse("alpine/edge", documents);
    assert_eq!(
        lines(&sink),
        [
            "alpine:edge tor CVE-2022-2 affected <0.4-r0",
            "alpine:edge zlib CVE-2022-1 affected <1.2-r1",
        ]
    );
    assert_eq!(sink.advisories[1].package.repository, "community");
}

#[test]
fn several_ids_in_one_text_are_one_advisory_with_aliases() {
    let main = secdb().fix(
        "xen",
        "4.7-r0",
        &["CVE-2017-2615 XSA-208", "CVE-????-?????  XSA-295"],
    );
    let sink = read(main.to_json());
    let found: Vec<(&str, Vec<String>)> = sink
        .advisories
        .iter()
        .map(|advisory| (advisory.id.as_str(), advisory.details.aliases.clone()))
        .collect();
    assert_eq!(
        found,
        [
            ("CVE-2017-2615", vec!["XSA-208".to_owned()]),
            ("XSA-295", vec![]),
        ]
    );
}

#[test]
fn version_zero_says_that_no_version_is_affected() {
    let sink = read(secdb().fix("openssl", "0", &["CVE-2023-0466"]).to_json());
    assert_eq!(
        lines(&sink),
        ["alpine:3.3 openssl CVE-2023-0466 not-affected *"]
    );
}

#[test]
fn an_id_under_several_versions_is_fixed_by_the_highest() {
    let main = secdb()
        .fix("ghostscript", "9.26-r2", &["CVE-2019-6116 XSA-1"])
        .fix(
            "ghostscript",
            "9.26-r10",
            &["CVE-2019-6116 XSA-2", "CVE-2019-1"],
        )
        .fix("ghostscript", "0", &["CVE-2019-1", "CVE-2019-2"]);
    let sink = read(main.to_json());
    assert_eq!(
        lines(&sink),
        [
            "alpine:3.3 ghostscript CVE-2019-1 affected <9.26-r10",
            "alpine:3.3 ghostscript CVE-2019-2 not-affected *",
            "alpine:3.3 ghostscript CVE-2019-6116 affected <9.26-r10",
        ]
    );
    assert_eq!(sink.advisories[2].details.aliases, ["XSA-1", "XSA-2"]);
}

#[test]
fn an_id_twice_under_one_version_is_one_advisory() {
    let main = secdb().fix("rsync", "3.1-r0", &["CVE-2017-17434-1", "CVE-2017-17434-2"]);
    assert_eq!(
        lines(&read(main.to_json())),
        ["alpine:3.3 rsync CVE-2017-17434 affected <3.1-r0"]
    );
}

#[test]
fn an_invalid_version_costs_only_its_own_ids() {
    for version in ["", "r0", "unknown", "10.2 r0"] {
        let main = secdb().fix("mariadb", version, &["CVE-2019-2510"]).fix(
            "mariadb",
            "10.2.15-r0",
            &["CVE-2018-2755"],
        );
        let sink = read(main.to_json());
        assert_eq!(
            lines(&sink),
            ["alpine:3.3 mariadb CVE-2018-2755 affected <10.2.15-r0"]
        );
        let record = &sink.quarantined[0];
        assert_eq!(record.feed, "alpine/v3.3");
        assert_eq!(record.id, "mariadb");
        assert_eq!(record.document, MAIN);
        assert!(
            record.reason.contains(&format!("{version:?}")),
            "{}",
            record.reason
        );
    }
}

#[test]
fn a_sloppy_version_is_still_a_version() {
    let main = secdb().fix("mariadb", "10.2.22.r0", &["CVE-2019-2510"]);
    assert_eq!(
        lines(&read(main.to_json())),
        ["alpine:3.3 mariadb CVE-2019-2510 affected <10.2.22.r0"]
    );
}

#[test]
fn a_bad_record_costs_nothing_but_itself() {
    let good = r#"{"pkg":{"name":"zlib","secfixes":{"1-r0":["CVE-2022-1"]}}}"#;
    for bad in [
        "null",
        "7",
        "\"text\"",
        "[]",
        "{}",
        r#"{"pkg":null}"#,
        r#"{"pkg":{"name":"x"}}"#,
        r#"{"pkg":{"name":7,"secfixes":{}}}"#,
        r#"{"pkg":{"name":"","secfixes":{}}}"#,
        r#"{"pkg":{"name":"x","secfixes":[1]}}"#,
        r#"{"pkg":{"name":"x","name":"y","secfixes":{}}}"#,
        r#"{"pkg":{"name":"x","secfixes":{"1-r0":"CVE-2022-2"}}}"#,
        r#"{"pkg":{"name":"x","secfixes":{"1-r0":[7]}}}"#,
        r#"{"pkg":{"name":"x","secfixes":{"1-r0":["no id here"]}}}"#,
        r#"{"pkg":{"name":"x","secfixes":{"":["CVE-2022-2"]}}}"#,
        r#"{"pkg": tru }"#,
        r#"{"pkg" "name"}"#,
        "tru",
    ] {
        let sink = read(document(&format!("{good},{bad},{good}")));
        assert_eq!(sink.advisories.len(), 2, "{bad}");
        assert_eq!(sink.quarantined.len(), 1, "{bad}");
        let offset = document(&format!("{good},")).len() - 2;
        assert_eq!(sink.quarantined[0].offset, Some(offset as u64), "{bad}");
    }
}

#[test]
fn good_ids_beside_bad_ones_are_kept() {
    let sink = read(package(
        r#"{"1-r0":["CVE-2022-1",null,"fixed","CVE-2022-2"]}"#,
    ));
    assert_eq!(
        lines(&sink),
        [
            "alpine:3.3 zlib CVE-2022-1 affected <1-r0",
            "alpine:3.3 zlib CVE-2022-2 affected <1-r0",
        ]
    );
    let reasons = quarantined(&sink);
    assert_eq!(
        reasons[1],
        ("zlib", "no id in text under version 1-r0: \"fixed\"")
    );
    assert_eq!(reasons.len(), 2);
}

#[test]
fn a_version_that_comes_twice_loses_nothing() {
    let sink = read(package(
        r#"{"1-r0":["CVE-2022-1"],"1-r0":["CVE-2022-2"],"2-r0":null}"#,
    ));
    assert_eq!(sink.advisories.len(), 2);
    assert!(sink.quarantined.is_empty());
}

#[test]
fn members_may_come_in_any_order_and_unknown_ones_are_passed_by() {
    let text = r#" { "packages" : [ ] , "new":{"a":[{}, "]"]}, "reponame":"main" , "distroversion":"v3.3" } "#;
    assert!(read(text).advisories.is_empty());
}

#[test]
fn a_document_of_another_release_or_repository_is_refused() {
    let another = AlpineSecdb::new("v3.4", "main").to_json();
    let (error, _) = refuse(
        "alpine/v3.3",
        MemoryDocuments::default().with(MAIN, another),
    );
    assert_eq!(
        error,
        format!(
            "cannot use document: {MAIN}: its distroversion is \"v3.4\", its address says \"v3.3\""
        )
    );
    let documents = MemoryDocuments::default()
        .with(MAIN, secdb().to_json())
        .with(COMMUNITY, secdb().to_json());
    let (error, _) = refuse("alpine/v3.3", documents);
    assert_eq!(
        error,
        format!(
            "cannot use document: {COMMUNITY}: its reponame is \"main\", its address says \"community\""
        )
    );
}

#[test]
fn a_document_that_does_not_name_its_release_is_believed_to_be_what_was_asked_for() {
    let sink = read(r#"{"packages":[{"pkg":{"name":"a","secfixes":{"1-r0":["CVE-2022-1"]}}}]}"#);
    assert_eq!(lines(&sink), ["alpine:3.3 a CVE-2022-1 affected <1-r0"]);
}

#[test]
fn a_document_without_packages_says_nothing_and_is_refused() {
    for text in [r#"{"distroversion":"v3.3"}"#, "{}"] {
        let (error, _) = refuse("alpine/v3.3", with_empty_community().with(MAIN, text));
        assert!(
            error.ends_with("no member with the name \"packages\""),
            "{error}"
        );
    }
    let text = r#"{"packages":null}"#;
    let (error, _) = refuse("alpine/v3.3", with_empty_community().with(MAIN, text));
    assert!(
        error.ends_with("expected an array of packages at byte 12, found 'n'"),
        "{error}"
    );
}

#[test]
fn a_release_without_its_second_repository_is_refused() {
    let documents = MemoryDocuments::default().with(MAIN, secdb().to_json());
    let (error, _) = refuse("alpine/v3.3", documents);
    assert_eq!(
        error,
        format!("cannot use document: {COMMUNITY}: the source does not have it")
    );
}

#[test]
fn main_must_be_there() {
    let community = AlpineSecdb::new("v3.3", "community").to_json();
    let documents = MemoryDocuments::default().with(COMMUNITY, community);
    let (error, _) = refuse("alpine/v3.3", documents);
    assert_eq!(
        error,
        format!("cannot use document: {MAIN}: the source does not have it")
    );
}
