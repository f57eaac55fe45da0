#![no_main]
//! Release files of any content: no panic, and a recognised distribution has an identifier.
//!
//! The first byte chooses which file the rest is.

use limpid_types::ReleaseFile;

const PATHS: [&str; 10] = [
    "etc/os-release",
    "usr/lib/os-release",
    "etc/redhat-release",
    "etc/SuSE-release",
    "etc/lsb-release",
    "etc/debian_version",
    "etc/issue",
    "etc/system-release-cpe",
    "etc/oracle-release",
    "bin/busybox",
];

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((&choice, text)) = data.split_first() else {
        return;
    };
    let file = ReleaseFile {
        path: PATHS[usize::from(choice) % PATHS.len()].to_owned(),
        text: String::from_utf8_lossy(text).into_owned(),
    };
    if let Some(distribution) = limpid_detect::distribution::recognise(&[file]) {
        assert!(!distribution.did.is_empty());
    }
});
