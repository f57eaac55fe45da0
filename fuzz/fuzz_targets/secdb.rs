//! A secdb document of any shape: no panic, and every advisory belongs to the distribution.
#![no_main]

use libfuzzer_sys::fuzz_target;
use limpid_feed::{
    Collected, Family, MemoryDocuments, Probe, ProbeError, Settings, Tally, families,
};

/// A server that has nothing but Alpine's oldest release.
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
    for (name, namespace) in [("alpine", "alpine:3.3"), ("wolfi", "wolfi:rolling")] {
        let family: &dyn Family = &**families
            .iter()
            .find(|family| family.name() == name)
            .expect("the family is known");
        let feed = family
            .discover(&mut OldestRelease)
            .expect("there is a feed")
            .remove(0);
        let url = feed.documents().remove(0).url;
        let mut documents = MemoryDocuments::default().with(url, data);
        let mut sink = Collected::default();
        let outcome = feed.parse(&mut documents, &mut sink);
        check(namespace, &sink, outcome.ok());
    }
});

fn check(namespace: &str, sink: &Collected, tally: Option<Tally>) {
    for advisory in &sink.advisories {
        assert_eq!(advisory.namespace, namespace);
        assert!(!advisory.id.is_empty() && !advisory.package.name.is_empty());
    }
    if let Some(tally) = tally {
        assert_eq!(tally.advisories, sink.advisories.len() as u64);
        assert_eq!(tally.quarantined, sink.quarantined.len() as u64);
    }
}
