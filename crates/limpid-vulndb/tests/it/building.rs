use std::fs;
use std::path::Path;

use limpid_types::Digest;
use limpid_vulndb::{
    BuildLimits, Error, Snapshot, SnapshotBuilder, SnapshotMeta, remove_leftovers,
};
use proptest::prelude::*;

use crate::sample::{advisories, advisory, any_advisory, build};

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn order_repetition_and_memory_change_nothing(
        advisories in proptest::collection::vec(any_advisory(), 0..100),
        (seed, memory_bytes) in (any::<u64>(), 0_usize..20_000),
    ) {
        let directory = tempfile::tempdir().unwrap();
        let expected = build(directory.path(), &advisories, 1 << 20);
        let mut shuffled = advisories.clone();
        shuffled.extend_from_slice(&advisories[..advisories.len() / 3]);
        shuffled.sort_by_cached_key(|advisory| Digest::sha256(format!("{seed}{advisory:?}").as_bytes()));
        let again = build(directory.path(), &shuffled, memory_bytes);
        prop_assert_eq!(again, expected);
        prop_assert_eq!(names(directory.path()).len(), 1);
    }
}

#[test]
fn a_build_in_little_memory_gives_the_same_bytes_as_one_in_much() {
    // Enough texts to train a dictionary, and enough items for many runs of the sorters.
    let mut given = Vec::new();
    for namespace in ["debian:12", "debian:13", "alpine:3.20"] {
        for number in 0..2000 {
            let package = format!("package-{}", number % 97);
            given.push(advisory(
                &format!("CVE-2024-{number:04}"),
                namespace,
                &package,
            ));
        }
    }
    let directory = tempfile::tempdir().unwrap();
    let much = build(directory.path(), &given, 1 << 26);
    given.reverse();
    let little = build(directory.path(), &given, 4096);
    assert_eq!(little, much);
    let snapshot = Snapshot::open(&little.path).unwrap();
    snapshot.verify().unwrap();
    assert_eq!(snapshot.records(), 6000);
    assert_eq!(snapshot.meta().details, 2000);
}

#[test]
fn the_file_is_named_by_its_digest_and_leaves_nothing_beside_it() {
    let directory = tempfile::tempdir().unwrap();
    let built = build(directory.path(), &advisories(), 1 << 20);
    let content = fs::read(&built.path).unwrap();
    assert_eq!(built.digest, Digest::sha256(&content));
    assert_eq!(built.bytes, content.len() as u64);
    assert_eq!(built.records, 19);
    let name = format!("{}.snapshot", built.digest.hex());
    assert_eq!(names(directory.path()), [name]);
    let snapshot = Snapshot::open(&built.path).unwrap();
    assert_eq!(snapshot.digest(), Some(&built.digest));
}

#[test]
fn the_same_snapshot_again_has_the_same_name_and_content() {
    let directory = tempfile::tempdir().unwrap();
    let built = build(directory.path(), &advisories(), 1 << 20);
    let before = fs::read(&built.path).unwrap();
    assert_eq!(build(directory.path(), &advisories(), 1 << 20), built);
    assert_eq!(fs::read(&built.path).unwrap(), before);
}

#[test]
fn a_damaged_copy_of_the_same_length_is_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let built = build(directory.path(), &advisories(), 1 << 20);
    let length = fs::metadata(&built.path).unwrap().len();
    fs::write(&built.path, vec![0x55; usize::try_from(length).unwrap()]).unwrap();
    build(directory.path(), &advisories(), 1 << 20);
    Snapshot::open(&built.path).unwrap().verify().unwrap();
}

#[test]
fn a_copy_of_another_length_is_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let built = build(directory.path(), &advisories(), 1 << 20);
    fs::write(&built.path, "half a file").unwrap();
    build(directory.path(), &advisories(), 1 << 20);
    Snapshot::open(&built.path).unwrap().verify().unwrap();
}

#[test]
fn no_advisories_make_an_empty_snapshot() {
    let directory = tempfile::tempdir().unwrap();
    let built = build(directory.path(), &[], 1 << 20);
    let snapshot = Snapshot::open(&built.path).unwrap();
    snapshot.verify().unwrap();
    assert_eq!(snapshot.records(), 0);
    assert_eq!(snapshot.iter().count(), 0);
    assert_eq!(snapshot.candidates("", "").unwrap().count(), 0);
}

#[test]
fn an_advisory_that_is_too_large_is_refused_and_the_build_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    let mut builder = SnapshotBuilder::new(directory.path(), BuildLimits::default()).unwrap();
    let mut large = advisory("CVE-1", "new", "zlib");
    large.versions.enumerated = vec!["1".repeat(1 << 20)];
    let error = builder.add(&large).unwrap_err();
    assert!(matches!(error, Error::AdvisoryTooLarge { .. }), "{error}");
    builder
        .add(&advisory("CVE-2", "debian:12", "zlib"))
        .unwrap();
    let built = builder
        .finish(SnapshotMeta::new("sample", 1), directory.path())
        .unwrap();
    let snapshot = Snapshot::open(&built.path).unwrap();
    assert_eq!(snapshot.namespaces(), [("debian:12".to_owned(), 1)]);
}

#[test]
fn leftovers_are_removed_and_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let built = build(directory.path(), &advisories(), 1 << 20);
    fs::write(directory.path().join("snapshot-x1.partial"), "half").unwrap();
    fs::create_dir(directory.path().join("folder.partial")).unwrap();
    assert_eq!(remove_leftovers(directory.path()).unwrap(), 1);
    let kept = format!("{}.snapshot", built.digest.hex());
    assert_eq!(names(directory.path()), [kept, "folder.partial".to_owned()]);
}

#[test]
fn a_directory_that_is_not_there_is_an_error_that_names_it() {
    let directory = tempfile::tempdir().unwrap();
    let missing = directory.path().join("missing");
    let error = SnapshotBuilder::new(&missing, BuildLimits::default())
        .err()
        .unwrap();
    assert!(error.to_string().contains("missing"), "{error}");
    let builder = SnapshotBuilder::new(directory.path(), BuildLimits::default()).unwrap();
    let error = builder
        .finish(SnapshotMeta::default(), &missing)
        .unwrap_err();
    assert!(error.to_string().contains("missing"), "{error}");
}
