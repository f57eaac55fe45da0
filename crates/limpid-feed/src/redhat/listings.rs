//! The lists of documents, and the name of the newest archive.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read};

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use crate::run::{open, open_required};
use crate::{Archive, Contents, DocumentAddress, DocumentFault, Documents, FeedError};

/// Bytes of a line that are read.
const LINE_BYTES: u64 = 1024;

/// How many documents a list may have. There are some three hundred thousand vulnerabilities.
const MAX_MEMBERS: u64 = 2_000_000;

/// Returns the address of the list of documents, which every such folder has.
pub(super) fn changes(base: &str) -> String {
    format!("{base}/changes.csv")
}

/// Where the documents are that tell what there is, in the folder of an address.
pub(super) fn addresses(base: &str) -> Vec<DocumentAddress> {
    // Without an archive every document is fetched by itself, and a source that never took
    // anything back may have no list of it.
    [
        ("archive_latest.txt", false),
        ("changes.csv", true),
        ("deletions.csv", false),
    ]
    .into_iter()
    .map(|(name, is_required)| DocumentAddress {
        url: format!("{base}/{name}"),
        is_required,
        is_local: false,
    })
    .collect()
}

/// Reads the documents of [`addresses`].
pub(super) fn read(base: &str, documents: &mut dyn Documents) -> Result<Contents, FeedError> {
    let archive = archive(base, documents)?;
    let url = changes(base);
    let mut input = open_required(documents, &url)?;
    let mut members = list(&url, &mut input)?;
    let url = format!("{base}/deletions.csv");
    let deleted = match open(documents, &url)? {
        Some(mut input) => list(&url, &mut input)?,
        None => BTreeMap::new(),
    };
    // What was published again after it had been taken back is there.
    let deleted: BTreeSet<String> = deleted
        .into_iter()
        .filter(|(member, time)| {
            members
                .get(member)
                .is_none_or(|changed| is_later(time, changed))
        })
        .map(|(member, _)| member)
        .collect();
    members.retain(|member, _| !deleted.contains(member));
    Ok(Contents {
        archive,
        members,
        deleted,
    })
}

/// Returns the path of a document that ends a longer path: `2024/cve-2024-5154.json`.
pub(super) fn member(path: &str) -> Option<&str> {
    let name_start = path.rfind('/')?;
    let start = path
        .get(..name_start)?
        .rfind('/')
        .map_or(0, |slash| slash + 1);
    let member = path.get(start..)?;
    let (year, name) = member.split_once('/')?;
    let number = name.strip_prefix("cve-")?.strip_suffix(".json")?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (cve_year, number) = number.split_once('-')?;
    let is_member = is_number(year) && is_number(cve_year) && is_number(number);
    (is_member && member.len() <= 100).then_some(member)
}

fn is_later(time: &str, other: &str) -> bool {
    let parse = |text: &str| text.parse::<Timestamp>().ok();
    parse(time) > parse(other)
}

/// Reads the name of the newest archive.
fn archive(base: &str, documents: &mut dyn Documents) -> Result<Option<Archive>, FeedError> {
    let url = format!("{base}/archive_latest.txt");
    let Some(input) = open(documents, &url)? else {
        return Ok(None);
    };
    let mut text = Vec::new();
    let outcome = input.take(LINE_BYTES).read_to_end(&mut text);
    outcome.map_err(|source| {
        FeedError::document(&url, DocumentFault::Unreadable { offset: 0, source })
    })?;
    let text = String::from_utf8_lossy(&text);
    let name = text.trim();
    let is_name = !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
    let date = if is_name { date_in(name) } else { None };
    let Some(complete_until) = date else {
        return Err(FeedError::document(
            &url,
            DocumentFault::WrongFormat {
                expected: "the name of an archive with a date",
                begins: name.chars().take(40).collect(),
            },
        ));
    };
    Ok(Some(Archive {
        url: format!("{base}/{name}"),
        complete_until,
    }))
}

/// Returns the beginning of the day before the date in a name.
///
/// The archive is made in the course of that day, by a clock that is not known.
fn date_in(name: &str) -> Option<String> {
    let date = (0..name.len())
        .filter_map(|start| name.get(start..start + 10))
        .find_map(|part| part.parse::<Date>().ok())?;
    let day_before = date.checked_sub(1.day()).ok()?;
    Some(format!("{day_before}T00:00:00Z"))
}

/// Reads a list of documents with a time each.
///
/// A line that is none is passed by: the document that it should have named stays as it is known
/// until the line is right again. A list with more of such lines than good ones is none.
fn list(url: &str, input: &mut dyn Read) -> Result<BTreeMap<String, String>, FeedError> {
    let mut input = BufReader::new(input);
    let mut members: BTreeMap<String, String> = BTreeMap::new();
    let mut bad = None;
    let (mut bad_lines, mut offset) = (0_usize, 0);
    let mut line = Vec::new();
    let fail = |fault| Err(FeedError::document(url, fault));
    loop {
        line.clear();
        let read = (&mut input).take(LINE_BYTES).read_until(b'\n', &mut line);
        match read {
            Ok(0) => break,
            Ok(count) => offset += count as u64,
            Err(source) => return fail(DocumentFault::Unreadable { offset, source }),
        }
        let text = String::from_utf8_lossy(&line);
        match parse_line(text.trim()) {
            Some((member, time)) => {
                // Of several lines about a document the latest counts.
                let known = members.entry(member.to_owned()).or_default();
                if known.is_empty() || is_later(time, known) {
                    time.clone_into(known);
                }
            }
            None if text.trim().is_empty() => {}
            None => {
                bad_lines += 1;
                bad.get_or_insert_with(|| text.trim().chars().take(40).collect::<String>());
            }
        }
        if (members.len() + bad_lines) as u64 > MAX_MEMBERS {
            return fail(DocumentFault::OverLimit {
                what: "documents in a list",
                limit: MAX_MEMBERS,
            });
        }
    }
    match bad {
        Some(begins) if bad_lines > members.len() => fail(DocumentFault::WrongFormat {
            expected: "a list of documents",
            begins,
        }),
        _ => Ok(members),
    }
}

/// Reads `"path","time"`, with or without the quotes.
fn parse_line(line: &str) -> Option<(&str, &str)> {
    let (path, time) = line.split_once(',')?;
    let [path, time] = [path, time].map(|field| field.trim().trim_matches('"'));
    let is_whole = member(path).is_some_and(|member| member == path);
    (is_whole && time.parse::<Timestamp>().is_ok()).then_some((path, time))
}
