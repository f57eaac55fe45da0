use limpid_rpmdb::{Header, HeaderError};
use limpid_testkit::rpmdb::{HeaderValue, HeaderWriter, RpmPackage, write_ndb_headers};
use limpid_types::{PackageRecord, ProblemKind};

use crate::read;

fn text(text: &str) -> HeaderValue {
    HeaderValue::Text(text.to_owned())
}

fn texts(texts: &[&str]) -> HeaderValue {
    HeaderValue::Texts(texts.iter().map(|text| (*text).to_owned()).collect())
}

/// A header with the three tags that every package has.
fn minimal() -> HeaderWriter {
    HeaderWriter::default()
        .with(1000, text("bash"))
        .with(1001, text("5.1"))
        .with(1002, text("2"))
}

fn record(writer: HeaderWriter) -> PackageRecord {
    let blob = writer.write();
    let (record, damage) = Header::parse(&blob).unwrap().record().unwrap();
    assert_eq!(damage, []);
    record
}

fn damage(writer: HeaderWriter) -> Vec<HeaderError> {
    let blob = writer.write();
    Header::parse(&blob).unwrap().record().unwrap().1
}

#[test]
fn an_epoch_of_zero_is_not_written() {
    let version = |epoch| record(minimal().with(1003, HeaderValue::Numbers(vec![epoch]))).version;
    assert_eq!(version(0), "5.1-2");
    assert_eq!(version(7), "7:5.1-2");
    assert_eq!(record(minimal()).version, "5.1-2");
}

#[test]
fn the_source_package_takes_the_epoch_of_the_binary() {
    let found = record(
        minimal()
            .with(1003, HeaderValue::Numbers(vec![2]))
            .with(1044, text("shells-bash-5.0-1.src.rpm")),
    );
    assert_eq!(found.source, "shells-bash");
    assert_eq!(found.source_version, "2:5.0-1");
}

#[test]
fn a_package_without_source_package_has_none() {
    let found = record(minimal().with(1044, text("(none)")));
    assert_eq!(
        (found.source, found.source_version),
        (String::new(), String::new())
    );
}

#[test]
fn a_translated_text_is_taken_in_its_first_language() {
    let vendor = HeaderValue::Translated("Example".to_owned());
    assert_eq!(record(minimal().with(1011, vendor)).vendor, "Example");
}

#[test]
fn the_payload_digest_is_taken_if_its_algorithm_is_known() {
    let build_id = |hex: &str, algorithm| {
        let algorithm = HeaderValue::Numbers(vec![algorithm]);
        record(minimal().with(5092, texts(&[hex])).with(5093, algorithm)).build_id
    };
    assert_eq!(
        build_id(&"AB".repeat(32), 8),
        format!("sha256:{}", "ab".repeat(32))
    );
    assert_eq!(
        build_id(&"ab".repeat(64), 10),
        format!("sha512:{}", "ab".repeat(64))
    );
    assert_eq!(build_id(&"ab".repeat(20), 2), "");
    assert_eq!(build_id("not hex", 8), "");
}

#[test]
fn a_signature_in_base64_names_its_key_too() {
    // A signature of version 3 by the key 0102030405060708, in an array with something else.
    let signatures = texts(&["!", "iBYDBQAAAAAAAQIDBAUGBwgBCAAAAAgB"]);
    assert_eq!(
        record(minimal().with(278, signatures)).signature_key,
        "0102030405060708"
    );
}

#[test]
fn an_optional_entry_that_cannot_be_read_costs_only_itself() {
    assert_eq!(
        damage(minimal().with(1011, HeaderValue::Numbers(vec![1]))),
        [HeaderError::Type {
            tag: 1011,
            found: 4
        }]
    );
    assert_eq!(
        damage(minimal().with(1015, text(&"x".repeat(2000)))),
        [HeaderError::TooLong(1015)]
    );
    assert_eq!(
        damage(minimal().with(268, text("x"))),
        [HeaderError::Type { tag: 268, found: 6 }]
    );
}

#[test]
fn a_package_without_a_sure_version_is_no_package() {
    let error = |writer: HeaderWriter| {
        let blob = writer.write();
        Header::parse(&blob).unwrap().record().unwrap_err()
    };
    assert_eq!(
        error(HeaderWriter::default().with(1000, text("a"))),
        HeaderError::Missing(1001)
    );
    assert_eq!(
        error(minimal().with(1003, text("1"))),
        HeaderError::Type {
            tag: 1003,
            found: 6
        }
    );
}

#[test]
fn a_later_entry_replaces_an_earlier_one() {
    let writer = minimal().with(1001, text("6"));
    assert_eq!(record(writer).version, "6-2");
}

#[test]
fn a_header_cut_off_anywhere_is_refused() {
    let blob = minimal().write();
    assert!(Header::parse(&blob).is_ok());
    for end in 0..blob.len() {
        let error = Header::parse(&blob[..end]).unwrap_err();
        assert!(
            matches!(error, HeaderError::Truncated { .. }),
            "{end}: {error:?}"
        );
    }
}

#[test]
fn impossible_sizes_are_refused_before_anything_is_read() {
    let blob = |entries: u32, data: u32| [entries.to_be_bytes(), data.to_be_bytes()].concat();
    let error = |bytes: &[u8]| Header::parse(bytes).unwrap_err();
    assert_eq!(error(&blob(0, 0)), HeaderError::Entries(0));
    assert_eq!(error(&blob(0x1_0000, 0)), HeaderError::Entries(0x1_0000));
    assert_eq!(error(&blob(1, 0x1000_0000)), HeaderError::Data(0x1000_0000));
}

#[test]
fn an_entry_that_points_outside_of_the_data_is_refused() {
    let mut blob = minimal().write();
    // The region is the first entry, the name the second; its offset is at byte 8.
    blob[8 + 16 + 8] = 0x7f;
    let error = Header::parse(&blob).unwrap().name().unwrap_err();
    assert_eq!(error, HeaderError::Bounds(1000));
}

#[test]
fn public_keys_are_no_packages() {
    let key = RpmPackage::new("gpg-pubkey", "1", "1", "noarch").header();
    let found = read(&write_ndb_headers(&[key]));
    assert!(found.packages.is_empty() && found.problems.is_empty());
}

#[test]
fn a_problem_names_the_package_if_that_much_is_known() {
    let nameless = HeaderWriter::default().with(1001, text("1")).write();
    let versionless = HeaderWriter::default().with(1000, text("bash")).write();
    let found = read(&write_ndb_headers(&[nameless, versionless]));
    let problems: Vec<_> = found.problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        problems,
        [
            "record 1: header has no tag 1000 (at byte 4096)",
            "bash: header has no tag 1001 (at byte 4192)",
        ]
    );
}

#[test]
fn whole_file_names_of_old_headers_are_taken() {
    let blob = minimal()
        .with(1027, texts(&["/bin/sh", "/bin/bash"]))
        .write();
    let found = read(&write_ndb_headers(&[blob]));
    assert_eq!(found.packages[0].1, ["bin/sh", "bin/bash"]);
}

#[test]
fn files_that_cannot_be_listed_are_a_note() {
    let check = |writer: HeaderWriter, files: &[&str]| {
        let found = read(&write_ndb_headers(&[writer.write()]));
        assert_eq!(found.packages[0].1, files);
        assert_eq!(found.problems[0].subject, "bash");
        assert_eq!(found.problems[0].kind, ProblemKind::Note);
    };
    let names = || minimal().with(1117, texts(&["a", "b"]));
    check(names(), &[]);
    check(
        names()
            .with(1116, HeaderValue::Numbers(vec![9, 0]))
            .with(1118, texts(&["/usr/"])),
        &["usr/b"],
    );
    check(
        names()
            .with(1116, HeaderValue::Numbers(vec![0, 1]))
            .with(1118, texts(&[&"x".repeat(5000), "/"])),
        &["b"],
    );
}
