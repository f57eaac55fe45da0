use limpid_version::Range;
use limpid_version::Scheme::Go;

use crate::{assert_ascending, assert_equal, assert_refused};

// Clair takes all of these for the release in them.
#[test]
fn pseudo_versions_and_pre_releases_are_below_their_release() {
    assert_ascending(
        Go,
        &[
            "v0.0.0-20190101000000-abcdef123456",
            "v0.0.0-20210101000000-000000000000",
            "v0.0.0",
            "v1.2.3-pre",
            "v1.2.3-pre.0.20200101000000-123456abcdef",
            "v1.2.3-rc.2",
            "v1.2.3-rc.10",
            "v1.2.3",
            "v1.2.4-0.20200101000000-123456abcdef",
            "v1.2.4",
        ],
    );
    let below = Range::below("1.2.3");
    assert_eq!(below.contains(Go, "v1.2.3-rc.1"), Ok(true));
    assert_eq!(
        below.contains(Go, "v1.2.4-0.20200101000000-123456abcdef"),
        Ok(false)
    );
}

#[test]
fn prefixes_and_what_follows_a_plus_do_not_count() {
    assert_equal(
        Go,
        &["v2.0.0", "2.0.0", "v2.0.0+incompatible", "v2", "v2.0"],
    );
}

// go/version.
#[test]
fn releases_of_go_are_ordered_with_their_pre_releases() {
    assert_ascending(
        Go,
        &[
            "go1.20.14",
            "1.21.0-0",
            "1.21beta1",
            "go1.21rc2",
            "go1.21rc10",
            "go1.21.0",
            "1.21.13",
            "go1.22rc1",
            "1.22.1",
        ],
    );
    assert_equal(Go, &["1.21rc2", "1.21.0-rc.2", "go1.21rc2", "1.21-rc.2"]);
    assert_equal(Go, &["go1.22.1", "1.22.1", "go1.22.1-vendor"]);
}

#[test]
fn a_build_from_no_release_is_refused() {
    assert_refused(Go, "(devel)", "number expected");
    assert_refused(Go, "devel", "number expected");
    assert_refused(Go, "v1.2.3-", "empty pre-release identifier");
}
