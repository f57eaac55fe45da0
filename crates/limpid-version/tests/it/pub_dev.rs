use limpid_version::Scheme::Pub;

use crate::{assert_ascending, assert_refused};

// Dart's pub_semver.
#[test]
fn build_metadata_orders_versions_that_are_equal_without_it() {
    assert_ascending(
        Pub,
        &[
            "1.0.0-pre",
            "1.0.0-pre+build",
            "1.0.0",
            "1.0.0+9",
            "1.0.0+10",
            "1.0.0+10.a",
            "1.0.0+a",
            "1.0.0+a1",
            "1.0.1-dev",
        ],
    );
}

#[test]
fn a_pre_release_needs_its_dash() {
    assert_refused(Pub, "1.0.0dev", "unexpected character");
}
