use limpid_feed::{Collected, Feed, MemoryDocuments, OsvSettings, Settings};

use crate::support::{Server, chain, family, family_of, settings};

const FIRST: &str = "https://secdb.test/v3.3/main.json";

fn names(family_name: &str, server: &mut Server) -> Vec<String> {
    let feeds = family(family_name).discover(server).unwrap();
    feeds.iter().map(|feed| feed.name().to_owned()).collect()
}

fn main_of(releases: &[&str]) -> Vec<String> {
    let url = |release: &&str| format!("https://secdb.test/{release}/main.json");
    releases.iter().map(url).collect()
}

fn found(releases: &[&str]) -> Vec<String> {
    let urls = main_of(releases);
    let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
    names("alpine", &mut Server::with(&urls))
}

#[test]
fn alpine_has_one_feed_per_release_and_edge() {
    assert_eq!(
        found(&["v3.3", "v3.4", "edge"]),
        ["alpine/v3.3", "alpine/v3.4", "alpine/edge"]
    );
}

#[test]
fn a_mirror_may_have_only_some_alpine_releases() {
    assert_eq!(found(&["v3.18", "v3.20"]), ["alpine/v3.18", "alpine/v3.20"]);
    assert_eq!(found(&["edge"]), ["alpine/edge"]);
}

#[test]
fn alpine_releases_end_where_four_in_a_row_are_missing() {
    assert_eq!(
        found(&["v3.3", "v3.7", "v3.12"]),
        ["alpine/v3.3", "alpine/v3.7"]
    );
}

#[test]
fn a_server_that_has_everything_does_not_keep_the_search_going() {
    struct Everything;
    impl limpid_feed::Probe for Everything {
        fn exists(&mut self, _url: &str) -> Result<bool, limpid_feed::ProbeError> {
            Ok(true)
        }
        fn read(
            &mut self,
            _url: &str,
            _max_bytes: usize,
        ) -> Result<Option<Vec<u8>>, limpid_feed::ProbeError> {
            Ok(Some(Vec::new()))
        }
    }
    let feeds = family("alpine").discover(&mut Everything).unwrap();
    assert_eq!(feeds.len(), 198);
}

#[test]
fn an_address_without_any_alpine_release_is_an_error_and_not_an_empty_list() {
    let error = family("alpine")
        .discover(&mut Server::default())
        .err()
        .unwrap();
    assert_eq!(chain(&error), "no alpine feed found at: https://secdb.test");
}

#[test]
fn a_server_that_is_down_is_not_the_end_of_the_releases() {
    let mut server = Server::with(&[FIRST]);
    server.is_down = true;
    let error = family("alpine").discover(&mut server).err().unwrap();
    assert_eq!(
        chain(&error),
        format!(
            "cannot tell whether there is a feed at: {FIRST}: no usable answer: connection refused"
        )
    );
}

#[test]
fn an_alpine_release_needs_both_repositories() {
    let feeds = family("alpine")
        .discover(&mut Server::with(&[FIRST]))
        .unwrap();
    let documents: Vec<(String, bool)> = feeds[0]
        .documents()
        .into_iter()
        .map(|document| (document.url, document.is_required))
        .collect();
    assert_eq!(
        documents,
        [
            (FIRST.to_owned(), true),
            ("https://secdb.test/v3.3/community.json".to_owned(), true),
        ]
    );
}

#[test]
fn debian_is_one_feed_that_nobody_needs_to_be_asked_for() {
    let mut server = Server {
        is_down: true,
        ..Server::default()
    };
    assert_eq!(names("debian", &mut server), ["debian"]);
}

fn osv_feeds(ecosystems: &[&str]) -> Vec<Box<dyn Feed>> {
    let settings = Settings {
        osv: OsvSettings {
            allowlist: ecosystems.iter().map(|&name| name.to_owned()).collect(),
            ..settings().osv
        },
        ..settings()
    };
    family_of(&settings, "osv")
        .discover(&mut Server::default())
        .unwrap()
}

#[test]
fn osv_gives_a_feed_per_distribution_and_per_ecosystem_of_the_settings() {
    let addresses: Vec<(String, String)> = osv_feeds(&["rocky linux", "openSUSE"])
        .iter()
        .map(|feed| (feed.name().to_owned(), feed.documents()[0].url.clone()))
        .collect();
    let expected = [
        ("osv/almalinux", "AlmaLinux"),
        ("osv/mageia", "Mageia"),
        ("osv/rocky-linux", "Rocky%20Linux"),
        ("osv/openeuler", "openEuler"),
        ("osv/opensuse", "openSUSE"),
    ];
    let expected =
        expected.map(|(name, path)| (name.into(), format!("https://osv.test/{path}/all.zip")));
    assert_eq!(addresses, expected);
}

#[test]
fn an_ecosystem_whose_versions_cannot_be_compared_fails_for_itself() {
    let feeds = osv_feeds(&["PyPI", "Debian"]);
    let names: Vec<_> = feeds.iter().map(|feed| feed.name()).collect();
    assert_eq!(names[4..], ["osv/debian", "osv/pypi"]);
    let mut documents = MemoryDocuments::default();
    let error = feeds[5]
        .parse(&mut documents, &mut Collected::default())
        .unwrap_err();
    assert_eq!(chain(&error), "no version scheme for ecosystem: PyPI");
}
