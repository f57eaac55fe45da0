#![no_main]

//! Any bytes as a layer: nothing panics, loops, or holds more than the budget.

use std::io::Read as _;
use std::time::Duration;

use limpid_layer::{
    Budget, Content, Entry, Hashing, LayerLimits, ReadOptions, Spool, Visitor, Want, read_layer,
};

/// Wants everything, and checks that what comes is no more than was promised.
struct Everything;

impl Visitor for Everything {
    fn enter(&mut self, entry: &Entry<'_>) -> Want {
        assert!(!entry.path.starts_with('/'));
        assert!(entry.path.split('/').all(|part| part != ".."));
        match entry.offset / 512 % 3 {
            0 => Want::Prefix(1_000),
            _ => Want::Whole,
        }
    }

    fn content(&mut self, entry: &Entry<'_>, content: Content<'_>) {
        let length = match content {
            Content::Memory(bytes) => bytes.len() as u64,
            Content::Spooled(mut file) => {
                let mut bytes = Vec::new();
                file.read_to_end(&mut bytes).unwrap() as u64
            }
        };
        assert!(length <= entry.size);
    }

    fn lost(&mut self, _entry: &Entry<'_>, _why: String) {}
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let limits = LayerLimits {
        uncompressed_bytes: 4 << 20,
        entries: 10_000,
        metadata_bytes: 64 << 10,
        window_bytes: 16 << 20,
        file_bytes: 1 << 20,
        memory_bytes: 64 << 10,
        ..LayerLimits::default()
    };
    let budget = Budget::new(18 << 20);
    let spool = Spool::new(std::env::temp_dir(), 1 << 20);
    let options = ReadOptions {
        limits: &limits,
        budget: &budget,
        spool: &spool,
        patience: Duration::ZERO,
        hashing: Hashing::InLine,
        also_uncompressed_digest: data.len() % 2 == 0,
    };
    let _ = read_layer(data, None, &options, &mut Everything);
    assert!(budget.try_acquire(budget.total()).is_some());
});
