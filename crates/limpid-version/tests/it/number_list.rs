use limpid_version::Scheme::{Cran, Hackage};

use crate::{assert_ascending, assert_equal, assert_refused};

#[test]
fn fewer_numbers_are_below_more() {
    assert_ascending(Cran, &["0.1", "0.1.0", "0.1.0.0", "0.1.1", "0.2", "0.10"]);
    assert_ascending(Hackage, &["1", "1.0", "1.0.0", "1.0.1", "1.1", "1.10"]);
}

#[test]
fn in_r_dots_and_dashes_are_alike() {
    assert_equal(Cran, &["1.0-2", "1.0.2", "1-0-2", "01.0-02"]);
    assert_refused(Hackage, "1.0-2", "unexpected character");
}

#[test]
fn anything_but_numbers_is_refused() {
    for scheme in [Cran, Hackage] {
        assert_refused(scheme, "1.0a", "unexpected character");
        assert_refused(scheme, "1..0", "number expected");
        assert_refused(scheme, "1.", "number expected");
    }
}
