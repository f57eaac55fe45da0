use std::io;

use thiserror::Error;
use zip::result::ZipError;

/// Why a run or a discovery cannot go on.
#[derive(Debug, Error)]
pub enum FeedError {
    /// A document is not what the feed needs.
    #[error("cannot use document: {url}")]
    Document {
        /// Address of the document.
        url: String,
        /// What is wrong with it.
        #[source]
        fault: DocumentFault,
    },
    /// The sink refused what it was given.
    #[error("cannot hand over what was read from: {url}")]
    Sink {
        /// Address of the document that was being read.
        url: String,
        /// What the sink said.
        #[source]
        source: SinkError,
    },
    /// The source did not answer while its feeds were looked for.
    #[error("cannot tell whether there is a feed at: {url}")]
    Probe {
        /// The address that was asked.
        url: String,
        /// What the probe said.
        #[source]
        source: ProbeError,
    },
    /// The source answered, but has nothing where its feeds should be.
    #[error("no {family} feed found at: {url}")]
    NothingFound {
        /// Name of the family.
        family: &'static str,
        /// The address where the first feed should be.
        url: String,
    },
    /// No package can be judged by what is known of an ecosystem.
    #[error("nothing can be judged by ecosystem: {0}")]
    UnknownEcosystem(String),
}

impl FeedError {
    /// Makes the error of a document.
    pub(crate) fn document(url: &str, fault: DocumentFault) -> Self {
        Self::Document {
            url: url.to_owned(),
            fault,
        }
    }
}

/// What is wrong with a whole document.
#[derive(Debug, Error)]
pub enum DocumentFault {
    /// The source does not have it, and the feed cannot do without.
    #[error("the source does not have it")]
    Absent,
    /// Its bytes could not be read.
    #[error("cannot read it at byte {offset}")]
    Unreadable {
        /// Where reading failed.
        offset: u64,
        /// What failed.
        #[source]
        source: io::Error,
    },
    /// It ends in the middle of something.
    #[error("truncated at byte {offset}, expected {expected}")]
    Truncated {
        /// Length of the document.
        offset: u64,
        /// What should have followed.
        expected: &'static str,
    },
    /// Its structure is broken.
    #[error("expected {expected} at byte {offset}, found {found:?}")]
    Unexpected {
        /// Where it is broken.
        offset: u64,
        /// What should have been there.
        expected: &'static str,
        /// What was there instead.
        found: char,
    },
    /// Its XML is not well formed.
    #[error("not well formed at byte {offset}")]
    Malformed {
        /// Where the offending tag begins.
        offset: u64,
        /// What is wrong with it.
        #[source]
        source: quick_xml::Error,
    },
    /// It declares entities or the like of its own, which no feed does.
    #[error("declarations of its own at byte {offset}")]
    Declarations {
        /// Where they begin.
        offset: u64,
    },
    /// It is written in an encoding that no feed uses.
    #[error("encoding that is not supported: {0}")]
    Encoding(String),
    /// It is something else altogether: often an HTML page with an error message.
    #[error("not {expected}: begins with {begins:?}")]
    WrongFormat {
        /// The format that was expected.
        expected: &'static str,
        /// The first characters.
        begins: String,
    },
    /// It lacks a part without which it says nothing.
    #[error("no member with the name {0:?}")]
    MissingMember(&'static str),
    /// It says that it is another document than the one that was asked for.
    #[error("its {member} is {found:?}, its address says {expected:?}")]
    Mismatch {
        /// The member that says so.
        member: &'static str,
        /// What it says.
        found: String,
        /// What the address says.
        expected: String,
    },
    /// Its content is not what its repository says it is.
    #[error("its checksum is {found:?}, its repository says {expected:?}")]
    Checksum {
        /// The SHA-256 of the document.
        found: String,
        /// What it should be.
        expected: String,
    },
    /// The archive cannot be opened.
    #[error("cannot open the archive")]
    Archive(#[source] ZipError),
    /// The archive has or unpacks to more than is allowed.
    #[error("more than {limit} {what}")]
    OverLimit {
        /// What is counted.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
}

/// Why a sink refused what it was given.
#[derive(Debug, Error)]
#[error("cannot store a record of a feed")]
pub struct SinkError(#[source] Box<dyn std::error::Error + Send + Sync>);

impl SinkError {
    /// Wraps the cause.
    pub fn new(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(cause.into())
    }
}

/// Why a probe has no answer.
#[derive(Debug, Error)]
#[error("no usable answer")]
pub struct ProbeError(#[source] Box<dyn std::error::Error + Send + Sync>);

impl ProbeError {
    /// Wraps the cause.
    pub fn new(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(cause.into())
    }
}
