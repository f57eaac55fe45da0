//! OSV's databases of languages, read whole.

use std::fs;

use limpid_feed::{Collected, MemoryDocuments, Probe, ProbeError, Settings, Tally, families};

use crate::limpid::data;

const HOST: &str = "osv-vulnerabilities.storage.googleapis.com";

/// The recorded folder as a server.
struct Recorded;

impl Probe for Recorded {
    fn exists(&mut self, url: &str) -> Result<bool, ProbeError> {
        Ok(path(url).is_file())
    }

    fn read(&mut self, url: &str, _max_bytes: usize) -> Result<Option<Vec<u8>>, ProbeError> {
        Ok(fs::read(path(url)).ok())
    }
}

fn path(url: &str) -> std::path::PathBuf {
    let rest = url.split_once(HOST).unwrap().1;
    data("feeds").join(HOST).join(rest.trim_start_matches('/'))
}

/// Each database: feed, entries that are withdrawn, statements about packages, versions that are
/// listed and in no range, and what cannot be read because its fix is no version of the ecosystem
/// (`2019-09-12` and `0.2.0-n653` are not versions by PEP 440).
const DATABASES: [(&str, u64, u64, usize, &[&str]); 6] = [
    ("osv/go", 17, 6106, 0, &[]),
    ("osv/maven", 1, 301, 2, &[]),
    (
        "osv/pypi",
        10,
        2649,
        118,
        &["PYSEC-2019-125", "PYSEC-2021-371"],
    ),
    ("osv/rubygems", 0, 1230, 0, &[]),
    ("osv/crates.io", 9, 705, 0, &[]),
    ("osv/npm", 0, 467, 0, &[]),
];

#[test]
fn every_recorded_database_of_osv_is_read_whole() {
    let families = families(&Settings::default());
    let osv = families.iter().find(|it| it.name() == "osv").unwrap();
    let feeds = osv.discover(&mut Recorded).unwrap();
    let names: Vec<&str> = feeds.iter().map(|feed| feed.name()).collect();
    let mut expected: Vec<&str> = DATABASES.iter().map(|database| database.0).collect();
    expected.sort_unstable_by_key(|name| names.iter().position(|it| it == name));
    assert_eq!(names, expected);
    for (name, withdrawn, advisories, listed, quarantined) in DATABASES {
        let feed = feeds.iter().find(|feed| feed.name() == name).unwrap();
        let url = feed.documents().remove(0).url;
        let bytes = fs::read(path(&url)).unwrap();
        let mut sink = Collected::default();
        let mut documents = MemoryDocuments::default().with(url, bytes);
        let tally = feed.parse(&mut documents, &mut sink).unwrap();
        let expected = Tally {
            advisories,
            quarantined: quarantined.len() as u64,
            withdrawn,
        };
        assert_eq!(tally, expected, "{name}");
        let enumerated = sink
            .advisories
            .iter()
            .map(|it| it.versions.enumerated.len());
        assert_eq!(enumerated.sum::<usize>(), listed, "{name}");
        let ids: Vec<&str> = sink.quarantined.iter().map(|it| &*it.id).collect();
        assert_eq!(ids, quarantined, "{name}");
    }
}
