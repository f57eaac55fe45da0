use std::cmp::Ordering;
use std::process::{Command, Stdio};

use limpid_version::Scheme::Dpkg;

use crate::{assert_ascending, assert_equal, assert_refused, generated_pairs};

// deb-version(7), "Sorting algorithm".

#[test]
fn epochs_come_first_and_an_absent_one_is_zero() {
    assert_ascending(Dpkg, &["99", "1:2", "1:10", "2:1", "10:0"]);
    assert_equal(Dpkg, &["1.5-2", "0:1.5-2", "00:1.5-2"]);
}

#[test]
fn a_tilde_is_below_the_end_of_a_part() {
    assert_ascending(Dpkg, &["1.0~~", "1.0~~a", "1.0~", "1.0~rc1", "1.0", "1.0a"]);
    assert_ascending(Dpkg, &["1.0-1~bpo12+1", "1.0-1", "1.0-1+b1"]);
}

#[test]
fn letters_are_below_other_characters() {
    assert_ascending(
        Dpkg,
        &[
            "1.0", "1.0A", "1.0Z", "1.0a", "1.0z", "1.0+", "1.0.", "1.0_",
        ],
    );
    assert_ascending(Dpkg, &["2.4-6", "2.4-6etch1", "2.4-6+lenny1", "2.4-6.1"]);
}

#[test]
fn digits_are_compared_as_numbers() {
    assert_ascending(Dpkg, &["1.2", "1.9", "1.10", "1.100"]);
    assert_equal(Dpkg, &["1.01", "1.1", "1.00001"]);
}

#[test]
fn a_missing_number_equals_zero() {
    assert_equal(Dpkg, &["1.0a", "1.0a0", "1.0a00"]);
    assert_equal(Dpkg, &["1.", "1.0"]);
    assert_ascending(Dpkg, &["1", "1.0"]);
}

#[test]
fn the_revision_follows_the_last_dash() {
    assert_ascending(Dpkg, &["1.2-3-1", "1.2-3-2", "1.2-4-1"]);
    assert_ascending(Dpkg, &["1.2-9", "1.2.1-1"]);
}

#[test]
fn an_absent_revision_equals_zero() {
    assert_equal(Dpkg, &["1.2", "1.2-0", "1.2-00"]);
    assert_ascending(Dpkg, &["1.2-0~1", "1.2", "1.2-0a", "1.2-1"]);
}

#[test]
fn colons_after_the_first_belong_to_the_upstream_version() {
    assert_ascending(Dpkg, &["1:2:3-1", "1:2:4-1"]);
}

// dpkg warns about these and goes on.
#[test]
fn odd_characters_and_a_leading_letter_are_compared() {
    assert_ascending(Dpkg, &["~", "0", "1_2", "1_3", "a", "b2", "v1.0"]);
}

#[test]
fn what_is_not_a_version_is_refused() {
    for (version, cause) in [
        (":1", "empty epoch"),
        ("a:1", "epoch is not a number"),
        ("1.2:3", "epoch is not a number"),
        ("-1:2", "epoch is not a number"),
        ("2147483648:1", "epoch is too big"),
        ("99999999999999999999:1", "epoch is too big"),
        ("1:", "empty upstream version"),
        ("-1", "empty upstream version"),
        ("1-", "empty revision"),
    ] {
        assert_refused(Dpkg, version, cause);
        assert_eq!(dpkg(version, "eq", "1"), None, "dpkg accepts {version:?}");
    }
}

// dpkg takes a sign before the epoch, and orders other bytes by the signedness of C's `char`.
#[test]
fn a_signed_epoch_and_other_alphabets_are_refused_although_dpkg_takes_them() {
    assert_refused(Dpkg, "+1:2", "epoch is not a number");
    assert_refused(Dpkg, "1.0é", "character outside of ASCII");
}

#[test]
fn dpkg_orders_generated_versions_alike() {
    let text = "([01]:)?[0-2ab~][0-2aZ.~+_]{0,5}(-[0-2a~+.]{1,3})?";
    for (left, right) in generated_pairs(proptest::string::string_regex(text).unwrap(), 400) {
        let operator = match crate::order(Dpkg, &left, &right) {
            Ordering::Less => "lt",
            Ordering::Equal => "eq",
            Ordering::Greater => "gt",
        };
        let agrees = dpkg(&left, operator, &right);
        assert_eq!(
            agrees,
            Some(true),
            "dpkg denies {left:?} {operator} {right:?}"
        );
    }
}

/// Asks dpkg whether a relation holds; none if it rejects a version.
fn dpkg(left: &str, operator: &str, right: &str) -> Option<bool> {
    let status = Command::new("dpkg")
        .args(["--compare-versions", "--", left, operator, right])
        .stderr(Stdio::null())
        .status()
        .expect("this test needs dpkg: install Debian's package dpkg");
    match status.code() {
        Some(0) => Some(true),
        Some(1) => Some(false),
        _ => None,
    }
}
