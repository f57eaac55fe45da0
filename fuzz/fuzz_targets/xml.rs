//! An XML document of any shape, packed or not, read as one of OVAL: no panic, and nothing that it
//! says is about another release.
#![no_main]

use libfuzzer_sys::fuzz_target;
use limpid_feed::{Collected, Limits, MemoryDocuments, Probe, ProbeError, Settings, families};

/// A server that has one release of Photon OS.
struct OneRelease;

impl Probe for OneRelease {
    fn exists(&mut self, url: &str) -> Result<bool, ProbeError> {
        Ok(url.ends_with("/com.vmware.phsa-photon5.xml"))
    }

    fn read(&mut self, _url: &str, _max_bytes: usize) -> Result<Option<Vec<u8>>, ProbeError> {
        Ok(None)
    }
}

fuzz_target!(|data: &[u8]| {
    let settings = Settings {
        limits: Limits {
            // Small enough that inputs of a few kilobytes meet the limits.
            record_bytes: 2048,
            unpacked_bytes: 1 << 20,
            ..Limits::default()
        },
        ..Settings::default()
    };
    let families = families(&settings);
    let photon = families
        .iter()
        .find(|family| family.name() == "photon")
        .expect("there is a family");
    let feeds = photon
        .discover(&mut OneRelease)
        .expect("there is a release");
    let url = feeds[0].documents()[0].url.clone();
    let mut documents = MemoryDocuments::default().with(url, data);
    let mut sink = Collected::default();
    let outcome = feeds[0].parse(&mut documents, &mut sink);
    for advisory in &sink.advisories {
        assert_eq!(advisory.namespace, "photon:5.0");
        assert!(!advisory.id.is_empty() && !advisory.package.name.is_empty());
    }
    if let Ok(tally) = outcome {
        assert_eq!(tally.advisories, sink.advisories.len() as u64);
        assert_eq!(tally.quarantined, sink.quarantined.len() as u64);
    }
});
