//! Odd archives are read as far as they go.

use std::fs::File;
use std::time::Duration;

use limpid_detect::{Detected, DetectorSet};
use limpid_layer::{Budget, Hashing, LayerLimits, ReadOptions, Spool, read_layer};

use crate::limpid::{data, index, json, limpid, text};

#[test]
fn odd_archives_are_read_without_an_error() {
    for file in [
        "tarfs/concat.tar",
        "tarfs/bad_name.tar",
        "tarfs/known/oddlayer.tar",
    ] {
        let report = index(&format!(
            "layer:{}",
            data(&format!("fixtures/{file}")).display()
        ));
        assert_eq!(report["success"], true, "{file}");
    }
}

#[test]
fn layers_with_whiteouts_are_read_without_an_error() {
    for file in [
        "whiteout.layer",
        "whiteout_advanced.layer",
        "whiteout_opaque.layer",
    ] {
        let path = data(&format!("fixtures/whiteout/{file}"));
        let report = index(&format!("layer:{}", path.display()));
        assert_eq!(report["success"], true, "{file}");
    }
}

/// Returns what the detectors see in a layer.
fn detect(layer: &str) -> Detected {
    let directory = tempfile::tempdir().unwrap();
    let budget = Budget::new(64 << 20);
    let options = ReadOptions {
        limits: &LayerLimits::default(),
        budget: &budget,
        spool: &Spool::new(directory.path(), 64 << 20),
        patience: Duration::ZERO,
        hashing: Hashing::InLine,
        also_uncompressed_digest: false,
    };
    let mut set = DetectorSet::new(&budget);
    let file = File::open(data(layer)).unwrap();
    read_layer(file, None, &options, &mut set).unwrap();
    set.finish()
}

#[test]
fn layers_have_as_many_whiteouts_as_recorded() {
    for case in json("fixtures/expected.json")["whiteout"]
        .as_array()
        .unwrap()
    {
        let found = detect(&format!("fixtures/{}", text(case, "file")));
        let whiteouts = found.evidence.whiteouts;
        assert_eq!(case["whiteout_files"], whiteouts.len(), "{whiteouts:?}");
    }
}

/// Cuts a real image anywhere: one line on standard error, exit code 2, no panic.
#[test]
fn a_truncated_image_is_one_line_and_exit_code_two() {
    let whole = std::fs::read(data("images/docker-archive/alpine-3.9.4.docker.tar.gz")).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("cut.tar.gz");
    for part in [1, 100, 5000, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&file, &whole[..part]).unwrap();
        let output = limpid(
            &directory.path().join("data"),
            &["scan", file.to_str().unwrap()],
        );
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{part} bytes: {message}");
        assert_eq!(message.lines().count(), 1, "{part} bytes: {message}");
        assert!(message.contains("cut.tar.gz"), "{part} bytes: {message}");
    }
}
