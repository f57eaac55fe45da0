use limpid_feed::{
    Collected, Feed, FeedError, MemoryDocuments, OsvSettings, Probe, ProbeError, Settings,
};

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
    impl Probe for Everything {
        fn exists(&mut self, _url: &str) -> Result<bool, ProbeError> {
            Ok(true)
        }
        fn read(&mut self, _url: &str, _max_bytes: usize) -> Result<Option<Vec<u8>>, ProbeError> {
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

/// A source of OSV's databases with a list and with archives.
struct OsvServer<'a> {
    list: Option<&'a str>,
    folders: &'a [&'a str],
}

impl Probe for OsvServer<'_> {
    fn exists(&mut self, url: &str) -> Result<bool, ProbeError> {
        let folder = url.strip_prefix("https://osv.test/");
        let folder = folder.and_then(|rest| rest.strip_suffix("/all.zip"));
        Ok(folder.is_some_and(|folder| self.folders.contains(&folder)))
    }

    fn read(&mut self, url: &str, _: usize) -> Result<Option<Vec<u8>>, ProbeError> {
        assert_eq!(url, "https://osv.test/ecosystems.txt");
        Ok(self.list.map(|list| list.as_bytes().to_vec()))
    }
}

fn osv_feeds(
    ecosystems: &[&str],
    server: &mut OsvServer<'_>,
) -> Result<Vec<Box<dyn Feed>>, FeedError> {
    let settings = Settings {
        osv: OsvSettings {
            allowlist: ecosystems.iter().map(|&name| name.to_owned()).collect(),
            ..settings().osv
        },
        ..settings()
    };
    family_of(&settings, "osv").discover(server)
}

fn osv_names(ecosystems: &[&str], mut server: OsvServer<'_>) -> Vec<String> {
    let feeds = osv_feeds(ecosystems, &mut server).unwrap();
    feeds.iter().map(|feed| feed.name().to_owned()).collect()
}

#[test]
fn osv_gives_a_feed_per_ecosystem_that_something_can_be_judged_by() {
    let list = "AlmaLinux\nAlmaLinux:9\r\nDebian\nGIT\nRocky Linux:9\ncrates.io\nnpm\nSwiftURL\n";
    let mut server = OsvServer {
        list: Some(list),
        folders: &[],
    };
    let addresses: Vec<(String, String)> = osv_feeds(&[], &mut server)
        .unwrap()
        .iter()
        .map(|feed| (feed.name().to_owned(), feed.documents()[0].url.clone()))
        .collect();
    let expected = [
        ("osv/almalinux", "AlmaLinux"),
        ("osv/rocky-linux", "Rocky%20Linux"),
        ("osv/swifturl", "SwiftURL"),
        ("osv/crates.io", "crates.io"),
        ("osv/npm", "npm"),
    ];
    let expected =
        expected.map(|(name, path)| (name.into(), format!("https://osv.test/{path}/all.zip")));
    assert_eq!(addresses, expected);
}

#[test]
fn osv_loses_no_feed_by_a_list_that_is_short_or_gone() {
    let folders = &["npm", "Mageia", "Debian"];
    for list in [Some("Go"), Some("")] {
        let names = osv_names(&[], OsvServer { list, folders });
        assert!(names.ends_with(&["osv/mageia".into(), "osv/npm".into()]));
    }
    let names = osv_names(
        &[],
        OsvServer {
            list: None,
            folders,
        },
    );
    assert_eq!(names, ["osv/mageia", "osv/npm"]);
}

#[test]
fn the_allowlist_of_osv_is_about_languages() {
    let server = OsvServer {
        list: Some("npm\nPyPI\nMageia"),
        folders: &[],
    };
    assert_eq!(osv_names(&["pypi"], server), ["osv/mageia", "osv/pypi"]);
}

#[test]
fn a_place_without_any_of_osvs_databases_is_an_error() {
    let mut server = OsvServer {
        list: Some("Debian"),
        folders: &[],
    };
    let error = osv_feeds(&[], &mut server).err().unwrap();
    assert_eq!(
        error.to_string(),
        "no osv feed found at: https://osv.test/ecosystems.txt"
    );
}

#[test]
fn an_ecosystem_that_nothing_can_be_judged_by_fails_for_itself() {
    let mut server = OsvServer {
        list: Some("Go\nPyPI"),
        folders: &[],
    };
    let feeds = osv_feeds(&["PyPI", "Debian"], &mut server).unwrap();
    let names: Vec<_> = feeds.iter().map(|feed| feed.name()).collect();
    assert_eq!(names, ["osv/pypi", "osv/debian"]);
    let mut documents = MemoryDocuments::default();
    let error = feeds[1]
        .parse(&mut documents, &mut Collected::default())
        .unwrap_err();
    assert_eq!(chain(&error), "nothing can be judged by ecosystem: Debian");
}
