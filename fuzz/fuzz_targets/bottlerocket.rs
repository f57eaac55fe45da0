//! Bottlerocket's inventory: no panic, and what is read has a name and a version.
#![no_main]

libfuzzer_sys::fuzz_target!(|json: &[u8]| {
    let (packages, _) = limpid_detect::bottlerocket::read(json);
    for package in packages {
        assert!(!package.name.is_empty() && !package.version.is_empty());
    }
});
