use std::collections::{BTreeMap, HashMap};

use limpid_types::Advisory;
use limpid_vulndb::Snapshot;
use proptest::prelude::*;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::sample::{advisories, advisory, any_advisory, look_up, snapshot};

/// Advisories in an order of their own, so that lists can be compared as sets.
fn sorted(mut advisories: Vec<Advisory>) -> Vec<String> {
    let mut texts: Vec<_> = advisories
        .drain(..)
        .map(|advisory| format!("{advisory:?}"))
        .collect();
    texts.sort();
    texts.dedup();
    texts
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_snapshot_answers_as_a_map_does(
        advisories in proptest::collection::vec(any_advisory(), 0..40),
        (namespace, package) in ("[ab\0é/:]{0,3}", "[ab\0é/:]{0,3}"),
    ) {
        let (_directory, snapshot) = snapshot(&advisories);
        snapshot.verify().unwrap();
        let mut map: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for advisory in &advisories {
            let key = (advisory.namespace.clone(), advisory.package.name.clone());
            map.entry(key).or_default().push(advisory.clone());
        }
        let distinct = sorted(advisories).len() as u64;
        prop_assert_eq!(snapshot.records(), distinct);
        map.entry((namespace, package)).or_default();
        for ((namespace, package), expected) in map {
            let found = look_up(&snapshot, &namespace, &package).unwrap();
            prop_assert!(found.is_sorted_by_key(|advisory| advisory.id.clone()));
            prop_assert_eq!(sorted(found), sorted(expected));
        }
    }

    #[test]
    fn iteration_gives_every_record_in_order(
        advisories in proptest::collection::vec(any_advisory(), 0..40),
    ) {
        let (_directory, snapshot) = snapshot(&advisories);
        let key = |advisory: &Advisory| {
            (advisory.namespace.clone(), advisory.package.name.clone(), advisory.id.clone())
        };
        let found: Vec<_> = all(&snapshot);
        prop_assert!(found.is_sorted_by_key(key));
        prop_assert_eq!(sorted(found), sorted(advisories));
    }
}

fn all(snapshot: &Snapshot) -> Vec<Advisory> {
    snapshot
        .iter()
        .map(|record| {
            let record = record.unwrap();
            let details = snapshot.details(&record.details).unwrap();
            record.into_advisory(details)
        })
        .collect()
}

#[test]
fn every_field_comes_back() {
    let given = advisories();
    let (_directory, snapshot) = snapshot(&given);
    let full = given.last().unwrap();
    assert_eq!(
        look_up(&snapshot, "osv:pypi", "django").unwrap(),
        std::slice::from_ref(full)
    );
    assert_eq!(sorted(all(&snapshot)), sorted(given));
}

#[test]
fn namespaces_are_listed_with_their_records() {
    let (_directory, snapshot) = snapshot(&advisories());
    let namespaces = [("alpine:3.20", 9), ("debian:12", 9), ("osv:pypi", 1)];
    let namespaces = namespaces.map(|(name, records)| (name.to_owned(), records));
    assert_eq!(snapshot.namespaces(), namespaces);
    assert_eq!(snapshot.records(), 19);
    assert_eq!(
        (snapshot.meta().feed.as_str(), snapshot.meta().schema),
        ("sample", 7)
    );
    assert!(snapshot.has_namespace("debian:12"));
    assert!(!snapshot.has_namespace("debian"));
    assert_eq!(look_up(&snapshot, "debian", "zlib").unwrap(), []);
}

#[test]
fn records_of_one_vulnerability_share_their_texts() {
    let mut both = [
        advisory("CVE-1", "debian:12", "zlib"),
        advisory("CVE-1", "debian:13", "zlib"),
    ];
    both[1].rating.text.clear();
    let (_directory, snapshot) = snapshot(&both);
    let handles: Vec<_> = snapshot
        .iter()
        .map(|record| record.unwrap().details)
        .collect();
    assert_eq!(handles[0], handles[1]);
    assert_eq!(snapshot.meta().details, 1);
}

#[test]
fn packages_whose_hashes_collide_are_told_apart() {
    // The index keeps the low half of the hash; two names that share it are soon found.
    let mut seen = HashMap::new();
    let (one, other) = (0_u32..)
        .find_map(|number| {
            let name = format!("p{number}");
            let low_half = xxh3_64_with_seed(name.as_bytes(), 0) << 32;
            seen.insert(low_half, name.clone())
                .map(|before| (before, name))
        })
        .unwrap();
    let given = [advisory("CVE-1", "n", &one), advisory("CVE-2", "n", &other)];
    let (_directory, both) = snapshot(&given);
    assert_eq!(look_up(&both, "n", &one).unwrap(), given[..1]);
    assert_eq!(look_up(&both, "n", &other).unwrap(), given[1..]);

    let (_directory, single) = snapshot(&given[..1]);
    assert_eq!(look_up(&single, "n", &other).unwrap(), []);
}

#[test]
fn a_package_with_more_records_than_a_chunk_holds_is_found_whole() {
    let given: Vec<_> = (0..5000)
        .map(|number| {
            let mut advisory = advisory(&format!("CVE-2024-{number:05}"), "debian:12", "linux");
            advisory.details.description.clear();
            advisory
        })
        .chain([advisory("CVE-1", "debian:12", "zlib")])
        .collect();
    let (_directory, snapshot) = snapshot(&given);
    snapshot.verify().unwrap();
    assert_eq!(
        look_up(&snapshot, "debian:12", "linux").unwrap(),
        given[..5000]
    );
    assert_eq!(
        look_up(&snapshot, "debian:12", "zlib").unwrap(),
        given[5000..]
    );
    assert_eq!(snapshot.iter().count(), 5001);
}

#[test]
fn values_that_do_not_fit_the_tables_are_kept_in_the_records() {
    let given: Vec<_> = (0..3000)
        .map(|number| {
            let mut advisory = advisory("CVE-1", "redhat", &format!("p{number:04}"));
            advisory.package.cpes = vec![format!("cpe:{number}:{}", "x".repeat(500))];
            advisory.details.description.clear();
            advisory
        })
        .collect();
    let (_directory, snapshot) = snapshot(&given);
    assert_eq!(all(&snapshot), given);
}

#[test]
fn threads_share_a_snapshot() {
    let given = advisories();
    let (_directory, snapshot) = snapshot(&given);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(all(&snapshot).len(), given.len()));
        }
    });
}
