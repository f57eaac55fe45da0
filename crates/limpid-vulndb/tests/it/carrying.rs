//! Snapshots that take records over from earlier ones.

use std::path::Path;

use limpid_types::Advisory;
use limpid_vulndb::{BuildLimits, BuiltSnapshot, Carried, Snapshot, SnapshotBuilder, SnapshotMeta};
use proptest::prelude::*;

use crate::sample::{NOTES, advisories, advisory, any_advisory, build};

fn build_upon(
    directory: &Path,
    earlier: &BuiltSnapshot,
    keeps: &dyn Fn(&str, &str) -> bool,
    advisories: &[Advisory],
    memory_bytes: usize,
) -> BuiltSnapshot {
    let snapshot = Snapshot::open(&earlier.path).unwrap();
    let mut builder = SnapshotBuilder::new(directory, BuildLimits { memory_bytes }).unwrap();
    for advisory in advisories {
        builder.add(advisory).unwrap();
    }
    for (table, key, value) in NOTES {
        builder.note(table, key, value).unwrap();
    }
    let carried = Carried {
        snapshot: &snapshot,
        keeps,
    };
    builder
        .finish_upon(carried, SnapshotMeta::new("sample", 7), directory)
        .unwrap()
}

fn check_same(built: &BuiltSnapshot, expected: &BuiltSnapshot, carried: u64) {
    Snapshot::open(&built.path).unwrap().verify().unwrap();
    assert_eq!(built.digest, expected.digest);
    assert_eq!((built.records, built.carried), (expected.records, carried));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_snapshot_upon_another_is_the_same_as_one_of_everything(
        before in proptest::collection::vec(any_advisory(), 0..40),
        news in proptest::collection::vec(any_advisory(), 0..40),
        memory_bytes in 0_usize..20_000,
    ) {
        let directory = tempfile::tempdir().unwrap();
        let is_replaced = |id: &str| id.len() % 2 == 1;
        let news: Vec<_> = news.into_iter().filter(|new| is_replaced(&new.id)).collect();
        let mut everything = before.clone();
        everything.retain(|advisory| !is_replaced(&advisory.id));
        everything.extend_from_slice(&news);
        let expected = build(directory.path(), &everything, 1 << 20);
        let earlier = build(directory.path(), &before, 1 << 20);
        let keeps = |_: &str, id: &str| !is_replaced(id);
        let built = build_upon(directory.path(), &earlier, &keeps, &news, memory_bytes);
        Snapshot::open(&built.path).unwrap().verify().unwrap();
        prop_assert_eq!(&built.digest, &expected.digest);
        prop_assert_eq!(built.records, expected.records);
    }

    #[test]
    fn what_is_taken_over_and_taken_in_is_there_once(
        before in proptest::collection::vec(any_advisory(), 0..40),
        news in proptest::collection::vec(any_advisory(), 0..40),
    ) {
        let directory = tempfile::tempdir().unwrap();
        let everything = [&before[..], &news[..]].concat();
        let expected = build(directory.path(), &everything, 1 << 20);
        let earlier = build(directory.path(), &before, 1 << 20);
        let mut again = news;
        again.extend_from_slice(&before[..before.len() / 2]);
        let built = build_upon(directory.path(), &earlier, &|_, _| true, &again, 1 << 20);
        prop_assert_eq!(&built.digest, &expected.digest);
        prop_assert_eq!(built.records, expected.records);
    }
}

#[test]
fn one_namespace_is_taken_over_and_others_are_not() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let earlier = build(path, &advisories(), 1 << 20);
    let news = [
        advisory("CVE-2024-0001", "debian:13", "zlib"),
        advisory("CVE-2024-0002", "arch", "zlib"),
    ];
    let mut everything = advisories();
    everything.retain(|advisory| advisory.namespace == "debian:12");
    everything.extend_from_slice(&news);
    let expected = build(path, &everything, 1 << 20);
    let keeps = |namespace: &str, _: &str| namespace == "debian:12";
    let built = build_upon(path, &earlier, &keeps, &news, 1 << 20);
    check_same(&built, &expected, 9);
    let snapshot = Snapshot::open(&built.path).unwrap();
    assert!(!snapshot.has_namespace("alpine:3.20"));
}

#[test]
fn a_large_snapshot_with_a_dictionary_is_the_same_in_little_memory() {
    let records = |numbers: std::ops::Range<usize>, flaw: &str| -> Vec<_> {
        let number = |number: usize| {
            ["debian:12", "debian:13"].map(|namespace| {
                let id = format!("CVE-2024-{number:04}");
                let mut one = advisory(&id, namespace, &format!("p{}", number % 97));
                one.details.description.push_str(flaw);
                one
            })
        };
        numbers.flat_map(number).collect()
    };
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let earlier = build(path, &records(0..2000, ""), 1 << 26);
    let news = records(700..800, " and another one");
    let everything = [records(0..700, ""), news.clone(), records(900..2000, "")];
    let expected = build(path, &everything.concat(), 1 << 26);
    let keeps = |_: &str, id: &str| !("CVE-2024-0700".."CVE-2024-0900").contains(&id);
    let built = build_upon(path, &earlier, &keeps, &news, 4096);
    check_same(&built, &expected, 3600);
}

#[test]
fn nothing_is_taken_over_when_nothing_is_kept() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let earlier = build(path, &advisories(), 1 << 20);
    let news = [advisory("CVE-1", "debian:12", "zlib")];
    let expected = build(path, &news, 1 << 20);
    let built = build_upon(path, &earlier, &|_, _| false, &news, 1 << 20);
    check_same(&built, &expected, 0);
}

#[test]
fn what_is_rejected_leaves_no_trace() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let expected = build(path, &advisories(), 1 << 20);
    let keeps = |_: &str, id: &str| id != "GHSA-1";
    let whole: Vec<_> = advisories()
        .into_iter()
        .filter(|one| one.id == "GHSA-1")
        .collect();
    let earlier = build(path, &advisories(), 1 << 20);

    let limits = BuildLimits::default();
    let mut builder = SnapshotBuilder::new(path, limits).unwrap();
    builder
        .add(&advisory("CVE-BAD", "a namespace", "zlib"))
        .unwrap();
    builder
        .add(&advisory("CVE-BAD", "debian:12", "zlib"))
        .unwrap();
    builder.add(&whole[0]).unwrap();
    builder.reject("CVE-BAD");
    for (table, key, value) in NOTES {
        builder.note(table, key, value).unwrap();
    }
    let snapshot = Snapshot::open(&earlier.path).unwrap();
    let carried = Carried {
        snapshot: &snapshot,
        keeps: &keeps,
    };
    let meta = SnapshotMeta::new("sample", 7);
    let built = builder.finish_upon(carried, meta, path).unwrap();
    check_same(&built, &expected, 18);
}
