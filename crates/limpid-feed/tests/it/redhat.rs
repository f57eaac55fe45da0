use std::io::Cursor;

use limpid_feed::{
    Archive, Collected, Collection, Contents, FeedError, MemoryDocuments, RedHatMappingSettings,
    RedHatVexSettings, Settings, Tally, families,
};
use limpid_testkit::layer::{LayerBuilder, zstd};
use serde_json::json;

use crate::support::{Server, chain, quarantined};
use crate::vex::{RHEL, Vex, feed};

const BASE: &str = "https://vex.test/feed";

fn listings(archive: &str, changes: &str, deletions: &str) -> MemoryDocuments {
    MemoryDocuments::default()
        .with(format!("{BASE}/archive_latest.txt"), archive)
        .with(format!("{BASE}/changes.csv"), changes)
        .with(format!("{BASE}/deletions.csv"), deletions)
}

fn contents(mut listings: MemoryDocuments) -> Result<Contents, FeedError> {
    feed(|_| {}).collection().unwrap().contents(&mut listings)
}

fn members(contents: &Contents) -> Vec<(&str, &str)> {
    let members = contents.members.iter();
    members.map(|(member, time)| (&**member, &**time)).collect()
}

#[test]
fn the_listings_tell_what_there_is() {
    let found = contents(listings(
        "csaf_vex_2025-03-01.tar.zst\n",
        "\"2024/cve-2024-1.json\",\"2025-03-04T06:17:00+00:00\"\n\
         2011/cve-2011-2.json,2025-01-01T00:00:00Z\r\n\n",
        "\"2023/cve-2023-30.json\",\"2025-04-02T08:09:10+00:00\"\n",
    ))
    .unwrap();
    assert_eq!(
        found.archive,
        Some(Archive {
            url: format!("{BASE}/csaf_vex_2025-03-01.tar.zst"),
            complete_until: "2025-02-28T00:00:00Z".into(),
        })
    );
    assert_eq!(
        members(&found),
        [
            ("2011/cve-2011-2.json", "2025-01-01T00:00:00Z"),
            ("2024/cve-2024-1.json", "2025-03-04T06:17:00+00:00"),
        ]
    );
    assert!(found.deleted.contains("2023/cve-2023-30.json"));
}

#[test]
fn what_is_in_both_lists_is_what_the_later_one_says() {
    let found = contents(listings(
        "csaf_vex_2025-03-01.tar.zst",
        "2024/cve-2024-1.json,2025-03-04T00:00:00+00:00\n\
         2024/cve-2024-2.json,2025-03-04T00:00:00+00:00\n\
         2024/cve-2024-1.json,2025-03-01T00:00:00+00:00\n",
        "2024/cve-2024-1.json,2025-03-04T02:00:00+03:00\n\
         2024/cve-2024-2.json,2025-03-05T00:00:00+00:00\n",
    ))
    .unwrap();
    assert_eq!(
        members(&found),
        [("2024/cve-2024-1.json", "2025-03-04T00:00:00+00:00")]
    );
    assert_eq!(found.deleted.len(), 1);
}

#[test]
fn a_source_without_an_archive_and_without_deletions_is_one() {
    let listings = MemoryDocuments::default().with(
        format!("{BASE}/changes.csv"),
        "2024/cve-2024-1.json,2025-03-04T00:00:00Z",
    );
    let found = contents(listings).unwrap();
    assert_eq!((found.archive, found.members.len()), (None, 1));
    assert!(contents(MemoryDocuments::default()).is_err());
}

#[test]
fn bad_lines_are_passed_by_and_a_page_is_no_list() {
    let good =
        "2024/cve-2024-1.json,2025-03-04T00:00:00Z\n2024/cve-2024-2.json,2025-03-04T00:00:00Z\n";
    for bad in [
        "2024/cve-2024-3.json,yesterday\n",
        "../../etc/passwd,2025-03-04T00:00:00Z\n",
        "2024/cve-2024-3.json\n",
        "\"2024/cve-2024-3.json\",\"2025-03-04",
    ] {
        let found = contents(listings(
            "x_2025-03-01.tar.zst",
            &format!("{good}{bad}"),
            "",
        ));
        assert_eq!(found.unwrap().members.len(), 2, "{bad}");
    }
    let error = contents(listings(
        "x_2025-03-01.tar.zst",
        "<html>\n<p>Bad gateway</p>",
        "",
    ));
    assert_eq!(
        chain(&error.unwrap_err()),
        format!(
            "cannot use document: {BASE}/changes.csv: not a list of documents: begins with \"<html>\""
        )
    );
}

#[test]
fn a_line_without_end_is_not_held() {
    let long = "x".repeat(3_000_000);
    assert!(contents(listings("x_2025-03-01.tar.zst", &long, "")).is_err());
}

#[test]
fn the_name_of_the_archive_has_a_date_and_nothing_odd() {
    for name in [
        "",
        "latest.tar.zst",
        "a/../b_2025-03-01.tar.zst",
        "<html>2025-03-01",
    ] {
        let error = contents(listings(name, "", "")).unwrap_err();
        assert!(chain(&error).contains("the name of an archive"), "{name}");
    }
}

#[test]
fn members_have_addresses_and_ids() {
    let feed = feed(|_| {});
    let collection = feed.collection().unwrap();
    let member = "2024/cve-2024-57083.json";
    assert_eq!(collection.address(member), format!("{BASE}/{member}"));
    assert_eq!(collection.id(member), "CVE-2024-57083");
    assert!(
        feed.parse(&mut MemoryDocuments::default(), &mut Collected::default())
            .is_err()
    );
}

fn document(id: &str) -> String {
    let mut vex = Vex::new()
        .says("known_affected", RHEL, "pkg:rpm/redhat/zlib")
        .member("cve", json!(id));
    vex.header["tracking"]["id"] = json!(id);
    vex.to_json().to_string()
}

/// Reads an archive and returns what was handed over.
fn read_archive(
    archive: Vec<u8>,
    is_wanted: impl Fn(&str) -> bool,
) -> Result<(Tally, Collected), String> {
    let feed = feed(|_| {});
    let collection: &dyn Collection = feed.collection().unwrap();
    let mut sink = Collected::default();
    let tally = collection
        .parse_archive(
            "https://vex.test/feed/a.tar.zst",
            Box::new(Cursor::new(archive)),
            &mut |member| is_wanted(member),
            &mut sink,
        )
        .map_err(|error| chain(&error))?;
    Ok((tally, sink))
}

fn archive() -> Vec<u8> {
    let tar = LayerBuilder::new()
        .directory("2024/")
        .file("2024/cve-2024-1.json", document("CVE-2024-1"))
        .file("2024/cve-2024-2.json", document("CVE-2024-2"))
        .file("2024/cve-2024-3.json", "<html>")
        .file("README", "about")
        .file("./2023/cve-2023-4.json", document("CVE-2023-4"));
    tar.build()
}

#[test]
fn an_archive_gives_the_members_that_are_wanted() {
    for bytes in [archive(), zstd(&archive())] {
        let (tally, sink) = read_archive(bytes, |member| member != "2024/cve-2024-2.json").unwrap();
        let ids: Vec<&str> = sink.advisories.iter().map(|known| &*known.id).collect();
        assert_eq!(ids, ["CVE-2024-1", "CVE-2023-4"]);
        assert_eq!((tally.advisories, tally.quarantined), (2, 1));
        assert_eq!(sink.quarantined[0].id, "CVE-2024-3");
        let own = "https://vex.test/feed/2023/cve-2023-4.json";
        assert_eq!(sink.advisories[1].details.references, [own]);
    }
}

#[test]
fn an_archive_that_is_cut_off_or_none_is_an_error() {
    let whole = zstd(&archive());
    for length in [0, 3, 20, whole.len() / 2, whole.len() - 1] {
        assert!(
            read_archive(whole[..length].to_vec(), |_| true).is_err(),
            "{length}"
        );
    }
    let error = read_archive(b"<html>Not found</html>".to_vec(), |_| true).unwrap_err();
    assert!(error.contains("not a tar archive"), "{error}");
    let empty = LayerBuilder::new().file("README", "about").build();
    assert!(read_archive(empty, |_| true).is_err());
}

fn mapping(name: &str, document: &str) -> Result<Collected, String> {
    let settings = Settings {
        rhel_mapping: RedHatMappingSettings {
            repo2cpe_mapping_url: "https://mapping.test/r".into(),
            name2repos_mapping_url: "https://mapping.test/c".into(),
        },
        ..Settings::default()
    };
    let feed = families(&settings)
        .iter()
        .find(|family| family.name() == "rhel-mapping")
        .unwrap()
        .discover(&mut Server::default())
        .unwrap()
        .into_iter()
        .find(|feed| feed.name() == name)
        .unwrap();
    let mut documents =
        MemoryDocuments::default().with(feed.documents().remove(0).url, document.as_bytes());
    let mut sink = Collected::default();
    feed.parse(&mut documents, &mut sink)
        .map_err(|error| chain(&error))?;
    Ok(sink)
}

fn notes(sink: &Collected) -> Vec<(&str, &str, &str)> {
    let notes = sink.notes.iter();
    notes
        .map(|note| (&*note.table, &*note.key, &*note.value))
        .collect()
}

#[test]
fn repositories_are_mapped_to_products() {
    let document = json!({"data": {
        "rhel-9-for-x86_64-baseos-rpms": {
            "cpes": ["cpe:/o:redhat:enterprise_linux:9::baseos", "cpe:/a:redhat:enterprise_linux:9::crb"],
            "repo_relative_urls": ["content/dist/rhel9"],
        },
        "half": {"cpes": ["cpe:/o:redhat:enterprise_linux:8", "what"]},
        "nothing": {"cpes": []},
        "wrong": {"cpes": 7},
    }});
    let sink = mapping("rhel-repository-mapping", &document.to_string()).unwrap();
    assert_eq!(
        notes(&sink),
        [
            (
                "repository-to-cpe",
                "half",
                "cpe:/o:redhat:enterprise_linux:8"
            ),
            (
                "repository-to-cpe",
                "rhel-9-for-x86_64-baseos-rpms",
                "cpe:/o:redhat:enterprise_linux:9::baseos\ncpe:/a:redhat:enterprise_linux:9::crb"
            ),
        ]
    );
    let ids: Vec<&str> = quarantined(&sink).iter().map(|(id, _)| *id).collect();
    assert_eq!(ids, ["half", "wrong"]);
}

#[test]
fn names_of_images_are_mapped_to_paths() {
    let document = json!({"data": {"ubi9-container": ["ubi9", "ubi9/ubi"]}}).to_string();
    let sink = mapping("rhel-container-names", &document).unwrap();
    assert_eq!(
        notes(&sink),
        [(
            "container-name-to-repositories",
            "ubi9-container",
            "ubi9\nubi9/ubi"
        )]
    );
}

#[test]
fn a_mapping_that_is_none_is_an_error() {
    for (document, expected) in [
        ("<html>", "not JSON"),
        ("{}", "no member with the name \"data\""),
        (r#"{"data": []}"#, "no member with the name \"data\""),
        (r#"{"data": {"a": {"cpes": []"#, "truncated"),
    ] {
        for name in ["rhel-repository-mapping", "rhel-container-names"] {
            let error = mapping(name, document).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }
}

#[test]
fn settings_are_those_of_clair() {
    let settings: RedHatVexSettings = serde_json::from_value(json!({
        "url": "https://mirror.test/",
        "compressed_file_timeout": "2m",
        "ignore_kernel_packages": true,
        "fixed_in_version_cel": "",
    }))
    .unwrap();
    assert!(settings.ignore_kernel_packages);
    for (member, value) in [("fixed_in_version_cel", "version"), ("surprise", "x")] {
        let settings = serde_json::from_value::<RedHatVexSettings>(json!({member: value}));
        let error = settings.unwrap_err().to_string();
        assert!(error.contains(member), "{error}");
    }
    let settings: RedHatVexSettings = serde_json::from_value(json!({})).unwrap();
    assert_eq!(settings, RedHatVexSettings::default());
}

#[test]
fn the_newer_of_red_hats_folders_is_read_where_it_is() {
    let changes = |folder: &str| {
        format!("https://security.access.redhat.com/data/csaf/v2/{folder}/changes.csv")
    };
    let found = |folders: &[&str]| {
        let mut server = Server {
            urls: folders.iter().map(|folder| changes(folder)).collect(),
            ..Server::default()
        };
        let family = families(&Settings::default())
            .into_iter()
            .find(|family| family.name() == "rhel-vex")
            .unwrap();
        let feeds = family.discover(&mut server);
        feeds.map(|feeds| feeds[0].documents()[1].url.clone())
    };
    assert_eq!(found(&["vex", "vex-feed"]).unwrap(), changes("vex-feed"));
    assert_eq!(found(&["vex"]).unwrap(), changes("vex"));
    assert_eq!(
        found(&[]).unwrap_err().to_string(),
        "no rhel-vex feed found at: https://security.access.redhat.com/data/csaf/v2/vex-feed"
    );
}
