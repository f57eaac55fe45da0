//! A sqlite database and its write-ahead log: the first two bytes tell how long the log is.
#![no_main]

use limpid_rpmdb::{Limits, ReadAt, read_packages};

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Some((length, input)) = input.split_first_chunk() else {
        return;
    };
    let length = usize::from(u16::from_be_bytes(*length)).min(input.len());
    let (wal, database) = input.split_at(length);
    let wal = (!wal.is_empty()).then_some(&wal as &dyn ReadAt);
    let _ = read_packages(&database, wal, &Limits::default(), &mut |_, files| {
        files.for_each(drop);
    });
});
