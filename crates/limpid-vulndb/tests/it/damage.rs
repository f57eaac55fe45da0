use std::fs;

use limpid_types::Advisory;
use limpid_vulndb::{Error, Snapshot};
use proptest::prelude::*;

use crate::frame;
use crate::sample::{NOTES, advisories, build, bytes, look_up};

/// Looks up every package; a damaged file may give an error but never another answer.
fn check_answers(snapshot: &Snapshot, given: &[Advisory], what: &str) {
    for advisory in given {
        let (namespace, package) = (&advisory.namespace, &advisory.package.name);
        if let Ok(found) = look_up(snapshot, namespace, package) {
            let expected = given
                .iter()
                .filter(|other| other.namespace == *namespace && other.package.name == *package);
            assert!(expected.eq(&found), "{what}: {namespace} {package}");
        }
    }
    for record in snapshot {
        if record.is_err() {
            break;
        }
    }
    for (table, key, value) in NOTES {
        if let Ok(found) = snapshot.note(table, key) {
            assert_eq!(found, Some(value), "{what}: {table} {key}");
        }
        for note in snapshot.notes(table).map_while(Result::ok) {
            assert!(
                NOTES.contains(&(table, &note.0, note.1)),
                "{what}: {note:?}"
            );
        }
    }
}

#[test]
fn a_file_cut_at_any_length_is_refused() {
    let whole = bytes(&advisories());
    for length in 0..whole.len() {
        let error = Snapshot::from_bytes(whole[..length].to_vec()).err();
        assert!(error.is_some(), "{length} of {} bytes", whole.len());
    }
}

#[test]
fn a_flipped_bit_is_never_a_wrong_answer_and_verify_finds_it() {
    let given = advisories();
    let whole = bytes(&given);
    let snapshot = Snapshot::from_bytes(whole.clone()).unwrap();
    snapshot.verify().unwrap();
    check_answers(&snapshot, &given, "whole");
    for position in 0..whole.len() {
        for bit in 0..8 {
            let mut damaged = whole.clone();
            damaged[position] ^= 1 << bit;
            let what = format!("bit {bit} of byte {position}");
            if let Ok(snapshot) = Snapshot::from_bytes(damaged) {
                check_answers(&snapshot, &given, &what);
                assert!(snapshot.verify().is_err(), "{what} is not noticed");
            }
        }
    }
}

#[test]
fn bytes_that_are_overwritten_are_never_a_wrong_answer() {
    let given = advisories();
    let whole = bytes(&given);
    for filler in [0, 0xff] {
        for start in (0..whole.len()).step_by(7) {
            let mut damaged = whole.clone();
            let end = (start + 16).min(whole.len());
            damaged[start..end].fill(filler);
            if let Ok(snapshot) = Snapshot::from_bytes(damaged.clone()) {
                check_answers(&snapshot, &given, &format!("{filler} at {start}"));
                assert_eq!(
                    snapshot.verify().is_ok(),
                    damaged == whole,
                    "{filler} at {start}"
                );
            }
        }
    }
}

#[test]
fn damage_in_one_package_leaves_the_others_readable() {
    let given = advisories();
    let mut damaged = bytes(&given);
    let (_, records) = frame::sections(&damaged)
        .into_iter()
        .find(|(kind, _)| *kind == frame::RECORDS)
        .unwrap();
    // The first chunk is of the first namespace's first package, "musl".
    damaged[records.start + 12] ^= 1;
    let snapshot = Snapshot::from_bytes(damaged).unwrap();
    let error = look_up(&snapshot, "alpine:3.20", "musl").unwrap_err();
    assert!(
        matches!(
            error,
            Error::Corrupt {
                section: "records",
                offset: 0,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(look_up(&snapshot, "debian:12", "musl").unwrap().len(), 3);
    assert_eq!(look_up(&snapshot, "alpine:3.20", "zlib").unwrap().len(), 3);
}

#[test]
fn verify_compares_the_digest_with_the_name() {
    let directory = tempfile::tempdir().unwrap();
    let built = build(directory.path(), &advisories(), 1 << 20);
    Snapshot::open(&built.path).unwrap().verify().unwrap();
    let other = built
        .path
        .with_file_name(format!("{}.snapshot", "0".repeat(64)));
    fs::rename(&built.path, &other).unwrap();
    let error = Snapshot::open(&other).unwrap().verify().unwrap_err();
    assert!(matches!(error, Error::DigestMismatch { .. }), "{error}");
}

#[test]
fn files_that_are_no_snapshots_are_told_from_damaged_ones() {
    for content in ["", "LIMPID", "PK\u{3}\u{4} something else altogether"] {
        let error = Snapshot::from_bytes(content.into()).unwrap_err();
        assert!(
            matches!(error, Error::NotASnapshot { .. }),
            "{content:?}: {error}"
        );
    }
    let directory = tempfile::tempdir().unwrap();
    assert!(Snapshot::open(directory.path()).is_err());
    assert!(Snapshot::open(&directory.path().join("missing")).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn hostile_content_with_right_checksums_is_read_or_refused(
        patches in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut content = bytes_once().to_vec();
        let sealed = frame::Seals::of(&content);
        for (place, value) in patches {
            let place = 16 + place.index(content.len() - 16 - 24);
            content[place] = value;
        }
        sealed.apply(&mut content);
        if let Ok(snapshot) = Snapshot::from_bytes(content) {
            let verified = snapshot.verify().is_ok();
            let found = advisories().iter().all(|advisory| {
                look_up(&snapshot, &advisory.namespace, &advisory.package.name).is_ok()
            });
            let readable = snapshot.iter().all(|record| record.is_ok());
            let notes = NOTES.iter().all(|(table, key, _)| {
                snapshot.note(table, key).is_ok() && snapshot.notes(table).all(|note| note.is_ok())
            });
            prop_assert!(!verified || (found && readable && notes));
        }
    }
}

fn bytes_once() -> &'static [u8] {
    static BYTES: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
    BYTES.get_or_init(|| bytes(&advisories()))
}
