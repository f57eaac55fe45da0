//! dnf's history and its write-ahead log: the first two bytes tell how long the log is.
#![no_main]

use limpid_rpmdb::{Limits, ReadAt, read_dnf_history};

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Some((length, input)) = input.split_first_chunk() else {
        return;
    };
    let length = usize::from(u16::from_be_bytes(*length)).min(input.len());
    let (wal, database) = input.split_at(length);
    let wal = (!wal.is_empty()).then_some(&wal as &dyn ReadAt);
    if let Ok((packages, _)) = read_dnf_history(&database, wal, &Limits::default(), &mut |_| true) {
        assert!(packages.is_sorted());
        assert!(packages.iter().all(|package| !package.name.is_empty()));
    }
});
