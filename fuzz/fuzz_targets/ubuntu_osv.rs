//! An archive of Canonical's OSV records of any shape, and a record of any shape in a good archive: no panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use limpid_feed::{
    Collected, MemoryDocuments, Probe, ProbeError, Settings, UbuntuFormat, families,
};

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

/// Wraps bytes as the only file of a tar archive.
fn archive(document: &[u8]) -> Vec<u8> {
    let mut header = [0; 512];
    let mut put = |at: usize, text: &[u8]| header[at..at + text.len()].copy_from_slice(text);
    put(0, b"UBUNTU-CVE-2024-1000.json");
    put(124, format!("{:011o}", document.len()).as_bytes());
    put(148, b"        ");
    put(156, b"0");
    let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let padding = document.len().next_multiple_of(512) - document.len();
    let end = vec![0; padding + 1024];
    [&header[..], document, &end[..]].concat()
}

fuzz_target!(|data: &[u8]| {
    let mut settings = Settings::default();
    settings.ubuntu.format = UbuntuFormat::Osv;
    let families = families(&settings);
    let family = families
        .iter()
        .find(|family| family.name() == "ubuntu")
        .expect("there is a family for Ubuntu");
    let feeds = family.discover(&mut Silent).expect("nothing is asked");
    let url = feeds[0].documents().remove(0).url;
    let mut sink = Collected::default();
    let mut documents = MemoryDocuments::default().with(&*url, data);
    let _ = feeds[0].parse(&mut documents, &mut sink);
    let mut documents = MemoryDocuments::default().with(&*url, archive(data));
    feeds[0]
        .parse(&mut documents, &mut sink)
        .expect("the archive is good");
    for advisory in &sink.advisories {
        assert!(advisory.namespace.starts_with("ubuntu:"));
        assert!(!advisory.id.is_empty() && !advisory.package.name.is_empty());
    }
});
