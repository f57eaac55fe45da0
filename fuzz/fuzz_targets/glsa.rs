//! A GLSA of any shape in a good archive: no panic, and the counts are right.
#![no_main]

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

/// Wraps bytes as the only file of an archive.
fn archive(content: &[u8]) -> Vec<u8> {
    const BLOCK: usize = 512;
    let mut header = [0_u8; BLOCK];
    let mut put = |at: usize, text: &[u8]| {
        for (target, &byte) in header[at..].iter_mut().zip(text) {
            *target = byte;
        }
    };
    put(0, b"glsa-202301-01.xml");
    put(124, format!("{:011o}", content.len()).as_bytes());
    put(148, b"        ");
    put(156, b"0");
    let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
    for (target, byte) in header[148..]
        .iter_mut()
        .zip(format!("{sum:06o}\0 ").bytes())
    {
        *target = byte;
    }
    let padding = vec![0; content.len().next_multiple_of(BLOCK) - content.len()];
    [&header, content, &padding, &[0; 2 * BLOCK]].concat()
}

fuzz_target!(|data: &[u8]| {
    let feed = families(&Settings::default())
        .iter()
        .find(|family| family.name() == "gentoo")
        .expect("the family is known")
        .discover(&mut Silent)
        .expect("nothing is asked")
        .remove(0);
    let url = feed.documents().remove(0).url;
    let mut documents = MemoryDocuments::default().with(url, archive(data));
    let mut sink = Collected::default();
    let outcome = feed.parse(&mut documents, &mut sink);
    for advisory in &sink.advisories {
        assert_eq!(advisory.namespace, "gentoo:rolling");
        assert!(!advisory.id.is_empty() && !advisory.package.name.is_empty());
    }
    let tally = outcome.expect("the archive is good");
    assert_eq!(tally.advisories, sink.advisories.len() as u64);
    assert_eq!(tally.quarantined, sink.quarantined.len() as u64);
});
