use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;

use limpid_layer::{Budget, EntryKind, LayerError, LayerLimits, WalkSummary, Want, walk_directory};
use limpid_types::ProblemKind;

use crate::recorder::{Got, Recorder, spool};

fn walked(root: &Path, limits: &LayerLimits) -> (Recorder, Result<WalkSummary, LayerError>) {
    let mut recorder = Recorder::wanting(Want::Whole);
    let budget = Budget::new(8 << 20);
    let summary = walk_directory(root, limits, &budget, &spool(), &mut recorder);
    (recorder, summary)
}

#[test]
fn a_directory_is_shown_like_a_layer_in_sorted_order() {
    let root = tempfile::tempdir().unwrap();
    let at = |path: &str| root.path().join(path);
    fs::create_dir_all(at("etc/apk")).unwrap();
    fs::write(at("etc/passwd"), "root").unwrap();
    fs::set_permissions(at("etc/passwd"), fs::Permissions::from_mode(0o640)).unwrap();
    fs::hard_link(at("etc/passwd"), at("etc/passwd-")).unwrap();
    fs::write(at("etc/apk/world"), vec![7; 200_000]).unwrap();
    symlink("etc/passwd", at("a-link")).unwrap();
    let _socket = UnixListener::bind(at("socket")).unwrap();

    let (recorder, summary) = walked(root.path(), &LayerLimits::default());
    let summary = summary.unwrap();
    let seen: Vec<_> = recorder
        .seen
        .iter()
        .map(|seen| (seen.path.as_str(), seen.kind))
        .collect();
    assert_eq!(
        seen,
        [
            ("a-link", EntryKind::Symlink),
            ("etc", EntryKind::Directory),
            ("etc/apk", EntryKind::Directory),
            ("etc/apk/world", EntryKind::File),
            ("etc/passwd", EntryKind::File),
            ("etc/passwd-", EntryKind::File),
            ("socket", EntryKind::Other),
        ]
    );
    assert_eq!(recorder.get("a-link").link, "etc/passwd");
    assert_eq!(recorder.get("a-link").got, Got::Nothing);
    assert_eq!(recorder.get("etc/passwd").mode, 0o640);
    assert_eq!(recorder.get("etc/passwd-").got, Got::text("root"));
    assert_eq!(
        recorder.get("etc/apk/world").got,
        Got::Memory(vec![7; 200_000])
    );
    assert_eq!(summary.entries, 7);
    assert_eq!(summary.problems, []);
}

#[test]
fn links_out_of_the_root_are_not_followed() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret"), "secret").unwrap();
    let root = tempfile::tempdir().unwrap();
    symlink(outside.path(), root.path().join("directory")).unwrap();
    symlink(outside.path().join("secret"), root.path().join("file")).unwrap();
    symlink(".", root.path().join("loop")).unwrap();
    let (recorder, _) = walked(root.path(), &LayerLimits::default());
    assert_eq!(recorder.paths(), ["directory", "file", "loop"]);
    assert!(recorder.seen.iter().all(|seen| seen.got == Got::Nothing));
}

#[test]
fn directories_nested_beyond_the_limit_are_a_problem() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir_all(root.path().join("a/b/c/d")).unwrap();
    let limits = LayerLimits {
        depth: 2,
        ..LayerLimits::default()
    };
    let (recorder, summary) = walked(root.path(), &limits);
    assert_eq!(recorder.paths(), ["a", "a/b"]);
    let problem = &summary.unwrap().problems[0];
    assert_eq!(problem.kind, ProblemKind::UnreadableFile);
    assert_eq!(problem.subject, "a/b");
}

#[test]
fn too_many_names_end_the_walk() {
    let root = tempfile::tempdir().unwrap();
    for name in ["a", "b", "c"] {
        fs::write(root.path().join(name), "").unwrap();
    }
    let limits = LayerLimits {
        entries: 2,
        ..LayerLimits::default()
    };
    let (_, result) = walked(root.path(), &limits);
    assert!(matches!(
        result,
        Err(LayerError::TooManyEntries { limit: 2, .. })
    ));
}

#[test]
fn a_missing_root_is_an_error() {
    let root = tempfile::tempdir().unwrap();
    let (_, result) = walked(&root.path().join("missing"), &LayerLimits::default());
    assert!(matches!(result, Err(LayerError::Source { .. })));
}
