use std::fmt;

use serde::{Deserialize, Serialize};

/// Something that could not be read, while the rest could.
///
/// A problem is data: it travels with the evidence into the reports, so that "could not check"
/// never looks like "clean".
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Problem {
    /// What sort of thing went wrong.
    pub kind: ProblemKind,
    /// What it went wrong with: a path in the layer, a database, a record's name.
    pub subject: String,
    /// What was wrong with it, for people: lower case, no full stop.
    pub detail: String,
    /// Byte offset in the subject, where one is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
}

/// The sort of a [`Problem`], which decides what a report may still claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProblemKind {
    /// A package database could not be opened at all: its packages are unknown.
    UnreadableDatabase,
    /// A record of a database could not be read: that package is unknown, the others are there.
    BadRecord,
    /// A file that matters could not be read whole: truncated, over a limit, out of budget.
    UnreadableFile,
    /// The archive itself is odd: the entries after this point may be missing.
    DamagedArchive,
    /// Nothing is missing, but somebody should know.
    Note,
}

impl Problem {
    /// Makes a problem without an offset.
    pub fn new(kind: ProblemKind, subject: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            kind,
            subject: subject.into(),
            detail: detail.into(),
            offset: None,
        }
    }

    /// Returns the same problem with the byte offset where it was seen.
    #[must_use]
    pub fn at(mut self, offset: u64) -> Self {
        self.offset = Some(offset);
        self
    }

    /// Tells whether packages may be missing from the evidence because of this problem.
    pub fn loses_packages(&self) -> bool {
        self.kind != ProblemKind::Note
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.subject, self.detail)?;
        match self.offset {
            Some(offset) => write!(f, " (at byte {offset})"),
            None => Ok(()),
        }
    }
}
