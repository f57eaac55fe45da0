//! A `desc` of pacman's: no panic, and what is read has a name, a version and a source.
#![no_main]

libfuzzer_sys::fuzz_target!(|desc: &[u8]| {
    if let Ok(package) = limpid_detect::pacman::read_desc(desc) {
        assert!(!package.name.is_empty() && !package.version.is_empty());
        assert!(!package.source.is_empty());
    }
});
