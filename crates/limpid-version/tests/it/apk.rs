use std::cmp::Ordering;

use limpid_version::ApkVersion;
use limpid_version::Scheme::Apk;

use crate::{assert_ascending, assert_equal};

// apk-package(5) and apk-tools 3, `src/version.c`.

#[test]
fn components_are_numbers() {
    assert_ascending(Apk, &["1", "1.2", "1.2.1", "1.9", "1.10", "2"]);
}

#[test]
fn components_after_the_first_that_start_with_zero_are_fractions() {
    assert_ascending(
        Apk,
        &["1.0", "1.00", "1.001", "1.0015", "1.002", "1.01", "1.1"],
    );
    assert_equal(Apk, &["1.2", "01.2"]);
}

#[test]
fn a_letter_is_above_the_plain_version_and_below_a_further_component() {
    assert_ascending(Apk, &["1.0", "1.0a", "1.0b", "1.0.1"]);
}

#[test]
fn suffixes_have_their_own_order_around_the_plain_version() {
    assert_ascending(
        Apk,
        &[
            "1_alpha",
            "1_alpha1",
            "1_alpha2",
            "1_beta",
            "1_pre",
            "1_rc",
            "1_rc3",
            "1",
            "1_cvs",
            "1_svn",
            "1_git",
            "1_git20200101",
            "1_hg",
            "1_p",
            "1_p1",
            "1_p10",
            "1a",
        ],
    );
}

#[test]
fn suffixes_follow_each_other() {
    assert_ascending(
        Apk,
        &[
            "1_rc1_pre1",
            "1_rc1",
            "1_rc1_git1",
            "1_rc2",
            "1_p1_rc1",
            "1_p1",
            "1_p1_p1",
        ],
    );
}

#[test]
fn revisions_come_last_and_a_package_without_one_is_lowest() {
    assert_ascending(
        Apk,
        &[
            "1.2",
            "1.2-r0",
            "1.2-r1",
            "1.2-r10",
            "1.2_p1-r0",
            "1.2.1-r0",
        ],
    );
    assert_equal(Apk, &["1-r1", "1-r01"]);
}

#[test]
fn commit_hashes_are_ordered_as_text_above_revisions() {
    assert_ascending(
        Apk,
        &["1", "1-r5", "1~12", "1~12-r1", "1~123", "1~2", "1~a"],
    );
}

// Alpine's sudo, mtr and opensmtpd; apk-tools 3 stops at the digit and takes all of these for equal.
#[test]
fn numbers_after_a_letter_count() {
    assert_ascending(
        Apk,
        &[
            "6.6.2p1-r0",
            "6.6.2p1-r1",
            "6.6.2p2-r0",
            "6.6.2p10-r0",
            "6.6.3p1-r0",
        ],
    );
    assert_ascending(Apk, &["1_p9", "1p", "1p1", "1p1a", "1p1a2"]);
}

// As Alpine's advisories hold them: `1.0.4.-r0`, `10.2.22.r0`.
#[test]
fn a_missing_number_is_low_but_what_follows_counts() {
    assert_ascending(
        Apk,
        &["1.0.3-r9", "1.0.4.-r0", "1.0.4.-r1", "1.0.4", "1.0.4-r0"],
    );
    assert_ascending(Apk, &["10.2.22.r0", "10.2.24.r0", "10.2.24"]);
    assert_ascending(Apk, &["_rc1", "-r1", "a", "b", ".1", ".2", "0"]);
    assert_ascending(Apk, &["0...8", "0..8", "0..9", "0.0"]);
}

#[test]
fn a_missing_revision_number_is_zero() {
    assert_equal(Apk, &["1-r", "1-r0"]);
    assert_ascending(Apk, &["1-r-1", "1-r0", "1-r1"]);
}

#[test]
fn junk_is_above_suffixes_of_releases_to_come_and_below_the_end() {
    assert_ascending(
        Apk,
        &["1.2_rc1", "1.2_blah", "1.2", "1.2-r0", "1.2_p1", "1.2a"],
    );
    assert_equal(
        Apk,
        &[
            "1.2_blah",
            "1.2_bleh2",
            "1.2A",
            "1.2-ruff",
            "1.2--r1",
            "1.2~xyz",
            "1.2é",
        ],
    );
    assert_ascending(Apk, &["2.7.16-33", "2.7.16", "2.7.16-r1", "2.7.17-1"]);
}

#[test]
fn well_formed_versions_are_told_from_tolerated_ones() {
    let is_well_formed = |text| ApkVersion::parse(text).unwrap().is_well_formed();
    for text in ["1", "1.02.3c_git20_p~0af-r1", "1~a", "0_p1_pre2", "1a-r0"] {
        assert!(is_well_formed(text), "{text}");
    }
    for text in [
        "a", ".1", "1.", "1..2", "1ab", "1a1", "1a.1", "1A", "1_", "1_foo", "1_p~", "1~0g",
        "1~0_p", "1-r", "1-r1-r2", "1-r1~0", "1-1", "1-r1.1",
    ] {
        assert!(!is_well_formed(text), "{text}");
    }
}

#[test]
fn a_prefix_equals_the_versions_it_begins() {
    let against = |version, prefix| {
        let prefix = ApkVersion::parse(prefix).unwrap();
        ApkVersion::parse(version).unwrap().compare_prefix(&prefix)
    };
    for version in ["3.6", "3.6.9", "3.6_rc1", "3.6a", "3.6-r3"] {
        assert_eq!(against(version, "3.6"), Ordering::Equal, "{version}");
    }
    assert_eq!(against("3.5.9", "3.6"), Ordering::Less);
    assert_eq!(against("3.60", "3.6"), Ordering::Greater);
    assert_eq!(against("3.6", "3.6.1"), Ordering::Less);
}
