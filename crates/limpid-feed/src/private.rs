//! Advisories of one's own: folders and archives of documents in the format of OSV or of CSAF.
//!
//! | what | is |
//! |---|---|
//! | a folder of this machine | read with the folders in it, but for names that begin with a dot |
//! | an archive, here or in the network | zip, or tar in any packing |
//! | a `.json` file with `document` | CSAF, see `csaf` |
//! | a `.json` file with `id` | an entry of OSV, about packages of any database, see [`crate::osv`] |
//!
//! There is one feed for each, named after the name that it has in the settings. An entry keeps its
//! own id; the rules for bulletins of distributions do not hold here. A file that says nothing about
//! any package is quarantined, since somebody wrote it to be heard.

mod csaf;
mod product;
mod product_tree;
mod vers;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::archive::{ArchiveEntry, ArchiveReader, is_json};
use crate::osv::entry::Entry;
use crate::osv::statements::{self, Scope};
use crate::place::Place;
use crate::run::{Run, open_required};
use crate::{
    DocumentAddress, Documents, Family, Feed, FeedError, Limits, Probe, Settings, Sink, Tally,
};

/// The longest name of a source.
const NAME_BYTES: usize = 64;

/// The sources of advisories of one's own, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "BTreeMap<String, Place>")]
pub struct PrivateSettings {
    /// Where they are. A name consists of letters, digits and `-._`.
    pub sources: BTreeMap<String, Place>,
}

impl TryFrom<BTreeMap<String, Place>> for PrivateSettings {
    type Error = String;

    fn try_from(sources: BTreeMap<String, Place>) -> Result<Self, String> {
        let is_usual = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        let is_name =
            |name: &str| (1..=NAME_BYTES).contains(&name.len()) && name.bytes().all(is_usual);
        match sources.keys().find(|name| !is_name(name)) {
            Some(name) => Err(format!(
                "expected a name of at most {NAME_BYTES} letters, digits and -._: {name}"
            )),
            None => Ok(Self { sources }),
        }
    }
}

/// The family of all sources of the settings.
pub(crate) struct Private {
    sources: BTreeMap<String, Place>,
    limits: Limits,
}

impl Private {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            sources: settings.private.sources.clone(),
            limits: settings.limits.clone(),
        }
    }
}

impl Family for Private {
    fn name(&self) -> &'static str {
        "private"
    }

    fn discover(&self, _probe: &mut dyn Probe) -> Result<Vec<Box<dyn Feed>>, FeedError> {
        let feeds = self.sources.iter().map(|(name, place)| {
            Box::new(PrivateFeed {
                name: format!("private/{name}"),
                document: place.document(),
                limits: self.limits.clone(),
            }) as Box<dyn Feed>
        });
        Ok(feeds.collect())
    }
}

/// One source.
struct PrivateFeed {
    name: String,
    document: DocumentAddress,
    limits: Limits,
}

/// What tells the formats apart.
#[derive(Deserialize)]
struct Marks<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    document: Option<&'a RawValue>,
}

impl Feed for PrivateFeed {
    fn name(&self) -> &str {
        &self.name
    }

    fn documents(&self) -> Vec<DocumentAddress> {
        vec![self.document.clone()]
    }

    fn parse(
        &self,
        documents: &mut dyn Documents,
        sink: &mut dyn Sink,
    ) -> Result<Tally, FeedError> {
        let url = &self.document.url;
        let input = open_required(documents, url)?;
        let mut archive = ArchiveReader::open(url, input, &self.limits)?;
        let mut run = Run::new(&self.name, url, sink);
        while let Some(ArchiveEntry { name, content, .. }) = archive.next_entry()? {
            match content {
                _ if !is_json(&name) => {}
                Ok(content) => read(&name, content, &mut run)?,
                Err(reason) => run.quarantine(name, None, reason)?,
            }
        }
        Ok(run.finish())
    }
}

/// Reads a file of either format.
fn read(name: &str, content: &[u8], run: &mut Run<'_>) -> Result<(), FeedError> {
    let marks: Marks<'_> = match serde_json::from_slice(content) {
        Ok(marks) => marks,
        Err(error) => return run.quarantine(name, None, error),
    };
    let before = run.count();
    match (marks.document, marks.id) {
        (Some(_), _) => csaf::read(name, content, run)?,
        (None, Some(_)) => read_entry(name, content, run)?,
        (None, None) => return run.quarantine(name, None, "neither an entry of OSV nor CSAF"),
    }
    if run.count() == before {
        run.quarantine(name, None, "nothing about a package that could be judged")?;
    }
    Ok(())
}

fn read_entry(name: &str, content: &[u8], run: &mut Run<'_>) -> Result<(), FeedError> {
    match Entry::parse(content) {
        Ok(entry) if entry.is_withdrawn() => {
            run.withdrawn();
            Ok(())
        }
        Ok(entry) => statements::read(Scope::Any, &entry, run),
        Err(reason) => run.quarantine(name, None, reason),
    }
}
