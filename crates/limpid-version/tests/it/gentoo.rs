use limpid_version::Scheme::Gentoo;

use crate::{assert_ascending, assert_equal, assert_refused};

// Package Manager Specification, section 3.3.

#[test]
fn the_first_number_is_ordered_by_value() {
    assert_ascending(Gentoo, &["1", "5.0", "6.0", "20", "100"]);
    assert_equal(Gentoo, &["1", "01", "001"]);
}

#[test]
fn more_components_are_more() {
    assert_ascending(Gentoo, &["5", "5.0", "5.0.0", "5.0.1"]);
}

#[test]
fn a_component_that_starts_with_a_zero_is_a_fraction() {
    assert_ascending(
        Gentoo,
        &[
            "1.0",
            "1.001",
            "1.0010000000000000001",
            "1.01",
            "1.02",
            "1.1",
        ],
    );
    assert_equal(Gentoo, &["1.01", "1.010", "1.0100"]);
    assert_equal(Gentoo, &["1.0", "1.00"]);
    assert_ascending(Gentoo, &["1.2", "1.10"]);
}

#[test]
fn a_letter_is_above_none_and_below_another_component() {
    assert_ascending(Gentoo, &["1.1", "1.1a", "1.1b", "1.1.0"]);
    assert_ascending(Gentoo, &["12.2", "12.2b", "12.2.5"]);
    assert_ascending(Gentoo, &["1_p1", "1b_p1"]);
}

#[test]
fn only_the_suffix_p_is_above_no_suffix() {
    assert_ascending(
        Gentoo,
        &[
            "1.0_alpha1",
            "1.0_beta1",
            "1.0_pre2",
            "1.0_rc3",
            "1.0",
            "1.0_p",
            "1.0_p2",
            "1.0_p10",
        ],
    );
    assert_equal(Gentoo, &["1.0_rc", "1.0_rc0", "1.0_rc00"]);
    assert_ascending(
        Gentoo,
        &[
            "1_alpha_rc",
            "1_alpha",
            "1_alpha_p1",
            "1_alpha1",
            "1_p_rc",
            "1_p",
            "1_p_p",
        ],
    );
}

#[test]
fn the_revision_comes_last_and_an_absent_one_is_zero() {
    assert_ascending(Gentoo, &["1.0-r0", "1.0-r1", "1.0-r2", "1.0-r10", "1.0_p"]);
    assert_ascending(Gentoo, &["1.0_rc1-r9", "1.0"]);
    assert_equal(Gentoo, &["1.0", "1.0-r0", "1.0-r00"]);
}

#[test]
fn what_is_no_version_is_refused() {
    for (version, cause) in [
        ("a", "number expected"),
        (".1", "number expected"),
        ("1.", "number expected"),
        ("1.a", "number expected"),
        ("1.0B", "unexpected character"),
        ("1.0ab", "unexpected character"),
        ("1.0a.1", "unexpected character"),
        ("1.0*", "unexpected character"),
        ("1.0_", "unknown suffix"),
        ("1.0_git", "unknown suffix"),
        ("1.0-1", "dash without a revision"),
        ("1.0-r", "number expected"),
        ("1.0-r1a", "text after the revision"),
    ] {
        assert_refused(Gentoo, version, cause);
    }
}
