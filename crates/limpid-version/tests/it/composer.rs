use limpid_version::Scheme::Composer;
use limpid_version::{Range, RangeEnd};

use crate::{assert_ascending, assert_equal, assert_refused};

// version_compare.
#[test]
fn words_have_their_order_around_the_release() {
    assert_ascending(
        Composer,
        &[
            "1.0-foo",
            "1.0-dev",
            "1.0-alpha",
            "1.0a1",
            "1.0b1",
            "1.0RC1",
            "1.0rc2",
            "1.0",
            "1.0.1",
            "1.0pl1",
        ],
    );
    assert_equal(Composer, &["1.0.0-beta2", "v1.0.0b2", "V1.0.0.beta.2"]);
    assert_equal(Composer, &["1.0p1", "1.0-pl1", "1.0.patch1"]);
    assert_ascending(Composer, &["1.0", "1.0.0"]);
}

#[test]
fn a_branch_is_below_every_version() {
    assert_ascending(Composer, &["dev-main", "0.1-dev", "0.1"]);
}

// Composer normalizes both sides.
#[test]
fn ends_of_ranges_have_four_numbers_and_no_case() {
    let through = Range {
        introduced: Some("1.0.0-BETA1".to_owned()),
        end: Some(RangeEnd::LastAffected("2.3".to_owned())),
    };
    for version in [
        "2.3.0",
        "v2.3.0.0",
        "2.3-stable",
        "2.3+build.1",
        "1.0-beta1",
        "1.0.0.0-RC1",
    ] {
        assert_eq!(through.contains(Composer, version), Ok(true), "{version}");
    }
    for version in ["2.3.0.1", "2.3-p1", "1.0-alpha9", "0.9"] {
        assert_eq!(through.contains(Composer, version), Ok(false), "{version}");
    }
}

#[test]
fn what_stands_for_any_number_is_refused() {
    assert_refused(Composer, "1.2.#", "number sign");
    assert_refused(Composer, "..-", "neither numbers nor words");
}
