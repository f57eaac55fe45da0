//! Behaviour of the version schemes, the laws they obey, and their agreement
//! with the tools whose order they follow.

#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

mod alpm;
mod apk;
mod composer;
mod dpkg;
mod gem;
mod gentoo;
mod go;
mod laws;
mod maven;
mod nuget;
mod number_list;
mod pep440;
mod pub_dev;
mod range;
mod rhctag;
mod rpm;
mod scheme;
mod semver;

use std::cmp::Ordering;

use limpid_version::Scheme;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

/// Compares two versions both ways round and by their keys, and returns the one answer.
#[track_caller]
fn order(scheme: Scheme, left: &str, right: &str) -> Ordering {
    let order = scheme.compare(left, right).unwrap();
    let reverse = scheme.compare(right, left).unwrap();
    assert_eq!(reverse, order.reverse(), "{right:?} against {left:?}");
    let key = |version| scheme.sort_key(version).unwrap();
    assert_eq!(key(left).is_some(), scheme.is_transitive());
    if let (Some(left_key), Some(right_key)) = (key(left), key(right)) {
        assert_eq!(
            left_key.cmp(&right_key),
            order,
            "keys of {left:?}, {right:?}"
        );
    }
    order
}

/// Asserts that every version is below all that follow it.
#[track_caller]
fn assert_ascending(scheme: Scheme, versions: &[&str]) {
    for (index, left) in versions.iter().enumerate() {
        for right in &versions[index + 1..] {
            assert_eq!(
                order(scheme, left, right),
                Ordering::Less,
                "{left:?} < {right:?}"
            );
        }
    }
}

/// Asserts that all versions are equal.
#[track_caller]
fn assert_equal(scheme: Scheme, versions: &[&str]) {
    for left in versions {
        for right in versions {
            assert_eq!(
                order(scheme, left, right),
                Ordering::Equal,
                "{left:?} = {right:?}"
            );
        }
    }
}

/// Asserts that a text is refused, and why.
#[track_caller]
fn assert_refused(scheme: Scheme, version: &str, cause: &str) {
    let error = scheme.compare("1", version).unwrap_err();
    assert_eq!((error.version.as_str(), error.cause), (version, cause));
    assert_eq!(scheme.sort_key(version).unwrap_err(), error);
}

/// Makes the same pairs of texts on every run.
fn generated_pairs(text: impl Strategy<Value = String>, count: usize) -> Vec<(String, String)> {
    let mut runner = TestRunner::deterministic();
    let pair = (&text, &text);
    let mut pairs = Vec::with_capacity(count);
    while pairs.len() < count {
        pairs.push(pair.new_tree(&mut runner).unwrap().current());
    }
    pairs
}
