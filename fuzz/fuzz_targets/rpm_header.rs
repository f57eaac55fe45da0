//! A package's header: everything that can be asked of it.
#![no_main]

use limpid_rpmdb::Header;

libfuzzer_sys::fuzz_target!(|blob: &[u8]| {
    if let Ok(header) = Header::parse(blob) {
        let _ = header.name();
        let _ = header.record();
    }
});
