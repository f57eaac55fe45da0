use limpid_version::Scheme::Nuget;

use crate::{assert_ascending, assert_equal, assert_refused};

#[test]
fn a_fourth_number_counts_and_missing_ones_are_zero() {
    assert_equal(Nuget, &["1.0", "1.0.0", "1.0.0.0", "1.0.00+build"]);
    assert_ascending(
        Nuget,
        &["1.0.0-pre", "1.0.0", "1.0.0.1-alpha", "1.0.0.1", "1.0.1"],
    );
    assert_refused(Nuget, "1.0.0.0.0", "more than four numbers");
}

#[test]
fn letters_of_a_pre_release_have_no_case() {
    assert_equal(Nuget, &["1.0.0-BETA.x", "1.0.0-beta.X", "1.0-Beta.x+AA"]);
    assert_ascending(
        Nuget,
        &[
            "1.0.0-2",
            "1.0.0-11",
            "1.0.0-ALPHA",
            "1.0.0-beta",
            "1.0.0-BETA.1",
            "1.0.0-beta2",
        ],
    );
    assert_refused(Nuget, "1.0.0beta", "unexpected character");
}
