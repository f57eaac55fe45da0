//! Documents that are cut off, huge, packed in some other way or something else altogether.

use std::io::Write;

use limpid_feed::MemoryDocuments;

use super::document::{Document, all, criterion};
use crate::support::{lines, parse, quarantined, refuse};

const URL: &str = "https://photon.test/oval/com.vmware.phsa-photon5.xml";

fn served(bytes: impl Into<Vec<u8>>) -> MemoryDocuments {
    MemoryDocuments::default().with(URL, bytes)
}

fn two_updates() -> Document {
    let mut document = Document::default();
    for (name, cve) in [("curl", "CVE-2024-1111"), ("zlib", "CVE-2024-2222")] {
        let release = criterion(
            &document.release("photon-release"),
            "Photon OS 5 is installed",
        );
        let package = criterion(&document.below(name, "0:2-1.ph5"), "");
        document.definition(
            &format!(r#"<title>PHSA-1 {name}</title><reference ref_id="{cve}"/>"#),
            &all(&[release, package]),
        );
    }
    document
}

#[test]
fn no_beginning_of_a_document_passes_for_the_whole() {
    let whole = two_updates().to_xml();
    for length in 0..whole.len() {
        let (error, _) = refuse("photon/5.0", served(&whole.as_bytes()[..length]));
        assert!(error.contains("truncated at byte"), "{length}: {error}");
    }
}

#[test]
fn documents_may_be_packed() {
    let whole = two_updates().to_xml();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(whole.as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    assert_eq!(
        parse("photon/5.0", served(gzip.clone())).advisories.len(),
        2
    );
    let (error, _) = refuse("photon/5.0", served(&gzip[..gzip.len() - 20]));
    assert!(error.contains("cannot read it at byte"), "{error}");
    let packed = zstd::encode_all(whole.as_bytes(), 1).unwrap();
    assert_eq!(parse("photon/5.0", served(packed)).advisories.len(), 2);
}

#[test]
fn a_page_with_an_error_message_is_not_a_document() {
    let page = "<!DOCTYPE html>\n<html><body>Service unavailable</body></html>";
    let (error, _) = refuse("photon/5.0", served(page));
    assert_eq!(
        error,
        format!(
            "cannot use document: {URL}: not oval_definitions: begins with \"<!DOCTYPE html>\\n<html><body>Service unav\""
        )
    );
}

#[test]
fn a_document_without_definitions_is_not_taken_for_an_empty_one() {
    let (error, _) = refuse("photon/5.0", served("<oval_definitions/>"));
    assert!(error.ends_with("no member with the name \"definitions\""));
    let empty = parse("photon/5.0", served(Document::default().to_xml()));
    assert_eq!(lines(&empty), Vec::<String>::new());
}

#[test]
fn entities_are_never_expanded() {
    let bomb = r#"<!DOCTYPE x [<!ENTITY a "aaaaaaaa">]><oval_definitions/>"#;
    let (error, _) = refuse("photon/5.0", served(bomb));
    assert!(
        error.ends_with("declarations of its own at byte 0"),
        "{error}"
    );
    let text = two_updates()
        .to_xml()
        .replace("PHSA-1 curl", "PHSA-1 &curl;");
    let sink = parse("photon/5.0", served(text));
    assert_eq!(
        quarantined(&sink),
        [("oval:test:def:7", "unknown entity: &curl;")]
    );
    assert_eq!(sink.advisories.len(), 1);
}

#[test]
fn a_giant_definition_costs_nothing_but_itself() {
    let text = two_updates()
        .to_xml()
        .replace("PHSA-1 curl", &"x".repeat(9000));
    let sink = parse("photon/5.0", served(text));
    assert_eq!(
        quarantined(&sink),
        [("oval:test:def:7", "record over the size limit")]
    );
    assert_eq!(
        lines(&sink),
        ["photon:5.0 zlib CVE-2024-2222 affected <0:2-1.ph5"]
    );
}

#[test]
fn latin_1_and_stray_bytes_do_no_harm() {
    let text = two_updates()
        .to_xml()
        .replace("PHSA-1 curl", "PHSA-1 c\u{1}url");
    let latin: Vec<u8> = text
        .replace("UTF-8", "iso-8859-1")
        .bytes()
        .map(|byte| if byte == 1 { 0xe9 } else { byte })
        .collect();
    assert_eq!(
        parse("photon/5.0", served(latin.clone())).advisories.len(),
        2
    );
    let broken = String::from_utf8_lossy(&latin).replace("iso-8859-1", "UTF-8");
    assert_eq!(parse("photon/5.0", served(broken)).advisories.len(), 2);
    let (error, _) = refuse("photon/5.0", served(text.replace("UTF-8", "EBCDIC-CP-US")));
    assert!(error.ends_with("encoding that is not supported: EBCDIC-CP-US"));
}
