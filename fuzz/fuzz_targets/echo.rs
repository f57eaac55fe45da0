//! A document of Echo's advisories of any shape: no panic, and the counts are right.
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

fuzz_target!(|data: &[u8]| {
    let feed = families(&Settings::default())
        .iter()
        .find(|family| family.name() == "echo")
        .expect("the family is known")
        .discover(&mut Silent)
        .expect("nothing is asked")
        .remove(0);
    let url = feed.documents().remove(0).url;
    let mut documents = MemoryDocuments::default().with(url, data);
    let mut sink = Collected::default();
    let outcome = feed.parse(&mut documents, &mut sink);
    for advisory in &sink.advisories {
        assert_eq!(advisory.namespace, "echo:rolling");
        assert!(!advisory.id.is_empty() && !advisory.package.name.is_empty());
    }
    if let Ok(tally) = outcome {
        assert_eq!(tally.advisories, sink.advisories.len() as u64);
        assert_eq!(tally.quarantined, sink.quarantined.len() as u64);
    }
});
