use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read, Seek};
use std::ops::Add;

use limpid_types::Advisory;

use crate::{FeedError, ProbeError, SinkError};

/// A source that may have several feeds.
pub trait Family: Send + Sync {
    /// Returns the name, which begins the names of its feeds: `alpine`, `debian`, `osv`.
    fn name(&self) -> &'static str;

    /// Finds out which feeds there are now.
    fn discover(&self, probe: &mut dyn Probe) -> Result<Vec<Box<dyn Feed>>, FeedError>;
}

/// What a [`Family`] may ask while it looks for its feeds.
pub trait Probe {
    /// Tells whether there is a document at an address. "No" is an answer (404, 410); a server that
    /// is down or refuses is an error.
    fn exists(&mut self, url: &str) -> Result<bool, ProbeError>;

    /// Returns a small document, or none when there is no such document. One that is longer than
    /// `max_bytes` is an error. A document that did not change since it was last asked for is
    /// returned again.
    fn read(&mut self, url: &str, max_bytes: usize) -> Result<Option<Vec<u8>>, ProbeError>;
}

/// One remote source of advisories, whose documents are read and replaced together.
pub trait Feed: Send + Sync {
    /// Returns the name: `alpine/v3.15`, `debian`, `osv/pypi`.
    fn name(&self) -> &str;

    /// Returns the documents that [`Feed::parse`] will open, in that order.
    ///
    /// A run needs all of them: if one changed and another did not, the unchanged one has to be
    /// there as well.
    fn documents(&self) -> Vec<DocumentAddress>;

    /// Reads the documents and hands every advisory to the sink.
    ///
    /// After an error the sink has received a part of the feed only, which must not be used.
    fn parse(&self, documents: &mut dyn Documents, sink: &mut dyn Sink)
    -> Result<Tally, FeedError>;

    /// Returns the other way in which the feed can be read: document by document. A feed that has
    /// one is read in no other way.
    fn collection(&self) -> Option<&dyn Collection> {
        None
    }
}

/// A feed whose source publishes one document per vulnerability, lists of them with the time at
/// which each was last changed, and now and then an archive of all.
///
/// A run fetches only what changed and takes the rest from the snapshot before. All advisories of
/// a document have the id that [`Collection::id`] gives for it, so that they can be replaced
/// together.
pub trait Collection: Send + Sync {
    /// Returns the documents that tell what there is.
    fn listings(&self) -> Vec<DocumentAddress>;

    /// Reads the listings.
    fn contents(&self, listings: &mut dyn Documents) -> Result<Contents, FeedError>;

    /// Returns the address of a member.
    fn address(&self, member: &str) -> String;

    /// Returns the id of all advisories that a member gives.
    fn id(&self, member: &str) -> String;

    /// Reads a member. What is wrong with it costs this member alone and goes to the quarantine.
    fn parse_member(
        &self,
        member: &str,
        content: &[u8],
        sink: &mut dyn Sink,
    ) -> Result<Tally, FeedError>;

    /// Reads those members of the archive that are wanted, by [`Collection::parse_member`].
    fn parse_archive(
        &self,
        url: &str,
        archive: Box<dyn ReadSeek>,
        is_wanted: &mut dyn FnMut(&str) -> bool,
        sink: &mut dyn Sink,
    ) -> Result<Tally, FeedError>;
}

/// What the source of a [`Collection`] has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// The newest archive.
    pub archive: Option<Archive>,
    /// All members by path below the source (`2023/cve-2023-2454.json`), each with the time of its
    /// last change as the source writes it.
    pub members: BTreeMap<String, String>,
    /// Members that the source has taken back.
    pub deleted: BTreeSet<String>,
}

/// An archive of all members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archive {
    /// Its address.
    pub url: String,
    /// The archive has every change before this time, RFC 3339 in UTC. Later ones may be missing.
    pub complete_until: String,
}

/// Where a document is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DocumentAddress {
    /// Its address.
    pub url: String,
    /// Whether the feed cannot do without it. The absence of one that is not required is no error.
    pub is_required: bool,
    /// Whether the address is a path on this machine. A folder is one document: an archive of tar
    /// with the JSON files in it.
    pub is_local: bool,
}

impl DocumentAddress {
    /// Makes the address of a document that the feed cannot do without.
    pub fn required(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            is_required: true,
            is_local: false,
        }
    }

    /// Makes the address of a file or a folder of this machine.
    pub fn local(path: impl Into<String>) -> Self {
        Self {
            is_local: true,
            ..Self::required(path)
        }
    }
}

/// The documents of one run, as the caller fetched them.
pub trait Documents {
    /// Opens a document that [`Feed::documents`] named; none when the source does not have it.
    fn open(&mut self, url: &str) -> io::Result<Option<Box<dyn ReadSeek>>>;
}

/// Bytes that can be read in any order.
pub trait ReadSeek: Read + Seek {}

impl<T: Read + Seek> ReadSeek for T {}

/// Receives what a feed says.
pub trait Sink {
    /// Takes an advisory. Feeds hand over the same one again and again, changed in a few fields.
    fn advisory(&mut self, advisory: &Advisory) -> Result<(), SinkError>;

    /// Takes a fact that is no advisory.
    fn note(&mut self, note: Note) -> Result<(), SinkError>;

    /// Takes note of a record that could not be read.
    fn quarantine(&mut self, quarantined: Quarantined) -> Result<(), SinkError>;
}

/// A fact that a source gives beside its advisories: which products a repository belongs to, say.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    /// Which table it is in: `repository-to-cpe`.
    pub table: String,
    /// What it is about.
    pub key: String,
    /// What it says, in the form that the table defines.
    pub value: String,
}

/// A record that could not be read, while the others could.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quarantined {
    /// Name of the feed.
    pub feed: String,
    /// What the record calls itself, as far as that is known: `openssl`, `openssl CVE-2022-2097`.
    pub id: String,
    /// Address of the document.
    pub document: String,
    /// Where the record begins in the document. Archives give none: the id names the entry.
    pub offset: Option<u64>,
    /// What is wrong with it: lower case, no full stop.
    pub reason: String,
}

/// How many records a run gave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Advisories that were handed to the sink.
    pub advisories: u64,
    /// Records that were quarantined.
    pub quarantined: u64,
    /// Records that their source has withdrawn, which say nothing any more.
    pub withdrawn: u64,
}

impl Add for Tally {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            advisories: self.advisories + other.advisories,
            quarantined: self.quarantined + other.quarantined,
            withdrawn: self.withdrawn + other.withdrawn,
        }
    }
}
