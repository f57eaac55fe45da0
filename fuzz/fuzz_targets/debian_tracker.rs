//! A document of Debian's tracker of any shape: no panic, and what is accepted as JSON by us is
//! JSON.
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
    let settings = Settings::default();
    let families = families(&settings);
    let feeds = families
        .iter()
        .find(|family| family.name() == "debian")
        .expect("the family is known")
        .discover(&mut Silent)
        .expect("nothing is asked");
    let mut documents = MemoryDocuments::default().with(&*settings.debian.json_url, data);
    let mut sink = Collected::default();
    let outcome = feeds[0].parse(&mut documents, &mut sink);
    for advisory in &sink.advisories {
        assert!(advisory.namespace.starts_with("debian:"));
        assert!(!advisory.id.is_empty() && !advisory.package.name.is_empty());
    }
    // A document that a strict parser takes for an object is never refused as a whole.
    let is_object =
        serde_json::from_slice::<serde_json::Value>(data).is_ok_and(|value| value.is_object());
    assert!(outcome.is_ok() || !is_object);
});
