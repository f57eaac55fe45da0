use limpid_feed::{AmazonSettings, Collected, Settings};
use limpid_types::Digest;

use crate::site::Site;
use crate::support::{chain, lines, settings};
use crate::updateinfo::{document, gzip, package, update};

const BASE: &str = "https://amazon.test";

/// Writes a `repomd.xml`.
pub(crate) fn repomd(data: &str) -> String {
    format!(
        r#"<?xml version="1.0"?><repomd xmlns="http://linux.duke.edu/metadata/repo"><revision>1</revision><data type="primary"><location href="repodata/primary.xml.gz"/></data>{data}</repomd>"#
    )
}

/// Writes the entry of an updateinfo, with its checksum where there is one.
pub(crate) fn listed(href: &str, sha256: &str) -> String {
    format!(
        r#"<data type="updateinfo"><checksum type="sha256">{sha256}</checksum><location href="{href}"/></data>"#
    )
}

fn sha256(content: &[u8]) -> String {
    Digest::sha256(content).hex().to_owned()
}

/// Adds a repository to a site: its list of mirrors and its metadata.
fn repository(site: Site, list: &str, path: &str, updates: &[String]) -> Site {
    let content = gzip(&document(updates));
    let repomd = repomd(&listed("repodata/updateinfo.xml.gz", &sha256(&content)));
    site.with(
        format!("{BASE}/{list}/mirror.list"),
        format!("https://cdn.amazonlinux.com/{path}\n"),
    )
    .with(format!("{BASE}/{path}/repodata/repomd.xml"), repomd)
    .with(format!("{BASE}/{path}/repodata/updateinfo.xml.gz"), content)
}

fn bulletin(id: &str, name: &str, version: &str, architectures: &[&str]) -> String {
    let packages: Vec<String> = architectures
        .iter()
        .map(|architecture| package(name, version, architecture))
        .collect();
    update(id, &["CVE-2023-0001"], &packages)
}

fn core() -> Site {
    let both = ["x86_64", "aarch64"];
    let updates = [bulletin("ALAS2-2023-1", "kernel", "4.14.1-1.amzn2", &both)];
    let site = repository(
        Site::default(),
        "2/core/latest/x86_64",
        "2/core/2.0/x86_64/1a",
        &updates,
    );
    repository(
        site,
        "2/core/latest/aarch64",
        "2/core/2.0/aarch64/2b",
        &updates,
    )
}

fn with_catalog(site: Site, catalog: &str) -> Site {
    site.with(format!("{BASE}/2/extras-catalog.json"), catalog)
}

fn names(site: &mut Site) -> Vec<String> {
    let feeds = site.discover("aws", &settings());
    feeds.iter().map(|feed| feed.name().to_owned()).collect()
}

fn architectures(sink: &Collected) -> Vec<(String, Vec<String>)> {
    lines(sink)
        .into_iter()
        .zip(
            sink.advisories
                .iter()
                .map(|a| a.package.architectures.clone()),
        )
        .collect()
}

#[test]
fn each_repository_of_each_release_is_a_feed() {
    let updates = [bulletin("ALAS-1", "a", "1-1", &["x86_64"])];
    let mut site = with_catalog(
        core(),
        r#"{"motd":"","topics":[{"n":"nginx1","inst":["nginx"]},{"n":"livepatch"},{"n":"gone"}]}"#,
    );
    for (list, path) in [
        ("2018.03/updates/x86_64", "2018.03/updates/c539/x86_64"),
        (
            "2/extras/nginx1/latest/x86_64",
            "2/extras/nginx1/2.0/x86_64/3c",
        ),
        (
            "2/extras/livepatch/latest/x86_64",
            "2/extras/livepatch/2.0/x86_64/4d",
        ),
        (
            "al2022/core/mirrors/latest/aarch64",
            "al2022/core/guids/5e/aarch64",
        ),
        (
            "al2023/core/mirrors/latest/x86_64",
            "al2023/core/guids/6f/x86_64",
        ),
        (
            "al2023/kernel-livepatch/mirrors/latest/x86_64",
            "al2023/kernel-livepatch/guids/7a/x86_64",
        ),
    ] {
        site = repository(site, list, path, &updates);
    }
    assert_eq!(
        names(&mut site),
        [
            "aws/AL1/updates",
            "aws/AL2/core",
            "aws/AL2/livepatch",
            "aws/AL2/extras-nginx1",
            "aws/AL2022/core",
            "aws/AL2023/core",
            "aws/AL2023/livepatch",
        ]
    );
    for (feed, namespace, repository) in [
        ("aws/AL1/updates", "amzn:2018.03", "core"),
        ("aws/AL2/livepatch", "amzn:2", "livepatch"),
        ("aws/AL2/extras-nginx1", "amzn:2", "extras-nginx1"),
        ("aws/AL2023/core", "amzn:2023", "core"),
        ("aws/AL2023/livepatch", "amzn:2023", "livepatch"),
    ] {
        let sink = site.read_feed(feed, &settings());
        let advisory = &sink.advisories[0];
        assert_eq!(advisory.id, "CVE-2023-0001");
        assert_eq!(advisory.namespace, namespace);
        assert_eq!(advisory.package.repository, repository);
    }
}

#[test]
fn both_architectures_are_read_each_from_its_own_repository() {
    let mut site = core();
    let feeds = site.discover("aws", &settings());
    let addresses: Vec<String> = feeds[0].documents().into_iter().map(|d| d.url).collect();
    assert_eq!(
        addresses,
        [
            "https://amazon.test/2/core/2.0/x86_64/1a/repodata/updateinfo.xml.gz",
            "https://amazon.test/2/core/2.0/aarch64/2b/repodata/updateinfo.xml.gz",
        ]
    );
    let sink = site.read_feed("aws/AL2/core", &settings());
    let line = "amzn:2 kernel CVE-2023-0001 affected <4.14.1-1.amzn2".to_owned();
    assert_eq!(
        architectures(&sink),
        [
            (line.clone(), vec!["x86_64".to_owned()]),
            (line, vec!["aarch64".to_owned()]),
        ]
    );
}

#[test]
fn the_repository_of_one_architecture_speaks_for_the_other_if_that_has_none() {
    let both = ["x86_64", "aarch64"];
    let mut site = repository(
        Site::default(),
        "2/core/latest/x86_64",
        "2/core/x86_64",
        &[bulletin("ALAS2-1", "kernel", "4.14.1-1.amzn2", &both)],
    );
    let sink = site.read_feed("aws/AL2/core", &settings());
    assert_eq!(sink.advisories.len(), 1);
    assert_eq!(
        sink.advisories[0].package.architectures,
        ["aarch64", "x86_64"]
    );
}

#[test]
fn packages_for_all_architectures_are_read_once_even_if_only_one_repository_has_them() {
    let common = bulletin("ALAS2-1", "common", "1-1", &["noarch"]);
    let only = bulletin("ALAS2-2", "only", "1-1", &["noarch"]);
    let site = repository(
        Site::default(),
        "2/core/latest/x86_64",
        "2/core/x86_64",
        std::slice::from_ref(&common),
    );
    let mut site = repository(
        site,
        "2/core/latest/aarch64",
        "2/core/aarch64",
        &[common, only],
    );
    assert_eq!(
        lines(&site.read_feed("aws/AL2/core", &settings())),
        [
            "amzn:2 common CVE-2023-0001 affected <1-1",
            "amzn:2 only CVE-2023-0001 affected <1-1",
        ]
    );
}

#[test]
fn the_page_of_a_bulletin_leaves_out_the_number_of_the_release() {
    for (list, path, id, page) in [
        (
            "2018.03/updates/x86_64",
            "a",
            "ALAS-2011-1",
            "ALAS-2011-1.html",
        ),
        (
            "2/core/latest/x86_64",
            "b",
            "ALAS2-2018-939",
            "AL2/ALAS-2018-939.html",
        ),
        (
            "2/core/latest/x86_64",
            "b",
            "ALAS2LIVEPATCH-2021-049",
            "AL2/ALASLIVEPATCH-2021-049.html",
        ),
        (
            "al2023/core/mirrors/latest/x86_64",
            "c",
            "ALAS2023-2023-001",
            "AL2023/ALAS-2023-001.html",
        ),
    ] {
        let updates = [bulletin(id, "a", "1-1", &["x86_64"])];
        let mut site = repository(Site::default(), list, path, &updates);
        let feed = names(&mut site).remove(0);
        let sink = site.read_feed(&feed, &settings());
        assert_eq!(
            sink.advisories[0].details.references[0],
            format!("https://alas.aws.amazon.com/{page}")
        );
    }
}

#[test]
fn without_a_mirror_the_addresses_of_the_lists_are_used_as_they_are() {
    let content = gzip(&document(&[bulletin("ALAS-1", "a", "1-1", &["x86_64"])]));
    let folder = "http://packages.us-west-2.amazonaws.com/2018.03/updates/c539/x86_64";
    let mut site = Site::default()
        .with(
            "http://repo.us-west-2.amazonaws.com/2018.03/updates/x86_64/mirror.list",
            format!("http://dead.test/x\n\n# no address\n{folder}\n"),
        )
        .with(
            format!("{folder}/repodata/repomd.xml"),
            repomd(&listed("repodata/updateinfo.xml.gz", &sha256(&content))),
        )
        .with(format!("{folder}/repodata/updateinfo.xml.gz"), content);
    let settings = Settings {
        aws: AmazonSettings::default(),
        ..settings()
    };
    let sink = site.read_feed("aws/AL1/updates", &settings);
    assert_eq!(sink.advisories.len(), 1);
}

#[test]
fn a_repository_without_updateinfo_is_no_feed() {
    let mut site = core()
        .with(
            format!("{BASE}/2018.03/main/x86_64/mirror.list"),
            "http://a.test/main\n",
        )
        .with(format!("{BASE}/main/repodata/repomd.xml"), repomd(""));
    assert_eq!(names(&mut site), ["aws/AL2/core"]);
}

#[test]
fn a_repository_in_trouble_fails_for_itself() {
    let mut site = with_catalog(core(), r#"{"topics":[{"n":"docker"},{"n":"nginx1"}]}"#);
    let updates = [bulletin("ALAS-1", "a", "1-1", &["x86_64"])];
    site = repository(
        site,
        "2/extras/nginx1/latest/x86_64",
        "2/extras/nginx1/x",
        &updates,
    );
    site.broken = Some("/docker/");
    let feeds = site.discover("aws", &settings());
    let names: Vec<&str> = feeds.iter().map(|feed| feed.name()).collect();
    assert_eq!(
        names,
        [
            "aws/AL2/core",
            "aws/AL2/extras-docker",
            "aws/AL2/extras-nginx1"
        ]
    );
    let error = feeds[1]
        .parse(&mut site, &mut Collected::default())
        .unwrap_err();
    assert!(
        chain(&error).ends_with("connection refused"),
        "{}",
        chain(&error)
    );
    assert_eq!(
        feeds[1].documents()[0].url,
        "https://amazon.test/2/extras/docker/latest/x86_64/mirror.list"
    );
}

#[test]
fn a_catalog_that_cannot_be_read_is_a_feed_that_fails() {
    for catalog in ["<html>", "{}", r#"{"topics":7}"#] {
        let mut site = with_catalog(core(), catalog);
        assert_eq!(names(&mut site), ["aws/AL2/core", "aws/AL2/extras"]);
    }
    assert_eq!(names(&mut core()), ["aws/AL2/core"]);
}

#[test]
fn a_topic_is_no_way_out_of_the_folder() {
    let mut site = with_catalog(
        core(),
        r#"{"topics":[{"n":"../core"},{"n":".."},{"n":"a/b"},{"n":""}]}"#,
    );
    assert_eq!(names(&mut site), ["aws/AL2/core"]);
}

#[test]
fn a_list_without_a_working_mirror_is_a_failure_and_not_an_absence() {
    for list in ["", "http://a.test/nothing\n", "../x\n"] {
        let mut site = core().with(format!("{BASE}/2018.03/updates/x86_64/mirror.list"), list);
        assert_eq!(
            names(&mut site),
            ["aws/AL1/updates", "aws/AL2/core"],
            "{list}"
        );
        let feeds = site.discover("aws", &settings());
        let outcome = feeds[0].parse(&mut site, &mut Collected::default());
        assert!(outcome.is_err());
    }
}

#[test]
fn an_updateinfo_outside_of_its_repository_is_not_read() {
    for href in [
        "../../x.xml",
        "/etc/x.xml",
        "http://evil.test/x.xml",
        "a//b",
        "",
    ] {
        let mut site = core()
            .with(
                format!("{BASE}/2018.03/updates/x86_64/mirror.list"),
                "http://a.test/x\n",
            )
            .with(
                format!("{BASE}/x/repodata/repomd.xml"),
                repomd(&listed(href, "")),
            );
        assert_eq!(names(&mut site), ["aws/AL2/core"], "{href}");
    }
}

#[test]
fn a_document_with_another_checksum_is_refused() {
    let mut site = core();
    let feeds = site.discover("aws", &settings());
    let url = feeds[0].documents()[0].url.clone();
    let mut site = site.with(&*url, gzip(&document(&[])));
    let mut sink = Collected::default();
    let error = feeds[0].parse(&mut site, &mut sink).unwrap_err();
    assert!(
        chain(&error).contains("its checksum is"),
        "{}",
        chain(&error)
    );
    assert!(sink.advisories.is_empty());
}

#[test]
fn an_address_without_any_release_is_an_error_and_not_an_empty_list() {
    let family = crate::support::family("aws");
    let error = family.discover(&mut Site::default()).err().unwrap();
    assert_eq!(chain(&error), "no aws feed found at: https://amazon.test");
}
