use std::cmp::Ordering;

use limpid_version::Scheme::Maven;

use crate::{assert_ascending, assert_equal};

// The cases of Maven's own tests and of its documentation, as far as they show a rule.

#[test]
fn known_qualifiers_have_their_order_around_the_release() {
    assert_ascending(
        Maven,
        &[
            "1-alpha",
            "1-beta",
            "1-milestone",
            "1-rc",
            "1-SNAPSHOT",
            "1",
            "1-sp",
            "1-abc",
            "1-xyz",
            "1-1",
            "1.1",
        ],
    );
    assert_equal(Maven, &["1", "1.ga", "1-FINAL", "1release", "1.0.0"]);
    assert_equal(Maven, &["1-cr2", "1-rc-2", "1RC2"]);
}

#[test]
fn single_letters_are_short_for_qualifiers_only_before_a_digit() {
    assert_equal(Maven, &["1a1", "1-alpha-1"]);
    assert_equal(Maven, &["1b2", "1-beta-2"]);
    assert_equal(Maven, &["1m3", "1-milestone-3"]);
    assert_ascending(Maven, &["1-alpha", "1-beta", "1", "1-a", "1-b", "1-m"]);
}

#[test]
fn a_change_between_digits_and_letters_is_a_dash() {
    assert_equal(Maven, &["1x", "1-x", "1.0.0-x"]);
    assert_equal(Maven, &["1.foo2", "1.foo-2"]);
    assert_ascending(Maven, &["6.1.0rc3", "6.1.0", "6.1H.5-beta"]);
}

#[test]
fn what_equals_nothing_is_trimmed_from_every_list() {
    assert_equal(Maven, &["1", "1.", "1-", "1-0", "1.0.0-0.0.0"]);
    assert_equal(Maven, &["1-foo", "1.0.0-foo.0.0"]);
    assert_equal(Maven, &["1-1", "1-ga-1", "1-0-1"]);
    assert_ascending(Maven, &["1-0.alpha", "1-0.beta", "1"]);
}

#[test]
fn lists_are_between_words_and_numbers() {
    assert_ascending(
        Maven,
        &["2.0.1", "2.0.1-klm", "2.0.1-lmn", "2.0.1-123", "2.0.1.1"],
    );
    assert_ascending(
        Maven,
        &["1.0-alpha-1-SNAPSHOT", "1.0-alpha-1", "1.0-alpha-2"],
    );
    assert_ascending(Maven, &["2.0-1", "2.0.1"]);
}

#[test]
fn releases_of_well_known_projects_are_ordered() {
    assert_ascending(
        Maven,
        &[
            "2.0-beta9",
            "2.0-rc1",
            "2.0",
            "2.3.1",
            "2.12.2",
            "2.15.0",
            "2.16.0",
        ],
    );
    assert_ascending(
        Maven,
        &[
            "9.4.0.M1",
            "9.4.0.RC0",
            "9.4.0.v20161208",
            "9.4.1.v20170120",
        ],
    );
    assert_ascending(
        Maven,
        &["31.0-android", "31.0-jre", "31.1-android", "31.1-jre"],
    );
    assert_ascending(Maven, &["5.3.0.RC2", "5.3.0.RELEASE", "5.3.1.RELEASE"]);
}

// ... and so has no keys: Maven's own order goes in a circle here.
#[test]
fn the_order_is_not_transitive() {
    assert!(!Maven.is_transitive());
    for (left, right) in [("1.sp", "1-alpha"), ("1-alpha", "1"), ("1", "1.sp")] {
        assert_eq!(
            Maven.compare(left, right),
            Ok(Ordering::Less),
            "{left} < {right}"
        );
    }
    assert_eq!(Maven.sort_key("1"), Ok(None));
}

#[test]
fn a_version_of_a_million_lists_is_compared() {
    let deep = "1-".repeat(1_000_000) + "2";
    let other = "1-".repeat(1_000_000) + "3";
    assert_eq!(Maven.compare(&deep, &other), Ok(Ordering::Less));
}
