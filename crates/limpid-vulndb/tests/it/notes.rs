use std::collections::BTreeMap;

use limpid_vulndb::{BuildLimits, Error, Snapshot, SnapshotBuilder, SnapshotMeta};
use proptest::prelude::*;
use tempfile::TempDir;

use crate::sample::{NOTES, advisories, snapshot};

type Note = (String, String, String);

fn with_notes(notes: &[Note], memory_bytes: usize) -> (TempDir, Snapshot) {
    let directory = tempfile::tempdir().unwrap();
    let mut builder = SnapshotBuilder::new(directory.path(), BuildLimits { memory_bytes }).unwrap();
    for (table, key, value) in notes {
        builder.note(table, key, value).unwrap();
    }
    let meta = SnapshotMeta::new("sample", 7);
    let built = builder.finish(meta, directory.path()).unwrap();
    let snapshot = Snapshot::open(&built.path).unwrap();
    snapshot.verify().unwrap();
    (directory, snapshot)
}

fn table<'a>(snapshot: &'a Snapshot, name: &str) -> Vec<(String, &'a str)> {
    snapshot.notes(name).map(Result::unwrap).collect()
}

#[test]
fn notes_are_found_by_table_and_key() {
    let (_directory, snapshot) = snapshot(&advisories());
    for (table, key, value) in NOTES {
        assert_eq!(snapshot.note(table, key).unwrap(), Some(value));
    }
    for (table, key) in [
        ("repository-to-cpe", "rhel"),
        ("a", ""),
        ("z", "z"),
        ("frozen", ""),
    ] {
        assert_eq!(snapshot.note(table, key).unwrap(), None);
    }
    let expected = [("debian:buster".to_owned(), "2024-06-30T00:00:00Z")];
    assert_eq!(table(&snapshot, "frozen"), expected);
    assert_eq!(table(&snapshot, "repository-to-cpe").len(), 3);
    assert_eq!(table(&snapshot, "froze"), []);
    assert_eq!(snapshot.meta().notes, 4);
    let tables: Vec<_> = snapshot.note_tables().unwrap().into_iter().collect();
    assert_eq!(tables, ["frozen", "repository-to-cpe"]);
}

#[test]
fn notes_are_no_records_and_no_namespaces() {
    let (_directory, snapshot) = snapshot(&[]);
    assert_eq!(snapshot.records(), 0);
    assert!(snapshot.namespaces().is_empty());
    assert_eq!(snapshot.iter().count(), 0);
}

#[test]
fn a_table_of_many_blocks_is_found_whole_between_its_neighbours() {
    let mut notes: Vec<Note> = (0..5000)
        .map(|number| {
            (
                "m".into(),
                format!("key-{number:04}"),
                format!("value {number}"),
            )
        })
        .collect();
    notes.push(("a".into(), "z".into(), "before".into()));
    notes.push(("z".into(), "a".into(), "after".into()));
    notes.push(("n".into(), "long".into(), "x".repeat(100_000)));
    notes.reverse();
    let (_directory, snapshot) = with_notes(&notes, 20_000);
    assert_eq!(snapshot.meta().notes, notes.len() as u64);
    for (table, key, value) in &notes {
        assert_eq!(snapshot.note(table, key).unwrap(), Some(value.as_str()));
    }
    let found = table(&snapshot, "m");
    assert_eq!(found.len(), 5000);
    assert!(found.is_sorted());
    assert_eq!(snapshot.note("m", "key-00005").unwrap(), None);
    assert_eq!(table(&snapshot, "z").len(), 1);
}

#[test]
fn of_several_notes_for_one_key_the_least_is_kept() {
    let note = |value: &str| ("t".to_owned(), "k".to_owned(), value.to_owned());
    let (_directory, snapshot) = with_notes(&[note("b"), note("a"), note("c"), note("a")], 1 << 20);
    assert_eq!(table(&snapshot, "t"), [("k".to_owned(), "a")]);
    assert_eq!(snapshot.meta().notes, 1);
}

#[test]
fn a_note_that_is_too_large_is_refused_and_the_build_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    let mut builder = SnapshotBuilder::new(directory.path(), BuildLimits::default()).unwrap();
    let error = builder
        .note("t", "large", &"x".repeat(1 << 20))
        .unwrap_err();
    assert!(matches!(error, Error::NoteTooLarge { .. }), "{error}");
    assert!(error.to_string().ends_with(": large"), "{error}");
    builder.note("t", "small", "x").unwrap();
    let meta = SnapshotMeta::new("sample", 1);
    let built = builder.finish(meta, directory.path()).unwrap();
    let snapshot = Snapshot::open(&built.path).unwrap();
    assert_eq!(table(&snapshot, "t"), [("small".to_owned(), "x")]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn notes_answer_as_a_map_does_whatever_the_memory(
        notes in proptest::collection::vec(("[ab\0]{0,2}", "[ab\0é]{0,3}", "[ab]{0,300}"), 0..150),
        memory_bytes in 0_usize..20_000,
        (table, key) in ("[ab\0]{0,2}", "[ab\0é]{0,3}"),
    ) {
        let (_directory, snapshot) = with_notes(&notes, memory_bytes);
        let mut map: BTreeMap<&str, BTreeMap<&str, &str>> = BTreeMap::new();
        for (table, key, value) in &notes {
            let kept = map.entry(table).or_default().entry(key).or_insert(value);
            *kept = (*kept).min(value);
        }
        map.entry(&table).or_default();
        prop_assert_eq!(
            snapshot.note(&table, &key).unwrap(),
            map[table.as_str()].get(key.as_str()).copied()
        );
        for (table, expected) in map {
            let found = self::table(&snapshot, table);
            let found: Vec<_> = found.iter().map(|(key, value)| (key.as_str(), *value)).collect();
            prop_assert_eq!(found, expected.into_iter().collect::<Vec<_>>());
        }
    }
}
