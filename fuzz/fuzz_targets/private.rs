//! An archive of private advisories of any shape, an index of jars, and a document of any shape in
//! a good archive: no panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use limpid_feed::{Collected, MemoryDocuments, Place, Probe, ProbeError, Settings, families};

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

/// Wraps bytes as the only file of an archive of tar.
fn archive(document: &[u8]) -> Vec<u8> {
    let mut header = [0; 512];
    header[..6].copy_from_slice(b"a.json");
    header[124..136].copy_from_slice(format!("{:011o} ", document.len()).as_bytes());
    header[148..156].fill(b' ');
    header[257..265].copy_from_slice(b"ustar\x0000");
    let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let padding = document.len().next_multiple_of(512) - document.len();
    [&header, document, &vec![0; padding + 1024]].concat()
}

fuzz_target!(|data: &[u8]| {
    let mut settings = Settings::default();
    let place = Place::Path("/document".into());
    settings.private.sources = [("a".to_owned(), place.clone())].into();
    settings.jar_index.place = Some(place);
    for family in families(&settings) {
        let name = family.name();
        if !matches!(name, "private" | "jar-index") {
            continue;
        }
        let feeds = family.discover(&mut Silent).expect("nobody is asked");
        let mut sink = Collected::default();
        let mut documents = MemoryDocuments::default().with("/document", data);
        let _ = feeds[0].parse(&mut documents, &mut sink);
        if name == "private" {
            let mut documents = MemoryDocuments::default().with("/document", archive(data));
            feeds[0]
                .parse(&mut documents, &mut sink)
                .expect("the archive is good");
        }
        for advisory in &sink.advisories {
            assert!(!advisory.id.is_empty() && !advisory.package.name.is_empty());
        }
        for note in &sink.notes {
            assert_eq!(note.key.len(), 40);
        }
    }
});
