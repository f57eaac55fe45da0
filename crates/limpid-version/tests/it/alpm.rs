use limpid_version::Range;
use limpid_version::Scheme::Alpm;

use crate::{assert_ascending, assert_equal};

// vercmp(8).
#[test]
fn letters_at_the_end_of_a_number_are_below_its_end() {
    assert_ascending(
        Alpm,
        &[
            "1.0a", "1.0alpha", "1.0b", "1.0beta", "1.0p", "1.0pre", "1.0rc", "1.0", "1.0.a",
            "1.0.1",
        ],
    );
    assert_ascending(Alpm, &["1", "1.0", "1.1", "1.1.1", "1.2", "2.0", "3.0.0"]);
}

#[test]
fn numbers_are_ordered_by_value() {
    assert_ascending(Alpm, &["1.5.9", "1.5.10", "1.10.1", "2.1", "20130101"]);
    assert_equal(Alpm, &["1.5", "1.05", "01.5"]);
}

#[test]
fn epochs_come_first_and_an_absent_one_is_zero() {
    assert_ascending(Alpm, &["3.6-1", "1:1.0-1", "1:1.1-1", "2:1.0-1", "10:0-1"]);
    assert_equal(Alpm, &["1.0-1", "0:1.0-1", ":1.0-1"]);
}

#[test]
fn releases_are_compared_after_equal_versions() {
    assert_ascending(Alpm, &["1.5-1", "1.5-1.1", "1.5-2", "1.5-10", "1.5.1-1"]);
    assert_ascending(Alpm, &["1.5.b-1", "1.5.1-1"]);
    assert_ascending(Alpm, &["1.5b-1", "1.5-1", "1.5.a-1"]);
}

// libalpm calls versions equal if one has no release, which is no order: 1.5-1 and 1.5-2 differ.
#[test]
fn an_absent_release_is_lowest_and_as_a_bound_speaks_of_every_release() {
    assert_ascending(Alpm, &["1.5", "1.5-1", "1.5-2", "1.6"]);
    let below = Range::below("1.5");
    assert_eq!(below.contains(Alpm, "1.5-1"), Ok(false));
    assert_eq!(below.contains(Alpm, "1.4-9"), Ok(true));
}

#[test]
fn all_separators_are_alike_and_more_of_them_are_newer() {
    assert_equal(Alpm, &["1.0.1", "1_0_1", "1+0~1", "1.0^1"]);
    assert_ascending(Alpm, &["1.9", "1..1"]);
    assert_ascending(Alpm, &["2.30.1-1", "2.30+2+gabc-1", "2.30+3+g012-1"]);
}

#[test]
fn separators_at_the_end_mean_nothing() {
    assert_equal(Alpm, &["1.0", "1.0.", "1.0.."]);
}
