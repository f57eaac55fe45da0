//! updateinfo, in which a repository of rpm packages says what its updates are about.
//!
//! | element | holds |
//! |---|---|
//! | `update` with `type` | one bulletin; `security`, `bugfix`, `enhancement`, `newpackage` |
//! | `id` | its name: `ALAS2-2018-939`, `FEDORA-2025-d2b7d94014` |
//! | `severity` | a word |
//! | `issued`, `updated` with `date` | `2023-02-17 20:41`, also with seconds, also RFC 3339; UTC |
//! | `description` | text; with Amazon a paragraph per CVE, which begins with the id and a colon |
//! | `references/reference` with `href`, `id`, `title` | what it fixes, and where to read on |
//! | `pkglist/collection/module` with `name`, `stream` | the module that the packages are in |
//! | `pkglist/collection/package` with `name`, `epoch`, `version`, `release`, `arch` | what fixes it |
//!
//! A bulletin becomes one advisory per CVE that its references name and per package. One that names
//! none is an advisory under its own id if it is about security, and else says nothing. The file is
//! found by `repomd.xml`. `createrepo_c` writes both, and its
//! <https://github.com/rpm-software-management/createrepo_c> is their only specification.

mod repomd;
mod update;

use std::collections::HashSet;
use std::io::SeekFrom;

use limpid_types::{Algorithm, Hasher};

use crate::run::{Run, open_required};
use crate::text::clip;
use crate::xml::{Record, XmlReader};
use crate::{
    DocumentAddress, DocumentFault, Documents, Feed, FeedError, Limits, ReadSeek, Sink, Tally,
};

pub(crate) use repomd::{Listed, find};

/// How many bulletins about packages for all architectures are remembered, so that they are not
/// read once more from the repository of the next architecture.
const MAX_REMEMBERED: usize = 1_000_000;

/// An updateinfo document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Document {
    /// Its address.
    pub(crate) url: String,
    /// What it must hash to, in hexadecimal digits, where that is known.
    pub(crate) sha256: Option<String>,
    /// The architectures of packages that are read from it; empty means all.
    pub(crate) architectures: &'static [&'static str],
}

/// A feed: a repository, with one document per architecture.
#[derive(Clone, Debug)]
pub(crate) struct RepositoryFeed {
    /// Name of the feed.
    pub(crate) name: String,
    /// Namespace of its advisories.
    pub(crate) namespace: String,
    /// What the advisories call the repository, or empty.
    pub(crate) repository: String,
    /// The documents.
    pub(crate) documents: Vec<Document>,
    /// Gives the page of a bulletin that does not refer to itself.
    pub(crate) page: fn(&str) -> Option<String>,
    /// Bounds.
    pub(crate) limits: Limits,
}

/// What a document is read for.
struct Reading<'a> {
    repository: &'a RepositoryFeed,
    architectures: &'static [&'static str],
    /// Bulletins, with the packages for all architectures that were read of them before.
    remembered: &'a mut HashSet<u64>,
}

impl Feed for RepositoryFeed {
    fn name(&self) -> &str {
        &self.name
    }

    /// All of them are needed: without the one of an architecture, its packages would count as
    /// judged and clean.
    fn documents(&self) -> Vec<DocumentAddress> {
        self.documents
            .iter()
            .map(|document| DocumentAddress::required(document.url.clone()))
            .collect()
    }

    fn parse(
        &self,
        documents: &mut dyn Documents,
        sink: &mut dyn Sink,
    ) -> Result<Tally, FeedError> {
        let mut tally = Tally::default();
        let mut remembered = HashSet::new();
        for document in &self.documents {
            let mut input = open_required(documents, &document.url)?;
            if let Some(sha256) = &document.sha256 {
                verify(&document.url, &mut *input, sha256)?;
            }
            let mut run = Run::new(&self.name, &document.url, sink);
            let mut reading = Reading {
                repository: self,
                architectures: document.architectures,
                remembered: &mut remembered,
            };
            let mut xml = XmlReader::open(&document.url, input, &self.limits)?;
            reading.read(&mut xml, &mut run)?;
            tally = tally + run.finish();
        }
        Ok(tally)
    }
}

impl Reading<'_> {
    fn read(&mut self, xml: &mut XmlReader, run: &mut Run<'_>) -> Result<(), FeedError> {
        xml.enter_root("updates")?;
        while let Some(child) = xml.next_child()? {
            if child.name != "update" {
                continue;
            }
            match xml.record()? {
                Record::Whole(update) => self.update(update, child.offset, run)?,
                Record::Faulty(reason) => run.quarantine("", Some(child.offset), reason)?,
            }
        }
        xml.finish()
    }

    fn reads(&self, architecture: &str) -> bool {
        self.architectures.is_empty() || self.architectures.contains(&architecture)
    }

    /// Remembers something, and tells whether it is new.
    fn is_new(&mut self, hash: u64) -> bool {
        if self.remembered.len() < MAX_REMEMBERED {
            self.remembered.insert(hash)
        } else {
            !self.remembered.contains(&hash)
        }
    }
}

/// Compares a document with its checksum in `repomd.xml`, and goes back to its beginning.
fn verify(url: &str, input: &mut dyn ReadSeek, expected: &str) -> Result<(), FeedError> {
    let unreadable =
        |source| FeedError::document(url, DocumentFault::Unreadable { offset: 0, source });
    let mut hasher = Hasher::new(Algorithm::Sha256);
    let mut buffer = vec![0; 64 << 10];
    loop {
        let length = input.read(&mut buffer).map_err(unreadable)?;
        let Some(part) = buffer.get(..length).filter(|part| !part.is_empty()) else {
            break;
        };
        hasher.update(part);
    }
    input.seek(SeekFrom::Start(0)).map_err(unreadable)?;
    let found = hasher.finish();
    if found.hex().eq_ignore_ascii_case(expected) {
        return Ok(());
    }
    Err(FeedError::document(
        url,
        DocumentFault::Checksum {
            found: found.hex().to_owned(),
            expected: clip(expected.to_owned(), 80),
        },
    ))
}
