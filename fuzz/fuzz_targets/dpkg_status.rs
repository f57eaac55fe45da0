#![no_main]
//! A dpkg status file of any content: no panic, and every record has a name and a version.

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let (packages, _problems) = limpid_detect::dpkg::read_status(data);
    for package in packages {
        assert!(!package.name.is_empty() && !package.version.is_empty());
        assert!(!package.source.is_empty() && !package.source_version.is_empty());
    }
});
