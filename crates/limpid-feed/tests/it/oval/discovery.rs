use limpid_feed::{OracleSettings, Probe, ProbeError, Settings, families};

use crate::support::{Server, chain, family, settings};

fn names(family_name: &str, urls: &[&str]) -> Vec<String> {
    let feeds = family(family_name)
        .discover(&mut Server::with(urls))
        .unwrap();
    feeds.iter().map(|feed| feed.name().to_owned()).collect()
}

fn url_of(family_name: &str, urls: &[&str]) -> String {
    let feeds = family(family_name)
        .discover(&mut Server::with(urls))
        .unwrap();
    feeds[0].documents()[0].url.clone()
}

#[test]
fn oracle_has_one_feed_per_year_until_three_are_missing() {
    let url = |year: u32| format!("https://oracle.test/oval/com.oracle.elsa-{year}.xml.bz2");
    let urls: Vec<String> = [2007, 2008, 2011, 2015].map(url).to_vec();
    let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
    assert_eq!(
        names("oracle", &urls),
        ["oracle/2007", "oracle/2008", "oracle/2011"]
    );
    assert_eq!(names("oracle", &[&url(2026)]), ["oracle/2026"]);
}

#[test]
fn oracle_may_be_one_document() {
    let settings = Settings {
        oracle: OracleSettings {
            all_in_one: true,
            ..settings().oracle
        },
        ..settings()
    };
    let families = families(&settings);
    let oracle = families
        .iter()
        .find(|family| family.name() == "oracle")
        .unwrap();
    let feeds = oracle.discover(&mut Server::default()).unwrap();
    assert_eq!(feeds.len(), 1);
    assert_eq!(
        feeds[0].documents()[0].url,
        "https://oracle.test/oval/com.oracle.elsa-all.xml.bz2"
    );
}

#[test]
fn photon_and_azure_linux_have_one_feed_per_release() {
    assert_eq!(
        names(
            "photon",
            &[
                "https://photon.test/oval/com.vmware.phsa-photon3.xml",
                "https://photon.test/oval/com.vmware.phsa-photon5.xml",
            ]
        ),
        ["photon/3.0", "photon/5.0"]
    );
    assert_eq!(
        names(
            "azure",
            &[
                "https://azure.test/main/cbl-mariner-2.0-oval.xml",
                "https://azure.test/main/azurelinux-3.0-oval.xml",
                "https://azure.test/main/azurelinux-4.0-oval.xml",
            ]
        ),
        [
            "azure/mariner-2.0",
            "azure/azurelinux-3.0",
            "azure/azurelinux-4.0"
        ]
    );
}

#[test]
fn a_source_without_any_document_is_an_error_and_not_an_empty_list() {
    for (name, url) in [
        ("oracle", "https://oracle.test/oval"),
        ("photon", "https://photon.test/oval"),
        ("suse", "https://suse.test/oval"),
        ("azure", "https://azure.test/main"),
    ] {
        let error = family(name).discover(&mut Server::default()).err().unwrap();
        assert_eq!(chain(&error), format!("no {name} feed found at: {url}"));
    }
}

/// A folder that lists some files and has some more.
struct Folder {
    listing: (&'static str, &'static str),
    hidden: &'static str,
}

impl Probe for Folder {
    fn exists(&mut self, url: &str) -> Result<bool, ProbeError> {
        Ok(url.ends_with(self.hidden))
    }

    fn read(&mut self, url: &str, _max_bytes: usize) -> Result<Option<Vec<u8>>, ProbeError> {
        let (name, page) = self.listing;
        Ok((url == format!("https://suse.test/oval/{name}")).then(|| page.into()))
    }
}

#[test]
fn suse_has_the_lines_that_its_folder_lists_and_the_ones_that_it_has_in_secret() {
    let page = r#"<a href="opensuse.leap.15.6-affected.xml.gz">x</a>
        <a href="opensuse.leap.15.6.xml.gz">x</a> <a href="suse.manager.5.0.xml.gz">x</a>"#;
    for name in ["", "index.html"] {
        let mut folder = Folder {
            listing: (name, page),
            hidden: "/opensuse.leap.15.3.xml.gz",
        };
        let feeds = family("suse").discover(&mut folder).unwrap();
        let addresses: Vec<(String, String)> = feeds
            .iter()
            .map(|feed| (feed.name().to_owned(), feed.documents()[0].url.clone()))
            .collect();
        assert_eq!(
            addresses,
            [
                (
                    "suse/opensuse.leap.15.6".to_owned(),
                    "https://suse.test/oval/opensuse.leap.15.6-affected.xml.gz".to_owned()
                ),
                (
                    "suse/opensuse.leap.15.3".to_owned(),
                    "https://suse.test/oval/opensuse.leap.15.3.xml.gz".to_owned()
                ),
            ]
        );
    }
}

#[test]
fn a_server_that_has_everything_does_not_keep_the_search_going() {
    struct Everything;
    impl Probe for Everything {
        fn exists(&mut self, _url: &str) -> Result<bool, ProbeError> {
            Ok(true)
        }
        fn read(&mut self, _url: &str, _max: usize) -> Result<Option<Vec<u8>>, ProbeError> {
            Ok(Some(Vec::new()))
        }
    }
    for (name, count) in [("oracle", 93), ("photon", 30), ("azure", 20), ("suse", 18)] {
        let feeds = family(name).discover(&mut Everything).unwrap();
        assert_eq!(feeds.len(), count, "{name}");
    }
}

#[test]
fn addresses_of_folders_may_end_with_a_slash_or_not() {
    assert_eq!(
        url_of(
            "azure",
            &["https://azure.test/main/cbl-mariner-1.0-oval.xml"]
        ),
        "https://azure.test/main/cbl-mariner-1.0-oval.xml"
    );
    assert_eq!(
        url_of(
            "photon",
            &["https://photon.test/oval/com.vmware.phsa-photon1.xml"]
        ),
        "https://photon.test/oval/com.vmware.phsa-photon1.xml"
    );
}
