use std::io::{BufRead as _, BufReader, Read as _};
use std::time::Duration;

use limpid_layer::{Budget, Compression, Decoder, LayerError, LayerLimits};
use limpid_testkit::layer::{bzip2, gzip, xz, zstd};

/// Half a megabyte that compresses neither too well nor too badly.
fn plain() -> Vec<u8> {
    let mut state = 1_u32;
    (0..500_000)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            b"the quick brown fox"[(state >> 24) as usize % 19]
        })
        .collect()
}

fn decoder(bytes: &[u8]) -> Decoder<BufReader<&[u8]>> {
    let source = BufReader::with_capacity(1_000, bytes);
    let budget = Budget::new(256 << 20);
    Decoder::new(source, &LayerLimits::default(), &budget, Duration::ZERO).unwrap()
}

type Compress = fn(&[u8]) -> Vec<u8>;

fn every_format() -> [(Compression, Compress); 4] {
    [
        (Compression::Gzip, gzip),
        (Compression::Zstd, zstd),
        (Compression::Xz, |bytes| xz(bytes, 6)),
        (Compression::Bzip2, bzip2),
    ]
}

#[track_caller]
fn check(bytes: &[u8], compression: Compression, expected: &[u8], trailing: Option<u64>) {
    let mut decoder = decoder(bytes);
    let mut found = Vec::new();
    decoder.read_to_end(&mut found).unwrap();
    assert_eq!(decoder.compression(), compression);
    assert!(found == expected, "{compression}: {} bytes", found.len());
    assert_eq!(decoder.trailing(), trailing, "{compression}");
    assert_eq!(decoder.uncompressed_bytes(), expected.len() as u64);
}

#[test]
fn every_format_is_recognised_and_decompressed() {
    let plain = plain();
    for (compression, compress) in every_format() {
        check(&compress(&plain), compression, &plain, None);
        check(&compress(b""), compression, b"", None);
    }
    check(&plain, Compression::None, &plain, None);
    check(b"", Compression::None, b"", None);
}

#[test]
fn streams_may_follow_one_another() {
    let plain = plain();
    for (compression, compress) in every_format() {
        let bytes = [compress(&plain), compress(b""), compress(b"end")].concat();
        let expected = [&plain[..], b"end"].concat();
        check(&bytes, compression, &expected, None);
    }
}

#[test]
fn bytes_after_the_stream_are_left_unread() {
    let plain = plain();
    for (compression, compress) in every_format() {
        let compressed = compress(&plain);
        let end = compressed.len() as u64;
        for rest in [&b"garbage that is long enough"[..], &[0; 4_096], b"\0"] {
            let bytes = [&compressed[..], rest].concat();
            check(&bytes, compression, &plain, Some(end));
        }
    }
}

#[test]
fn skippable_zstd_frames_are_skipped_wherever_they_are() {
    let skippable = [b"\x53\x2a\x4d\x18\x05\0\0\0", &b"hello"[..]].concat();
    let bytes = [
        &skippable[..],
        &zstd(b"a"),
        &skippable,
        &zstd(b"b"),
        &skippable,
    ]
    .concat();
    check(&bytes, Compression::Zstd, b"ab", None);
    check(&skippable, Compression::Zstd, b"", None);
}

#[test]
fn a_truncated_stream_delivers_what_it_has_and_then_fails() {
    let plain = plain();
    for (compression, compress) in every_format() {
        let compressed = compress(&plain);
        let cut = &compressed[..compressed.len() - 4];
        let mut found = Vec::new();
        let error = decoder(cut).read_to_end(&mut found).unwrap_err();
        let error = error.downcast::<LayerError>().unwrap();
        assert!(
            matches!(&error, LayerError::Damaged { offset, .. } if *offset == cut.len() as u64),
            "{compression}: {error}"
        );
        assert!(error.to_string().contains("ends early"), "{error}");
        assert!(plain.starts_with(&found), "{compression}");
        // In these formats, the last bytes are about the content that came before.
        if matches!(compression, Compression::Gzip | Compression::Xz) {
            assert!(found.len() == plain.len(), "{compression}");
        }
    }
}

#[test]
fn a_corrupt_stream_fails_and_keeps_failing() {
    let plain = plain();
    for (compression, compress) in every_format() {
        let mut bytes = compress(&plain);
        let middle = bytes.len() / 2;
        bytes[middle..middle + 64].fill(0xff);
        let mut decoder = decoder(&bytes);
        for _ in 0..2 {
            let error = decoder.read_to_end(&mut Vec::new()).unwrap_err();
            let error = error.downcast::<LayerError>().unwrap();
            assert!(
                matches!(error, LayerError::Damaged { .. }),
                "{compression}: {error}"
            );
        }
    }
}

#[test]
fn memory_is_given_back_with_the_decoder() {
    let budget = Budget::new(64 << 20);
    let compressed = zstd(&plain());
    let limits = LayerLimits::default();
    let source = compressed.as_slice();
    let mut decoder = Decoder::new(source, &limits, &budget, Duration::ZERO).unwrap();
    assert!(!decoder.fill_buf().unwrap().is_empty());
    assert!(budget.try_acquire(64 << 20).is_none());
    drop(decoder);
    assert!(budget.try_acquire(64 << 20).is_some());
}
