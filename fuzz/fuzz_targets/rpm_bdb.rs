//! A Berkeley DB hash database, with its headers and their files.
#![no_main]

use limpid_rpmdb::{Limits, read_packages};

libfuzzer_sys::fuzz_target!(|database: &[u8]| {
    let _ = read_packages(&database, None, &Limits::default(), &mut |_, files| {
        files.for_each(drop);
    });
});
