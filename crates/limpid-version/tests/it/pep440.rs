use limpid_version::Range;
use limpid_version::Scheme::Pep440;

use crate::{assert_ascending, assert_equal, assert_refused};

// PEP 440, "Summary of permitted suffixes and relative ordering".
#[test]
fn development_comes_before_pre_releases_and_post_releases_last() {
    assert_ascending(
        Pep440,
        &[
            "1.0.dev0",
            "1.0.dev456",
            "1.0a0.dev1",
            "1.0a1",
            "1.0a2.dev456",
            "1.0a12.dev456",
            "1.0a12",
            "1.0b1.dev456",
            "1.0b2",
            "1.0b2.post345.dev456",
            "1.0b2.post345",
            "1.0rc1.dev456",
            "1.0rc1",
            "1.0",
            "1.0.post456.dev34",
            "1.0.post456",
            "1.1.dev1",
        ],
    );
}

// Clair loses numbers that are zero, and takes these for the release.
#[test]
fn zero_and_absent_numbers_of_dev_and_post_count() {
    assert_ascending(Pep440, &["1.0.dev0", "1.0", "1.0.post0", "1.0.post1"]);
    assert_equal(Pep440, &["1.0.dev", "1.0.dev0", "1.0dev", "1.0-DEV_0"]);
    assert_equal(
        Pep440,
        &["1.0.post", "1.0.post0", "1.0-0", "1.0-r", "1.0.rev0"],
    );
}

#[test]
fn all_spellings_and_separators_are_alike() {
    assert_equal(
        Pep440,
        &[
            "1.0a1",
            "1.0alpha1",
            "1.0-ALPHA.1",
            "v1.0_a_01",
            "1.0.Alpha-1",
        ],
    );
    assert_equal(
        Pep440,
        &["1.0rc2", "1.0c2", "1.0pre2", "1.0.preview-2", "1.0RC2"],
    );
    assert_equal(
        Pep440,
        &["1.0.post3", "1.0-3", "1.0rev3", "1.0_r3", "1.0POST3"],
    );
}

#[test]
fn releases_have_any_length_and_zeros_at_the_end_do_not_count() {
    assert_equal(Pep440, &["1", "1.0", "1.0.0.0.0.0.0"]);
    assert_ascending(
        Pep440,
        &["1.0.0.0.0.1", "1.0.0.0.0.2", "1.0.0.0.1", "1.0.1"],
    );
    assert_equal(Pep440, &["1a1", "1.0.0a1"]);
}

#[test]
fn an_epoch_comes_first() {
    assert_ascending(Pep440, &["2013.10", "2014.04", "1!1.0", "1!1.1", "2!0"]);
    assert_equal(Pep440, &["0!1.0", "1.0"]);
}

#[test]
fn local_versions_are_above_their_public_version_and_numbers_above_texts() {
    assert_ascending(
        Pep440,
        &[
            "1.0",
            "1.0+a",
            "1.0+a.a",
            "1.0+b",
            "1.0+1",
            "1.0+1.a",
            "1.0+1.1",
            "1.0+2",
            "1.0.post1",
        ],
    );
    assert_equal(Pep440, &["1.0+Ubuntu.01", "1.0+ubuntu-1", "1.0+ubuntu_1"]);
}

#[test]
fn a_bound_without_a_local_part_speaks_of_every_local_version() {
    assert_eq!(
        Range::below("1.13.1").contains(Pep440, "1.13.1+cu117"),
        Ok(false)
    );
    let through = Range {
        introduced: Some("1.0".to_owned()),
        end: Some(limpid_version::RangeEnd::LastAffected("1.13.1".to_owned())),
    };
    assert_eq!(through.contains(Pep440, "1.13.1+cu117"), Ok(true));
    assert_eq!(through.contains(Pep440, "1.13.1.post1"), Ok(false));
}

#[test]
fn a_text_that_merely_holds_a_version_is_refused() {
    for text in [
        "1.0-foo",
        "1.0rc1x",
        "1.0 final",
        "1..0",
        "1.0.",
        "1.0p1",
        "2013-01-23T17",
    ] {
        assert!(Pep440.compare(text, "1").is_err(), "{text}");
    }
    assert_refused(Pep440, "1.0-final", "not a version by PEP 440");
    assert_refused(Pep440, "trunk", "number expected");
    assert_refused(Pep440, "1.0+a..b", "empty segment of the local version");
}
