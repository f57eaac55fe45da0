use limpid_version::{Range, RangeEnd, Scheme};

fn contains(range: &Range, scheme: Scheme, version: &str) -> bool {
    range.contains(scheme, version).unwrap()
}

#[test]
fn the_default_holds_every_version() {
    for &scheme in Scheme::ALL {
        assert!(contains(&Range::default(), scheme, "0"));
    }
}

#[test]
fn the_fix_is_outside() {
    let range = Range::below("1.2-3");
    assert!(contains(&range, Scheme::Dpkg, "1.2-3~deb12u1"));
    assert!(!contains(&range, Scheme::Dpkg, "1.2-3"));
    assert!(!contains(&range, Scheme::Dpkg, "1:0-1"));
}

#[test]
fn the_introducing_and_the_last_affected_version_are_inside() {
    let range = Range {
        introduced: Some("1.2-r0".to_owned()),
        end: Some(RangeEnd::LastAffected("1.4-r1".to_owned())),
    };
    for (version, inside) in [
        ("1.2_rc1-r0", false),
        ("1.2-r0", true),
        ("1.3-r9", true),
        ("1.4-r1", true),
        ("1.4-r2", false),
    ] {
        assert_eq!(contains(&range, Scheme::Apk, version), inside, "{version}");
    }
}

#[test]
fn an_rpm_bound_without_release_covers_all_releases_of_its_version() {
    let until = Range {
        introduced: Some("1.2".to_owned()),
        end: Some(RangeEnd::LastAffected("1.4".to_owned())),
    };
    assert!(contains(&until, Scheme::Rpm, "1.2-1.el9"));
    assert!(contains(&until, Scheme::Rpm, "1.4-7.el9"));
    assert!(!contains(&until, Scheme::Rpm, "1.4.1-1.el9"));
    assert!(!contains(&Range::below("1.4"), Scheme::Rpm, "1.4-7.el9"));
    assert!(contains(&Range::below("1.4"), Scheme::Rpm, "1.4~rc1-7.el9"));
}

#[test]
fn a_broken_version_or_bound_is_an_error() {
    let error = Range::below("1:").contains(Scheme::Dpkg, "1").unwrap_err();
    assert_eq!(error.version, "1:");
    let error = Range::below("1").contains(Scheme::Dpkg, "x:1").unwrap_err();
    assert_eq!(error.version, "x:1");
}
