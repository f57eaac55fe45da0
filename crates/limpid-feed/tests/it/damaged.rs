//! Documents that are cut off, huge, deep or something else altogether.

use limpid_feed::{
    Collected, Documents, MemoryDocuments, Note, Quarantined, ReadSeek, Sink, SinkError,
};
use limpid_testkit::feed::{AlpineSecdb, DebianTracker};
use limpid_types::Advisory;

use crate::support::{chain, family_of, feed, parse, quarantined, refuse};

const ALPINE: &str = "https://secdb.test/v3.3/main.json";
const DEBIAN: &str = "https://tracker.test/json";

fn debian(text: impl Into<Vec<u8>>) -> MemoryDocuments {
    MemoryDocuments::default().with(DEBIAN, text)
}

#[test]
fn a_truncated_document_is_refused_after_what_came_before() {
    let whole = DebianTracker::new()
        .fix("a", "CVE-2022-1", "sid", "1")
        .fix("b", "CVE-2022-2", "sid", "2")
        .to_json();
    let cut = &whole[..whole.len() - 10];
    let (error, sink) = refuse("debian", debian(cut));
    assert_eq!(
        error,
        format!(
            "cannot use document: {DEBIAN}: truncated at byte {}, expected the rest of a value",
            cut.len()
        )
    );
    assert_eq!(sink.advisories.len(), 1);
}

#[test]
fn no_beginning_of_a_document_passes_for_the_whole() {
    let tracker = DebianTracker::new()
        .fix("a", "CVE-2022-1", "sid", "1")
        .to_json();
    for length in 0..tracker.len() {
        let (error, _) = refuse("debian", debian(&tracker[..length]));
        assert!(
            error.contains(&format!("truncated at byte {length}")),
            "{length}: {error}"
        );
    }
    let secdb = AlpineSecdb::new("v3.3", "main")
        .fix("a", "1-r0", &["CVE-2022-1"])
        .to_json();
    for length in 0..secdb.len() {
        let documents = MemoryDocuments::default().with(ALPINE, &secdb[..length]);
        let (error, _) = refuse("alpine/v3.3", documents);
        assert!(
            error.contains(&format!("truncated at byte {length}")),
            "{length}: {error}"
        );
    }
}

#[test]
fn a_page_with_an_error_message_is_not_a_document() {
    let page = "\n<!DOCTYPE html>\n<html><body>Service unavailable</body></html>";
    let expected = "not JSON: begins with \"<!DOCTYPE html>\\n<html><body>Service unav\"";
    let (error, _) = refuse("debian", debian(page));
    assert_eq!(error, format!("cannot use document: {DEBIAN}: {expected}"));
    let (error, _) = refuse("alpine/v3.3", MemoryDocuments::default().with(ALPINE, page));
    assert_eq!(error, format!("cannot use document: {ALPINE}: {expected}"));
}

#[test]
fn a_document_of_another_shape_is_refused() {
    for (text, fault) in [
        ("", "truncated at byte 0, expected an object"),
        (" ", "truncated at byte 1, expected an object"),
        ("[]", "expected an object at byte 0, found '['"),
        (
            "{} {}",
            "expected the end of the document at byte 3, found '{'",
        ),
        ("{,}", "expected a member name at byte 1, found ','"),
        ("{7:{}}", "expected a member name at byte 1, found '7'"),
        (
            r#"{"a":{},}"#,
            "expected a member name at byte 8, found '}'",
        ),
        (r#"{"a" {}}"#, "expected `:` at byte 5, found '{'"),
        (
            r#"{"a":{} "b":{}}"#,
            "expected `,` or `}` at byte 8, found '\"'",
        ),
        (r#"{"a":{]}"#, "expected a member name at byte 6, found ']'"),
    ] {
        let (error, _) = refuse("debian", debian(text));
        assert_eq!(
            error,
            format!("cannot use document: {DEBIAN}: {fault}"),
            "{text}"
        );
    }
}

#[test]
fn a_byte_order_mark_and_blanks_are_no_fault() {
    let sink = parse("debian", debian("\u{feff} \r\n\t{ \"a\" : { } } \n"));
    assert!(sink.advisories.is_empty() && sink.quarantined.is_empty());
}

#[test]
fn a_huge_record_is_passed_by() {
    let text = format!(
        r#"{{"a":{{"CVE-1":{{"description":"{}","releases":{{}}}},"CVE-2":{{"releases":{{"sid":{{"status":"open"}}}}}}}}}}"#,
        "x".repeat(1 << 20)
    );
    let sink = parse("debian", debian(text));
    assert_eq!(sink.advisories.len(), 1);
    assert_eq!(
        quarantined(&sink),
        [("a CVE-1", "record over the size limit")]
    );
}

#[test]
fn a_huge_name_is_passed_by() {
    let name = "x".repeat(1 << 20);
    let text = format!(r#"{{"{name}":{{}},"a":{{"{name}":{{}},"CVE-2":{{"releases":{{}}}}}}}}"#);
    let sink = parse("debian", debian(text));
    let reasons: Vec<&str> = quarantined(&sink)
        .iter()
        .map(|&(_, reason)| reason)
        .collect();
    assert_eq!(
        reasons,
        ["name over the size limit", "name over the size limit"]
    );
}

#[test]
fn a_deep_record_is_quarantined() {
    for (deep, is_closed) in [(1000, true), (1_000_000, true), (1_000_000, false)] {
        let closing = if is_closed {
            "]".repeat(deep)
        } else {
            String::new()
        };
        let value = format!("{}{closing}", "[".repeat(deep));
        let good = r#""CVE-2":{"releases":{"sid":{"status":"open"}}}"#;
        let text = format!(r#"{{"a":{{{good},"CVE-1":{{"releases":{value}}}}},"b":{{{good}}}}}"#);
        if is_closed {
            let sink = parse("debian", debian(text));
            assert_eq!(sink.advisories.len(), 2);
            assert_eq!(sink.quarantined.len(), 1);
        } else {
            let (error, sink) = refuse("debian", debian(text));
            assert!(error.contains("truncated"), "{error}");
            assert_eq!(sink.advisories.len(), 1);
        }
    }
}

#[test]
fn bytes_that_are_no_text_cost_only_their_record() {
    let good = r#""CVE-2":{"releases":{"sid":{"status":"open"}}}"#;
    let mut text = format!(r#"{{"a":{{"CVE-1":{{"description":"?","releases":{{}}}},"?":{{}},{good}}},"?":{{}},"b":{{{good}}}}}"#)
        .into_bytes();
    for byte in &mut text {
        if *byte == b'?' {
            *byte = 0xff;
        }
    }
    let sink = parse("debian", debian(text));
    assert_eq!(sink.advisories.len(), 2);
    assert_eq!(sink.quarantined.len(), 3);
    assert_eq!(sink.quarantined[0].id, "a CVE-1");
}

#[test]
fn a_record_of_very_many_items_is_quarantined() {
    let settings = limpid_feed::Settings::default();
    let feed = family_of(&settings, "debian")
        .discover(&mut crate::support::Server::default())
        .unwrap()
        .remove(0);
    let releases = vec![r#""sid":{}"#; 100_001].join(",");
    let text = format!(r#"{{"a":{{"CVE-1":{{"releases":{{{releases}}}}}}}}}"#);
    let mut documents = MemoryDocuments::default().with(settings.debian.json_url, text);
    let mut sink = Collected::default();
    feed.parse(&mut documents, &mut sink).unwrap();
    assert_eq!(sink.quarantined.len(), 1);
    assert!(
        sink.quarantined[0]
            .reason
            .starts_with("more than 100000 members")
    );
}

#[test]
fn reasons_and_ids_are_short_whatever_the_record_holds() {
    let text = format!(
        r#"{{"a":{{"CVE-1":{{"description":7,"releases":{{}}}}, "CVE-2":{{"releases":{{"sid":{{"status":"{}"}}}}}}}}}}"#,
        "x".repeat(3000)
    );
    let sink = parse("debian", debian(text));
    assert_eq!(sink.quarantined.len(), 2);
    assert!(
        sink.quarantined
            .iter()
            .all(|record| record.reason.len() <= 300)
    );
}

#[test]
fn a_sink_that_fails_ends_the_run() {
    struct Full;
    impl Sink for Full {
        fn advisory(&mut self, _advisory: &Advisory) -> Result<(), SinkError> {
            Err(SinkError::new("no space left"))
        }
        fn note(&mut self, _note: Note) -> Result<(), SinkError> {
            Ok(())
        }
        fn quarantine(&mut self, _quarantined: Quarantined) -> Result<(), SinkError> {
            Ok(())
        }
    }
    let text = DebianTracker::new()
        .fix("a", "CVE-2022-1", "sid", "1")
        .to_json();
    let error = feed("debian")
        .parse(&mut debian(text), &mut Full)
        .unwrap_err();
    assert_eq!(
        chain(&error),
        format!(
            "cannot hand over what was read from: {DEBIAN}: cannot store a record of a feed: no space left"
        )
    );
}

#[test]
fn a_document_that_cannot_be_read_is_an_error_of_that_document() {
    struct Broken;
    impl Documents for Broken {
        fn open(&mut self, _url: &str) -> std::io::Result<Option<Box<dyn ReadSeek>>> {
            Err(std::io::Error::other("disk on fire"))
        }
    }
    let mut sink = Collected::default();
    let error = feed("debian").parse(&mut Broken, &mut sink).unwrap_err();
    assert_eq!(
        chain(&error),
        format!("cannot use document: {DEBIAN}: cannot read it at byte 0: disk on fire")
    );
}
