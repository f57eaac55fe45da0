use limpid_version::Scheme::{Npm, Semver};

use crate::{assert_ascending, assert_equal, assert_refused};

// Semantic Versioning 2.0.0, section 11.
#[test]
fn pre_releases_are_ordered_by_their_identifiers() {
    for scheme in [Semver, Npm] {
        assert_ascending(
            scheme,
            &[
                "1.0.0-1",
                "1.0.0-10",
                "1.0.0-alpha",
                "1.0.0-alpha.1",
                "1.0.0-alpha.beta",
                "1.0.0-beta",
                "1.0.0-beta.2",
                "1.0.0-beta.11",
                "1.0.0-rc.1",
                "1.0.0",
                "1.0.1",
                "1.1.0",
                "1.10.0",
                "2.0.0-0",
                "2.0.0",
            ],
        );
    }
}

#[test]
fn build_metadata_does_not_count() {
    assert_equal(Semver, &["1.2.3", "1.2.3+build", "1.2.3+other.1"]);
    assert_equal(Npm, &["1.2.3-a", "1.2.3-a+b-c"]);
}

#[test]
fn a_prefix_and_missing_numbers_are_tolerated() {
    assert_equal(Semver, &["1", "1.0", "1.0.0", "v1", "=1.0", "=v1.0.0"]);
    assert_ascending(Semver, &["1-rc", "1", "1.0.0.1"]);
}

// node-semver, loose.
#[test]
fn a_pre_release_may_lack_its_dash_or_its_identifier() {
    assert_equal(Npm, &["1.2.3beta1", "1.2.3-beta1"]);
    assert_equal(Npm, &["1.2.3-01", "1.2.3-1"]);
    assert_ascending(Npm, &["1.2.3-1", "1.2.3-", "1.2.3-.1", "1.2.3-a", "1.2.3"]);
}

#[test]
fn what_is_no_version_is_refused() {
    for (version, cause) in [
        ("1.x", "number expected"),
        ("1..2", "number expected"),
        ("latest", "number expected"),
        ("1.2.3-a..b", "empty pre-release identifier"),
        ("1.2.3-a_b", "unexpected character"),
        ("^1.2.3", "number expected"),
    ] {
        assert_refused(Npm, version, cause);
    }
}
