use limpid_version::{Range, RhctagVersion, Scheme};

use crate::{assert_ascending, assert_equal, assert_refused};

#[test]
fn tags_are_ordered_as_rpm_orders_versions_and_releases() {
    assert_ascending(
        Scheme::Rhctag,
        &[
            "4-22",
            "v4.6.0-202112140546.p0.g8b9da97.assembly.stream",
            "v4.8.0-202107291502.p0.git.0519730.assembly.stream",
            "v4.10.0-1",
            "8.5-21.1645811927",
            "1742843776",
        ],
    );
}

#[test]
fn an_absent_release_is_zero_and_a_leading_v_means_nothing() {
    assert_equal(Scheme::Rhctag, &["v1.0.1", "1.0.1", "1.0.1-0"]);
    assert_ascending(
        Scheme::Rhctag,
        &["v1.0.1", "1.0.1-1", "v1.0.1-202201121008"],
    );
}

#[test]
fn a_stream_begins_at_its_minor_version() {
    for (tag, start) in [
        ("v4.6.0-2021.p0", "4.6"),
        ("4-22", "4"),
        ("1742843776", "1742843776"),
        ("8.x-1", "8"),
    ] {
        let version = RhctagVersion::parse(tag).unwrap();
        assert_eq!(version.minor_start(), start);
        let stream = Range {
            introduced: Some(start.into()),
            end: None,
        };
        assert_eq!(stream.contains(Scheme::Rhctag, tag), Ok(true));
    }
    let stream = Range {
        introduced: Some("4.6".into()),
        end: None,
    };
    assert_eq!(stream.contains(Scheme::Rhctag, "v4.5.9-2021"), Ok(false));
}

#[test]
fn a_tag_without_a_number_is_refused() {
    assert_refused(Scheme::Rhctag, "latest", "no number at the beginning");
    assert_refused(Scheme::Rhctag, "v", "no number at the beginning");
    assert_refused(Scheme::Rhctag, "1:2-3", "no number at the beginning");
}
