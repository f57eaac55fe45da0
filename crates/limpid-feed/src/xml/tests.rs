use std::io::{Cursor, Read, Seek, SeekFrom};

use super::*;

const LIMIT: usize = 4096;

fn limits() -> Limits {
    Limits {
        record_bytes: LIMIT,
        unpacked_bytes: 1 << 20,
        ..Limits::default()
    }
}

fn open(input: impl ReadSeek + 'static) -> XmlReader {
    XmlReader::open("x", Box::new(input), &limits()).unwrap()
}

/// Reads a document `<list><item/>…</list>` and writes each item as a line.
fn read_list(input: impl ReadSeek + 'static) -> Result<Vec<String>, FeedError> {
    let mut xml = open(input);
    let mut lines = Vec::new();
    xml.enter_root("list")?;
    while let Some(child) = xml.next_child()? {
        lines.push(match xml.record()? {
            Record::Whole(element) => format!("{} {}", child.offset, show(element)),
            Record::Faulty(reason) => format!("{} !{reason}", child.offset),
        });
    }
    xml.finish()?;
    Ok(lines)
}

fn show(element: Element<'_>) -> String {
    let id = element.attribute("id").unwrap_or("-");
    let children: Vec<String> = element.children().map(show).collect();
    let inner = if children.is_empty() {
        element.text().to_owned()
    } else {
        children.join(" ")
    };
    format!("{}#{id}({inner})", element.name())
}

fn list(text: impl Into<Vec<u8>>) -> Vec<String> {
    read_list(Cursor::new(text.into())).unwrap()
}

fn refuse(text: impl Into<Vec<u8>>) -> String {
    let error = read_list(Cursor::new(text.into())).unwrap_err();
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text.strip_prefix("cannot use document: x: ")
        .unwrap()
        .to_owned()
}

/// A start, a byte that comes very often, and an end.
struct Giant {
    start: &'static [u8],
    filling: u8,
    length: u64,
    end: &'static [u8],
    position: u64,
}

impl Giant {
    fn new(start: &'static str, filling: u8, end: &'static str) -> Self {
        Self {
            start: start.as_bytes(),
            filling,
            length: 900 << 10,
            end: end.as_bytes(),
            position: 0,
        }
    }

    fn byte(&self, position: u64) -> Option<u8> {
        let start = self.start.len() as u64;
        if position < start {
            return self.start.get(usize::try_from(position).ok()?).copied();
        }
        if position < start + self.length {
            return Some(self.filling);
        }
        let end = usize::try_from(position - start - self.length).ok()?;
        self.end.get(end).copied()
    }
}

impl Read for Giant {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let mut length = 0;
        for slot in buffer {
            let Some(byte) = self.byte(self.position) else {
                break;
            };
            *slot = byte;
            self.position += 1;
            length += 1;
        }
        Ok(length)
    }
}

impl Seek for Giant {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        if let SeekFrom::Start(position) = to {
            self.position = position;
        }
        Ok(self.position)
    }
}

#[test]
fn records_come_one_by_one_with_attributes_text_and_offset() {
    let text = r#"<?xml version="1.0"?><!-- c --><p:list xmlns:p="u"><p:a id="1 &lt; 2"><b>x &amp; &#121;</b>z</p:a>
<c id='2'/></p:list> <!-- end -->"#;
    assert_eq!(list(text), ["51 a#1 < 2(b#-(x & y))", "99 c#2()"]);
}

#[test]
fn text_of_an_element_includes_that_of_inner_ones() {
    let mut xml = open(Cursor::new(
        "<list><p>one <b>two</b> <![CDATA[<three>]]></p></list>",
    ));
    xml.enter_root("list").unwrap();
    xml.next_child().unwrap();
    let Record::Whole(element) = xml.record().unwrap() else {
        panic!("faulty");
    };
    assert_eq!(element.text(), "one two <three>");
    assert_eq!(element.child_text("b"), "two");
    assert!(element.child("c").is_none());
    assert_eq!(element.children_named("b").count(), 1);
}

#[test]
fn inner_lists_are_entered_and_what_is_not_wanted_is_passed_by() {
    let mut xml = open(Cursor::new(
        "<list><skipped><a/><b>1</b></skipped><wanted kind=\"x\"><a>2</a></wanted><empty/></list>",
    ));
    xml.enter_root("list").unwrap();
    let mut names = Vec::new();
    while let Some(child) = xml.next_child().unwrap() {
        names.push(child.name.clone());
        if child.name == "wanted" {
            assert_eq!(xml.attribute("kind").as_deref(), Some("x"));
            xml.enter();
            while let Some(child) = xml.next_child().unwrap() {
                names.push(child.name);
            }
        }
    }
    xml.finish().unwrap();
    assert_eq!(names, ["skipped", "wanted", "a", "empty"]);
}

#[test]
fn an_unknown_entity_costs_its_record_alone() {
    assert_eq!(
        list("<list><a>&x;</a><a id=\"&y;\"/><a>&#0;</a><a>fine</a></list>"),
        [
            "6 !unknown entity: &x;",
            "16 !at 1..2: unrecognized entity `y`",
            "29 !invalid character reference: 0x0 character is not permitted in XML",
            "40 a#-(fine)",
        ]
    );
}

#[test]
fn a_stray_ampersand_is_text() {
    assert_eq!(
        list("<list><a>R&D & more</a><a>x &</a></list>"),
        ["6 a#-(R&D & more)", "23 a#-(x &)"]
    );
}

#[test]
fn declarations_of_entities_are_refused_before_anything_is_expanded() {
    let bomb = r#"<!DOCTYPE list [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><list><c>&b;</c></list>"#;
    assert_eq!(refuse(bomb), "declarations of its own at byte 0");
    let external = r#"<!DOCTYPE list SYSTEM "http://x/y.dtd"><list><c/></list>"#;
    assert_eq!(list(external), ["45 c#-()"]);
}

#[test]
fn a_giant_text_costs_its_record_alone() {
    let input = Giant::new("<list><a><b>", b'x', "</b></a><c>fine</c></list>");
    let lines = read_list(input).unwrap();
    assert_eq!(lines[0], "6 !record over the size limit");
    assert!(lines[1].ends_with(" c#-(fine)"), "{}", lines[1]);
    let input = Giant::new("<list>", b' ', "<c>fine</c></list>");
    assert_eq!(read_list(input).unwrap().len(), 1);
    let input = Giant::new("<list><a>&", b'x', ";</a><c>fine</c></list>");
    assert_eq!(read_list(input).unwrap().len(), 2);
}

#[test]
fn a_giant_tag_or_comment_ends_the_reading() {
    for (start, end) in [
        ("<list><a id=\"", "\"/></list>"),
        ("<list><", "/></list>"),
        ("<list><!-- ", "--></list>"),
        ("<list><a><![CDATA[", "]]></a></list>"),
        ("<!DOCTYPE ", "><list/>"),
        ("<?", "?><list/>"),
    ] {
        let error = read_list(Giant::new(start, b'x', end)).unwrap_err();
        let FeedError::Document { fault, .. } = error else {
            panic!("{error}");
        };
        assert_eq!(
            fault.to_string(),
            "more than 4096 bytes in a tag or comment"
        );
    }
}

#[test]
fn many_small_parts_make_a_record_too_large() {
    let text = format!("<list><a>{}</a><c/></list>", "<b/>".repeat(100));
    assert_eq!(list(text)[0], "6 !record over the size limit");
    let text = format!("<list><a>{}</a><c/></list>", "&lt;".repeat(5000));
    assert_eq!(list(text)[0], "6 !record over the size limit");
}

#[test]
fn a_deep_record_is_faulty_and_a_deeper_document_is_refused() {
    let nest = |levels: usize| {
        format!(
            "<list>{}{}<c/></list>",
            "<a>".repeat(levels),
            "</a>".repeat(levels)
        )
    };
    assert_eq!(list(nest(65))[0], "6 !more than 64 levels of elements");
    assert_eq!(list(nest(65)).len(), 2);
    assert_eq!(refuse(nest(5000)), "more than 4096 levels of elements");
}

#[test]
fn many_attributes_are_a_fault_of_the_record() {
    let attributes: Vec<String> = (0..65).map(|n| format!(" a{n}=''")).collect();
    let attributes = attributes.concat();
    assert_eq!(
        list(format!("<list><a{attributes}/><c/></list>")),
        ["6 !more than 64 attributes", "455 c#-()"]
    );
    assert!(list("<list><a b/><c/></list>")[0].contains('!'));
}

#[test]
fn no_beginning_of_a_document_passes_for_the_whole() {
    let whole = "<?xml version=\"1.0\"?><list><a id=\"x\">t<!-- c --></a><![CDATA[d]]></list>";
    for length in 0..whole.len() {
        let error = refuse(&whole[..length]);
        assert!(error.starts_with("truncated at byte"), "{length}: {error}");
    }
}

#[test]
fn what_follows_the_outermost_element_must_be_nothing() {
    assert_eq!(
        refuse("<list></list>\n <list/>"),
        "expected the end of the document at byte 15, found '<'"
    );
    assert_eq!(
        refuse("<list></list> x"),
        "expected the end of the document at byte 13, found 'x'"
    );
}

#[test]
fn tags_that_do_not_pair_up_are_refused() {
    assert_eq!(
        refuse("<list><a></b></list>"),
        "not well formed at byte 9: ill-formed document: expected `</a>`, but `</b>` was found: expected `</a>`, but `</b>` was found"
    );
}

#[test]
fn a_page_with_an_error_message_is_not_a_document() {
    assert_eq!(
        refuse("\n<!DOCTYPE html>\n<html><body>Service unavailable</body></html>"),
        "not list: begins with \"<!DOCTYPE html>\\n<html><body>Service unav\""
    );
    assert_eq!(
        refuse("{\"a\": 1}"),
        "not XML: begins with \"{\\\"a\\\": 1}\""
    );
    assert_eq!(
        refuse("<lists><a/></lists>"),
        "not list: begins with \"<lists><a/></lists>\""
    );
}

#[test]
fn latin_1_is_decoded_and_other_encodings_are_refused() {
    let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?><list><a id='\xe9'>\xfc</a></list>";
    assert_eq!(list(latin.as_slice()), ["49 a#é(ü)"]);
    let utf16 = b"\xff\xfe<\0l\0i\0s\0t\0/\0>\0";
    assert_eq!(
        refuse(utf16.as_slice()),
        "encoding that is not supported: UTF-16"
    );
    assert_eq!(
        refuse("<?xml version=\"1.0\" encoding=\"KOI8-R\"?><list/>"),
        "encoding that is not supported: KOI8-R"
    );
}

#[test]
fn bytes_that_are_no_text_are_replaced() {
    assert_eq!(
        list(b"\xef\xbb\xbf<list><a>x\xffy\xe2\x82z\xe2</a></list>".as_slice()),
        ["6 a#-(x\u{fffd}y\u{fffd}z\u{fffd})"]
    );
}

#[test]
fn characters_across_the_borders_of_parts_stay_whole() {
    let text = format!("<list>{}</list>", "<a>äöü€😀</a>".repeat(20_000));
    assert!(list(text).iter().all(|line| line.ends_with("a#-(äöü€😀)")));
    let mut broken = b"<list>".to_vec();
    broken.extend_from_slice(&b"<a>\xc3\xa4\xff\xf0\x9f\x98\x80</a>".repeat(20_000));
    broken.extend_from_slice(b"</list>");
    let lines = list(broken);
    assert!(lines.iter().all(|line| line.contains("a#-(ä\u{fffd}😀)")));
}

#[test]
fn a_document_that_unpacks_to_too_much_is_refused() {
    let text = format!("<list>{}</list>", "<a/>".repeat(300_000));
    assert_eq!(refuse(text), "more than 1048576 unpacked bytes");
}
