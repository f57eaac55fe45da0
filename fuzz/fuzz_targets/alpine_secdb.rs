//! A secdb document of any shape: no panic, and every advisory belongs to the release.
#![no_main]

use libfuzzer_sys::fuzz_target;
use limpid_feed::{Collected, Family, MemoryDocuments, Probe, ProbeError, Settings, families};

/// A server that has nothing but the oldest release.
struct OldestRelease;

impl Probe for OldestRelease {
    fn exists(&mut self, url: &str) -> Result<bool, ProbeError> {
        Ok(url.ends_with("/v3.3/main.json"))
    }

    fn read(&mut self, _url: &str, _max_bytes: usize) -> Result<Option<Vec<u8>>, ProbeError> {
        Ok(None)
    }
}

fuzz_target!(|data: &[u8]| {
    let families = families(&Settings::default());
    let alpine: &dyn Family = families
        .iter()
        .find(|family| family.name() == "alpine")
        .expect("there is such a family")
        .as_ref();
    let feeds = alpine
        .discover(&mut OldestRelease)
        .expect("there is a release");
    let mut documents =
        MemoryDocuments::default().with("https://secdb.alpinelinux.org/v3.3/main.json", data);
    let mut sink = Collected::default();
    let outcome = feeds[0].parse(&mut documents, &mut sink);
    for advisory in &sink.advisories {
        assert_eq!(advisory.namespace, "alpine:3.3");
        assert!(!advisory.id.is_empty() && !advisory.package.name.is_empty());
    }
    if let Ok(tally) = outcome {
        assert_eq!(tally.advisories, sink.advisories.len() as u64);
        assert_eq!(tally.quarantined, sink.quarantined.len() as u64);
    }
});
