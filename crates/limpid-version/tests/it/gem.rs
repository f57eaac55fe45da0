use limpid_version::Scheme::Gem;

use crate::{assert_ascending, assert_equal, assert_refused};

// Clair compares `rc10` and `rc2` as texts.
#[test]
fn digits_and_letters_are_segments_of_their_own() {
    assert_ascending(Gem, &["1.0.rc1", "1.0.rc2", "1.0.rc10", "1.0"]);
    assert_equal(Gem, &["1.0.a2", "1.0.a.2"]);
}

#[test]
fn a_word_is_below_a_number_and_makes_a_pre_release() {
    assert_ascending(
        Gem,
        &[
            "0.9",
            "1.0.a",
            "1.0.a.1",
            "1.0.b1",
            "1.0.b2.pre",
            "1.0.b2",
            "1.0.pre",
            "1",
            "1.0.1.a",
            "1.0.1",
        ],
    );
}

#[test]
fn a_dash_is_the_word_pre() {
    assert_equal(Gem, &["1-1", "1.pre.1", "1.0.0-1"]);
    assert_ascending(Gem, &["1-1", "1-2", "1"]);
}

#[test]
fn zeros_before_the_first_word_and_at_the_end_do_not_count() {
    assert_equal(Gem, &["1", "1.0", "1.0.0", "01"]);
    assert_equal(Gem, &["1.a", "1.0.a", "1.0.0.a.0.0"]);
    assert_ascending(
        Gem,
        &[
            "1.a.b",
            "1.a.0.b",
            "1.a.0.0.b",
            "1.a",
            "1.a.0.0.1",
            "1.a.0.1",
            "1.a.1",
        ],
    );
}

#[test]
fn malformed_versions_are_refused() {
    for (version, cause) in [
        ("1.", "empty segment"),
        ("1..2", "empty segment"),
        (".3", "number expected"),
        ("beta", "number expected"),
        ("-", "number expected"),
        ("1-", "empty segment"),
        ("1/2", "unexpected character"),
        ("1.0.0_beta", "unexpected character"),
    ] {
        assert_refused(Gem, version, cause);
    }
    // Ruby refuses this too; OSV's records hold it.
    assert_ascending(Gem, &["1alpha", "1beta", "1"]);
}
