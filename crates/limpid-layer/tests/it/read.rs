use std::io::{self, Read};
use std::time::Duration;

use limpid_layer::{
    Budget, Compression, Hashing, LayerError, LayerLimits, LayerSummary, ReadOptions, Want,
    read_layer,
};
use limpid_testkit::layer::{LayerBuilder, bzip2, gzip, xz, zstd};
use limpid_types::{Algorithm, Digest, Hasher, ProblemKind};

use crate::recorder::{Got, Recorder, spool};

const BOTH: [Hashing; 2] = [Hashing::InLine, Hashing::OnThread];

/// An archive of more than a buffer, in compressed form too.
fn archive() -> Vec<u8> {
    let mut state = 1_u32;
    let noise: Vec<u8> = (0..3_000_000)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        })
        .collect();
    LayerBuilder::new()
        .file("etc/os-release", "ID=debian\n")
        .file("noise", noise)
        .file("last", "x")
        .build()
}

fn read(
    layer: impl Read + Send,
    expected: Option<&Digest>,
    hashing: Hashing,
) -> (Recorder, Result<LayerSummary, LayerError>) {
    let budget = Budget::new(64 << 20);
    let mut recorder = Recorder::wanting(Want::Whole);
    let options = ReadOptions {
        limits: &LayerLimits::default(),
        budget: &budget,
        spool: &spool(),
        patience: Duration::ZERO,
        hashing,
        also_uncompressed_digest: true,
    };
    let result = read_layer(layer, expected, &options, &mut recorder);
    let free = budget.try_acquire(budget.total());
    assert!(free.is_some(), "all memory is given back");
    (recorder, result)
}

fn sha512(bytes: &[u8]) -> Digest {
    let mut hasher = Hasher::new(Algorithm::Sha512);
    hasher.update(bytes);
    hasher.finish()
}

#[test]
fn a_layer_is_read_hashed_and_counted_whatever_its_compression() {
    let archive = archive();
    let layers = [
        (Compression::None, archive.clone()),
        (Compression::Gzip, gzip(&archive)),
        (Compression::Zstd, zstd(&archive)),
        (Compression::Xz, xz(&archive, 1)),
        (Compression::Bzip2, bzip2(&archive)),
    ];
    for (compression, layer) in layers {
        for hashing in BOTH {
            let digest = Digest::sha256(&layer);
            let (recorder, result) = read(layer.as_slice(), Some(&digest), hashing);
            assert_eq!(
                result.unwrap(),
                LayerSummary {
                    digest,
                    uncompressed_digest: Some(Digest::sha256(&archive)),
                    compression,
                    compressed_bytes: layer.len() as u64,
                    uncompressed_bytes: archive.len() as u64,
                    entries: 3,
                    problems: Vec::new(),
                }
            );
            assert_eq!(recorder.get("last").got, Got::text("x"));
        }
    }
}

#[test]
fn the_expected_algorithm_is_used() {
    let layer = gzip(&archive());
    let digest = sha512(&layer);
    let (_, result) = read(layer.as_slice(), Some(&digest), Hashing::InLine);
    assert_eq!(result.unwrap().digest, digest);
}

#[test]
fn other_bytes_than_expected_are_an_error() {
    let layer = gzip(&archive());
    let expected = Digest::sha256(b"something else");
    for hashing in BOTH {
        let (_, result) = read(layer.as_slice(), Some(&expected), hashing);
        let error = result.unwrap_err();
        let found = Digest::sha256(&layer);
        assert_eq!(
            error.to_string(),
            format!("the layer has digest {found}, expected {expected}")
        );
    }
}

#[test]
fn bytes_after_the_archive_and_the_stream_are_hashed_too() {
    let archive = [archive(), vec![0x55; 700_000]].concat();
    let layer = [gzip(&archive), vec![0x66; 700_000]].concat();
    for hashing in BOTH {
        let (_, result) = read(layer.as_slice(), None, hashing);
        let summary = result.unwrap();
        assert_eq!(summary.digest, Digest::sha256(&layer));
        assert_eq!(summary.uncompressed_digest, Some(Digest::sha256(&archive)));
        let details: Vec<_> = summary
            .problems
            .iter()
            .map(|problem| (problem.kind, problem.detail.as_str()))
            .collect();
        assert_eq!(
            details,
            [
                (ProblemKind::Note, "bytes after the end of the archive"),
                (ProblemKind::Note, "bytes after the end of the gzip stream"),
            ]
        );
    }
}

#[test]
fn a_damaged_stream_with_the_right_digest_is_a_problem() {
    let mut layer = gzip(&archive());
    layer.truncate(layer.len() / 2);
    let digest = Digest::sha256(&layer);
    for hashing in BOTH {
        let (recorder, result) = read(layer.as_slice(), Some(&digest), hashing);
        let summary = result.unwrap();
        assert_eq!(summary.uncompressed_digest, None);
        assert_eq!(recorder.get("etc/os-release").got, Got::text("ID=debian\n"));
        let [problem] = summary.problems.as_slice() else {
            panic!("{:?}", summary.problems);
        };
        assert_eq!(problem.kind, ProblemKind::DamagedArchive);
        assert!(problem.detail.contains("damaged gzip stream"), "{problem}");
    }
}

/// Gives some bytes, then fails.
struct Failing<'a>(&'a [u8]);

impl Read for Failing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 => Err(io::Error::new(io::ErrorKind::ConnectionReset, "gone")),
            count => Ok(count),
        }
    }
}

#[test]
fn a_failing_source_is_an_error_not_a_truncated_layer() {
    let layer = gzip(&archive());
    for hashing in BOTH {
        for cut in [0, 5, 1_000, 1_000_000, layer.len()] {
            let (_, result) = read(Failing(&layer[..cut]), None, hashing);
            let error = result.unwrap_err();
            assert!(
                matches!(&error, LayerError::Source { source, .. }
                    if source.kind() == io::ErrorKind::ConnectionReset),
                "{error:?}"
            );
        }
    }
}

#[test]
fn a_layer_waits_for_no_longer_than_its_patience() {
    let budget = Budget::new(64 << 20);
    let held = budget.try_acquire(64 << 20).unwrap();
    let options = ReadOptions {
        limits: &LayerLimits::default(),
        budget: &budget,
        spool: &spool(),
        patience: Duration::ZERO,
        hashing: Hashing::InLine,
        also_uncompressed_digest: false,
    };
    let layer = gzip(&archive());
    let mut recorder = Recorder::wanting(Want::Nothing);
    let error = read_layer(layer.as_slice(), None, &options, &mut recorder).unwrap_err();
    assert!(matches!(error, LayerError::Budget(_)), "{error}");
    drop(held);
    assert!(read_layer(layer.as_slice(), None, &options, &mut recorder).is_ok());
}
