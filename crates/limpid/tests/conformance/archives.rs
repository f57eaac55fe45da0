//! Odd archives are read as far as they go.

use crate::limpid::{data, index, limpid};

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
