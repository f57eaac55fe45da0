use std::io::{self, Read};
use std::time::Duration;

use limpid_layer::{
    Budget, Hashing, LayerError, LayerLimits, LayerSummary, ReadOptions, Want, read_layer,
};
use limpid_testkit::layer::{HeaderBlock, LayerBuilder, gzip, xz, zstd, zstd_with_window};

use crate::recorder::{Recorder, spool, walked_with};

fn read(
    layer: impl Read + Send,
    limits: &LayerLimits,
    budget: &Budget,
) -> Result<LayerSummary, LayerError> {
    let options = ReadOptions {
        limits,
        budget,
        spool: &spool(),
        patience: Duration::ZERO,
        hashing: Hashing::InLine,
        also_uncompressed_digest: false,
    };
    read_layer(
        layer,
        None,
        &options,
        &mut Recorder::wanting(Want::Prefix(16)),
    )
}

/// A file of zeros that fills the rest of the archive.
fn zeros(bytes: usize) -> Vec<u8> {
    LayerBuilder::new()
        .header(&HeaderBlock::new(b'0').name(b"zeros").size(bytes as u64))
        .raw(&vec![0; bytes])
        .build()
}

#[test]
fn a_bomb_ends_with_the_limit_and_in_little_memory() {
    let member = gzip(&vec![0; 8 << 20]);
    let header = gzip(&HeaderBlock::new(b'0').name(b"bomb").size(1 << 40).bytes());
    // A terabyte, of which nobody sees more than the limit.
    let endless = io::Cursor::new(header).chain(Endless { member, at: 0 });
    let budget = Budget::new(16 << 20);
    let limits = LayerLimits {
        uncompressed_bytes: 100 << 20,
        ..LayerLimits::default()
    };
    let error = read(endless, &limits, &budget).unwrap_err();
    assert!(matches!(error, LayerError::TooManyBytes { limit, .. } if limit == 100 << 20));
    assert!(error.to_string().contains("104857600 bytes"), "{error}");
    assert!(budget.peak() < 4 << 20, "{}", budget.peak());
}

/// Repeats some bytes for ever.
struct Endless {
    member: Vec<u8>,
    at: usize,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = (&self.member[self.at..]).read(buffer)?;
        self.at = (self.at + count) % self.member.len();
        Ok(count)
    }
}

#[test]
fn expansion_beyond_the_ratio_ends_the_layer() {
    let limits = LayerLimits {
        expansion: 100,
        expansion_free_bytes: 1 << 20,
        ..LayerLimits::default()
    };
    let budget = Budget::new(64 << 20);
    let layer = zstd(&zeros(8 << 20));
    let error = read(layer.as_slice(), &limits, &budget).unwrap_err();
    assert!(
        matches!(error, LayerError::Expansion { limit: 100, .. }),
        "{error}"
    );
    // Below the free bytes, any ratio will do.
    let layer = zstd(&zeros(500_000));
    assert_eq!(read(layer.as_slice(), &limits, &budget).unwrap().entries, 1);
}

#[test]
fn a_gzip_layer_of_zeros_passes_the_default_ratio() {
    let layer = gzip(&zeros(64 << 20));
    let limits = LayerLimits {
        expansion_free_bytes: 0,
        ..LayerLimits::default()
    };
    let budget = Budget::new(64 << 20);
    assert_eq!(read(layer.as_slice(), &limits, &budget).unwrap().entries, 1);
}

#[test]
fn too_many_entries_end_the_layer() {
    let limits = LayerLimits {
        entries: 3,
        ..LayerLimits::default()
    };
    let archive = (0..4).fold(LayerBuilder::new(), |archive, _| archive.file("a", ""));
    let (recorder, result) = walked_with(&archive.build(), Want::Nothing, &limits);
    assert_eq!(recorder.seen.len(), 3);
    let error = result.unwrap_err();
    assert!(
        matches!(
            error,
            LayerError::TooManyEntries {
                limit: 3,
                offset: 1_536
            }
        ),
        "{error}"
    );
}

#[test]
fn extension_headers_count_as_entries() {
    let limits = LayerLimits {
        entries: 3,
        ..LayerLimits::default()
    };
    let archive = (0..9).fold(LayerBuilder::new(), |archive, _| archive.pax(&[]));
    let (_, result) = walked_with(&archive.build(), Want::Nothing, &limits);
    assert!(matches!(result, Err(LayerError::TooManyEntries { .. })));
}

#[test]
fn endless_empty_members_end_at_the_limit_of_streams() {
    let limits = LayerLimits {
        entries: 1_000,
        ..LayerLimits::default()
    };
    let member = gzip(b"");
    let budget = Budget::new(16 << 20);
    let error = read(Endless { member, at: 0 }, &limits, &budget).unwrap_err();
    assert!(
        matches!(error, LayerError::TooManyEntries { .. }),
        "{error}"
    );
}

#[test]
fn the_window_of_a_zstd_frame_is_taken_from_the_budget_first() {
    let layer = zstd_with_window(&zeros(64 << 20), 26);
    let limits = LayerLimits::default();
    let budget = Budget::new(128 << 20);
    read(layer.as_slice(), &limits, &budget).unwrap();
    assert!(budget.peak() > 64 << 20, "{}", budget.peak());
    let error = read(layer.as_slice(), &limits, &Budget::new(32 << 20)).unwrap_err();
    assert!(matches!(error, LayerError::Budget(_)), "{error}");
}

#[test]
fn a_window_beyond_the_limit_is_refused() {
    let limits = LayerLimits {
        window_bytes: 16 << 20,
        ..LayerLimits::default()
    };
    let budget = Budget::new(1 << 30);
    for layer in [
        zstd_with_window(&zeros(32 << 20), 25),
        // A later frame is held to the same limit.
        [zstd(b""), zstd_with_window(&zeros(32 << 20), 25)].concat(),
        xz(&zeros(32 << 20), 9),
    ] {
        let error = read(layer.as_slice(), &limits, &budget).unwrap_err();
        assert!(matches!(error, LayerError::Window { .. }), "{error}");
    }
}

#[test]
fn the_dictionary_of_an_xz_stream_is_taken_from_the_budget_as_it_is_asked_for() {
    let layer = xz(&zeros(1 << 20), 9);
    let budget = Budget::new(128 << 20);
    let summary = read(layer.as_slice(), &LayerLimits::default(), &budget).unwrap();
    assert_eq!(summary.entries, 1);
    assert!(budget.peak() > 65 << 20, "{}", budget.peak());
    let error = read(
        layer.as_slice(),
        &LayerLimits::default(),
        &Budget::new(32 << 20),
    );
    assert!(matches!(error, Err(LayerError::Budget(_))));
}
