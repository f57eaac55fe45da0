//! An index of jars: which package of Maven a file is, by the SHA-1 of its content.
//!
//! A jar that names neither group nor artifact inside is known by its content alone. The index is
//! made offline (`limpid feeds build-jar-index`) and may come with the other feeds in a mirror.
//!
//! It is a text in UTF-8, packed or not, with one jar a line. Lines that begin with `#` and empty
//! ones say nothing. The order does not matter; sorted by coordinates it packs best.
//!
//! | column | is |
//! |---|---|
//! | 1 | SHA-1 of the file, 40 hexadecimal digits |
//! | 2, after a blank | `group:artifact:version` |
//!
//! Each line becomes a note of the table [`JAR_INDEX_NOTES`], whose key is the SHA-1 in lower case
//! and whose value are the coordinates. There are no advisories.

use std::fmt;
use std::io::{BufRead, BufReader, Read};

use serde::Deserialize;

use crate::place::Place;
use crate::run::{Run, open_required};
use crate::text::name_fault;
use crate::unpack::unpack;
use crate::{
    DocumentAddress, DocumentFault, Documents, Family, Feed, FeedError, Limits, Note, Probe,
    Settings, Sink, Tally,
};

/// The table of notes by the SHA-1 of a jar, in lower case.
pub const JAR_INDEX_NOTES: &str = "jar-index";

const NAME: &str = "jar-index";

/// Bytes of a line; real ones have about a hundred.
const LINE_BYTES: u64 = 1024;

/// How much of a document that is no index is quoted.
const QUOTED_CHARS: usize = 40;

/// Where the index of jars is. Without it there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Option<Place>")]
pub struct JarIndexSettings {
    /// Where it is.
    pub place: Option<Place>,
}

impl From<Option<Place>> for JarIndexSettings {
    fn from(place: Option<Place>) -> Self {
        Self { place }
    }
}

/// What is known of a jar.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct JarIndexEntry {
    /// `group:artifact:version`.
    pub coordinates: String,
    /// SHA-1 of the file, 40 hexadecimal digits in lower case.
    pub sha1: String,
}

impl JarIndexEntry {
    /// Reads a line; the error says what is wrong with it.
    pub fn parse(line: &str) -> Result<Self, &'static str> {
        let (sha1, coordinates) = line.trim().split_once(' ').ok_or("no second column")?;
        Self::new(sha1, coordinates.trim_start())
    }

    /// Puts an entry together; the error says what is wrong with its parts.
    pub fn new(sha1: &str, coordinates: &str) -> Result<Self, &'static str> {
        if sha1.len() != 40 || !sha1.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err("no SHA-1 of 40 hexadecimal digits");
        }
        let mut parts = coordinates.split(':');
        let is_part = |part: &str| !part.is_empty() && !part.contains(char::is_whitespace);
        if name_fault(coordinates).is_some()
            || !parts.by_ref().take(3).all(is_part)
            || coordinates.split(':').count() != 3
        {
            return Err("no coordinates of the form group:artifact:version");
        }
        Ok(Self {
            coordinates: coordinates.to_owned(),
            sha1: sha1.to_ascii_lowercase(),
        })
    }
}

impl fmt::Display for JarIndexEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.sha1, self.coordinates)
    }
}

/// The family of the index.
pub(crate) struct JarIndex {
    place: Option<Place>,
    limits: Limits,
}

impl JarIndex {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            place: settings.jar_index.place.clone(),
            limits: settings.limits.clone(),
        }
    }
}

impl Family for JarIndex {
    fn name(&self) -> &'static str {
        NAME
    }

    fn discover(&self, _probe: &mut dyn Probe) -> Result<Vec<Box<dyn Feed>>, FeedError> {
        let feed = self.place.as_ref().map(|place| {
            Box::new(JarIndexFeed {
                document: place.document(),
                limits: self.limits.clone(),
            }) as Box<dyn Feed>
        });
        Ok(feed.into_iter().collect())
    }
}

/// The index.
struct JarIndexFeed {
    document: DocumentAddress,
    limits: Limits,
}

impl Feed for JarIndexFeed {
    fn name(&self) -> &str {
        NAME
    }

    fn documents(&self) -> Vec<DocumentAddress> {
        vec![self.document.clone()]
    }

    fn parse(
        &self,
        documents: &mut dyn Documents,
        sink: &mut dyn Sink,
    ) -> Result<Tally, FeedError> {
        let url = &*self.document.url;
        let fail =
            |offset, source| FeedError::document(url, DocumentFault::Unreadable { offset, source });
        let input = unpack(open_required(documents, url)?).map_err(|source| fail(0, source))?;
        let mut input = BufReader::new(input.take(self.limits.unpacked_bytes));
        let mut run = Run::new(NAME, url, sink);
        let (mut offset, mut has_entries, mut line) = (0, false, Vec::new());
        loop {
            line.clear();
            let count = (&mut input)
                .take(LINE_BYTES)
                .read_until(b'\n', &mut line)
                .map_err(|source| fail(offset, source))?;
            if count == 0 {
                return Ok(run.finish());
            }
            match entry(&line) {
                Ok(None) => {}
                Ok(Some(entry)) => {
                    has_entries = true;
                    run.note(note(entry))?;
                }
                Err(_) if !has_entries => {
                    return Err(FeedError::document(url, wrong_format(&line)));
                }
                Err(reason) => {
                    run.quarantine(String::from_utf8_lossy(&line), Some(offset), reason)?
                }
            }
            offset += count as u64;
        }
    }
}

fn entry(line: &[u8]) -> Result<Option<JarIndexEntry>, &'static str> {
    let line = std::str::from_utf8(line).map_err(|_| "not UTF-8")?;
    if line.trim().is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    JarIndexEntry::parse(line).map(Some)
}

fn note(entry: JarIndexEntry) -> Note {
    Note {
        table: JAR_INDEX_NOTES.to_owned(),
        key: entry.sha1,
        value: entry.coordinates,
    }
}

fn wrong_format(line: &[u8]) -> DocumentFault {
    let text = String::from_utf8_lossy(line);
    DocumentFault::WrongFormat {
        expected: "an index of jars",
        begins: text.trim_end().chars().take(QUOTED_CHARS).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Collected, MemoryDocuments};

    const SHA1: &str = "7FA3D3E4B6B2E8A4A1B0E7C8F1D2C3B4A5968778";

    fn read(text: &str) -> Result<Collected, FeedError> {
        let settings = Settings {
            jar_index: Some(Place::Path("/jars.txt".into())).into(),
            ..Settings::default()
        };
        let mut sink = Collected::default();
        let mut documents = MemoryDocuments::default().with("/jars.txt", text);
        let feed = JarIndexFeed {
            document: settings.jar_index.place.unwrap().document(),
            limits: Limits::default(),
        };
        feed.parse(&mut documents, &mut sink).map(|_| sink)
    }

    #[test]
    fn each_line_is_a_note() {
        let text = format!("# jars\n\n{SHA1} org.a:b:1.0\r\n{SHA1}  c:d:2");
        let notes = read(&text).unwrap().notes;
        let notes: Vec<_> = notes
            .iter()
            .map(|note| (&*note.table, &*note.key, &*note.value))
            .collect();
        let key = SHA1.to_ascii_lowercase();
        assert_eq!(
            notes,
            [
                ("jar-index", &*key, "org.a:b:1.0"),
                ("jar-index", &*key, "c:d:2")
            ]
        );
    }

    #[test]
    fn a_bad_line_costs_itself() {
        let long = "x".repeat(5000);
        for bad in [
            "x",
            "7fa3 a:b:1",
            &format!("{SHA1} a:b"),
            &format!("{SHA1} a:b: c"),
            &long,
        ] {
            let text = format!("{SHA1} a:b:1\n{bad}\n{SHA1} a:b:2\n");
            let sink = read(&text).unwrap();
            assert_eq!(sink.notes.len(), 2, "{bad}");
            assert!(!sink.quarantined.is_empty(), "{bad}");
            assert_eq!(sink.quarantined[0].offset, Some(47));
        }
    }

    #[test]
    fn what_is_no_index_is_refused() {
        let error = read("<!DOCTYPE html>\n").unwrap_err();
        assert!(matches!(
            error,
            FeedError::Document {
                fault: DocumentFault::WrongFormat { .. },
                ..
            }
        ));
    }

    #[test]
    fn without_an_address_there_is_no_feed() {
        struct Nobody;
        impl Probe for Nobody {
            fn exists(&mut self, _: &str) -> Result<bool, crate::ProbeError> {
                Ok(false)
            }
            fn read(&mut self, _: &str, _: usize) -> Result<Option<Vec<u8>>, crate::ProbeError> {
                Ok(None)
            }
        }
        let family = JarIndex::new(&Settings::default());
        assert!(family.discover(&mut Nobody).unwrap().is_empty());
    }
}
