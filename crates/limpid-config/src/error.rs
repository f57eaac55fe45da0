use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::{KeyPath, Mode};

/// Why a configuration cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The name of the root file ends in neither `.yaml` nor `.json`.
    #[error("unknown kind of configuration, expected a name in .yaml or .json: {}", path.display())]
    UnknownKind {
        /// The file.
        path: PathBuf,
    },
    /// A file or the drop-in folder cannot be read.
    #[error("cannot read configuration: {}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// There is more than a configuration may hold.
    #[error("configuration has more {what} than the limit of {limit}: {}", path.display())]
    TooLarge {
        /// The file that goes beyond.
        path: PathBuf,
        /// What is counted.
        what: &'static str,
        /// How many there may be.
        limit: usize,
    },
    /// A file is not in its format.
    #[error("{}", Located { path, position: *position, text })]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Where in the file, if known.
        position: Option<Position>,
        /// What is wrong there.
        text: String,
    },
    /// A patch cannot be applied to what the files before it say.
    #[error("cannot apply operation {} of patch: {}: {text}", operation + 1, path.display())]
    Patch {
        /// The patch file.
        path: PathBuf,
        /// Which operation, counted from zero.
        operation: usize,
        /// Why not.
        text: String,
    },
    /// Keys that do not exist, or values that do not fit their keys.
    #[error("invalid configuration: {}", Listed(faults))]
    Invalid {
        /// All of them.
        faults: Vec<Fault>,
    },
}

/// What a mode needs and the configuration does not give.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("configuration is not fit for mode {mode}: {}", Listed(faults))]
pub struct Unfit {
    /// The mode that was asked for.
    pub mode: Mode,
    /// All that is missing or wrong.
    pub faults: Vec<Fault>,
}

/// One wrong key or value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The key.
    pub path: KeyPath,
    /// What is wrong with it.
    pub text: String,
    /// The file that says so, if known.
    pub file: Option<PathBuf>,
    /// Where in the file, if known.
    pub position: Option<Position>,
}

/// A place in a text; both numbers start at one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The line.
    pub line: u64,
    /// The column.
    pub column: u64,
}

impl Fault {
    pub(crate) fn new(path: KeyPath, text: impl Into<String>) -> Self {
        Self {
            path,
            text: text.into(),
            file: None,
            position: None,
        }
    }
}

/// Writes `config.yaml:3:5: unknown key (at $.indexer.conn)`.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = &self.file {
            let (position, text) = (self.position, &self.text);
            write!(
                f,
                "{}",
                Located {
                    path,
                    position,
                    text
                }
            )?;
        } else {
            f.write_str(&self.text)?;
        }
        write!(f, " (at {})", self.path)
    }
}

struct Located<'a> {
    path: &'a PathBuf,
    position: Option<Position>,
    text: &'a str,
}

impl fmt::Display for Located<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if let Some(Position { line, column }) = self.position {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", self.text)
    }
}

struct Listed<'a>(&'a [Fault]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, fault) in self.0.iter().enumerate() {
            let separator = if number == 0 { "" } else { "; " };
            write!(f, "{separator}{fault}")?;
        }
        Ok(())
    }
}
