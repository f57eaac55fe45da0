//! The JSON that Red Hat's builds leave, read as a content manifest and as labels.
#![no_main]

use limpid_detect::build_info::{content_manifest, labels};

libfuzzer_sys::fuzz_target!(|json: &[u8]| {
    if let Ok(manifest) = content_manifest::parse("a.json", json) {
        assert!(manifest.content_sets.iter().all(|id| !id.is_empty()));
    }
    if let Ok(identity) = labels::parse("labels.json", json) {
        assert!(!identity.name.is_empty() && !identity.created.is_empty());
    }
});
