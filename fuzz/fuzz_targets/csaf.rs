//! A VEX document of any shape, an archive of documents and the lists of them: no panic, and what
//! is read has a package of a product.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use limpid_feed::{Collected, MemoryDocuments, Probe, ProbeError, Settings, families};

/// A server that nobody asks.
struct Silent;

impl Probe for Silent {
    fn exists(&mut self, _url: &str) -> Result<bool, ProbeError> {
        Ok(false)
    }

    fn read(&mut self, _url: &str, _max_bytes: usize) -> Result<Option<Vec<u8>>, ProbeError> {
        Ok(None)
    }
}

fuzz_target!(|data: &[u8]| {
    let mut settings = Settings::default();
    settings.rhel_vex.url = Some("https://vex.test".into());
    let families = families(&settings);
    let family = families.iter().find(|family| family.name() == "rhel-vex");
    let family = family.expect("the family is known");
    let feeds = family.discover(&mut Silent).expect("nothing is asked");
    let collection = feeds[0].collection().expect("there are many documents");

    let mut sink = Collected::default();
    collection
        .parse_member("2024/cve-2024-1.json", data, &mut sink)
        .expect("a bad document costs itself");
    for advisory in &sink.advisories {
        assert_eq!(advisory.id, "CVE-2024-1");
        assert!(advisory.namespace.starts_with("redhat:"));
        assert!(!advisory.package.name.is_empty() && !advisory.package.cpes.is_empty());
    }

    let mut sink = Collected::default();
    let archive = Box::new(Cursor::new(data.to_vec()));
    let _ = collection.parse_archive("archive", archive, &mut |_| true, &mut sink);

    let mut listings = MemoryDocuments::default();
    for listing in collection.listings() {
        listings = listings.with(listing.url, data);
    }
    if let Ok(contents) = collection.contents(&mut listings) {
        for member in contents.members.keys() {
            assert!(member.starts_with(|first: char| first.is_ascii_digit()));
            assert!(collection.id(member).starts_with("CVE-"));
        }
    }
});
