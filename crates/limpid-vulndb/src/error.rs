use std::io;
use std::path::{Path, PathBuf};

use limpid_types::Digest;
use thiserror::Error;

/// Why a snapshot could not be built or read.
#[derive(Debug, Error)]
pub enum Error {
    /// The operating system refused something.
    #[error("cannot {operation}: {}", path.display())]
    Io {
        /// What was tried.
        operation: &'static str,
        /// The file or directory that it was tried on.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The file does not begin as a snapshot does.
    #[error("not a snapshot, it begins with: {start:02x?}")]
    NotASnapshot {
        /// The first bytes.
        start: Vec<u8>,
    },
    /// The file was written in a layout that this program does not know.
    #[error("unsupported snapshot format, this program reads {supported}, the file has: {found}")]
    UnsupportedFormat {
        /// Major version of the file.
        found: u16,
        /// Major version that can be read.
        supported: u16,
    },
    /// Bytes of the file are not what they should be.
    #[error("damaged snapshot, {cause}, at byte {offset} of section: {section}")]
    Corrupt {
        /// Section of the file.
        section: &'static str,
        /// Offset within that section.
        offset: u64,
        /// What is wrong.
        cause: &'static str,
    },
    /// The content of the file is not what its name says.
    #[error("snapshot content does not have the digest {expected}, it has: {found}")]
    DigestMismatch {
        /// Digest from the file's name.
        expected: Digest,
        /// Digest of the content.
        found: Digest,
    },
    /// An advisory is too large to be stored; the builder goes on without it.
    #[error("advisory has {bytes} bytes without its texts, more than {limit}: {id}")]
    AdvisoryTooLarge {
        /// Name of the vulnerability, cut to a readable length.
        id: String,
        /// Its size.
        bytes: usize,
        /// The most that is allowed.
        limit: usize,
    },
    /// A note is too large to be stored; the builder goes on without it.
    #[error("note has {bytes} bytes, more than {limit}: {key}")]
    NoteTooLarge {
        /// What the note is about, cut to a readable length.
        key: String,
        /// Its size.
        bytes: usize,
        /// The most that is allowed.
        limit: usize,
    },
    /// Advisories are in more namespaces than a snapshot can have; the builder goes on without
    /// those that need a new one.
    #[error("more than {limit} namespaces, no room for: {namespace}")]
    TooManyNamespaces {
        /// The namespace, cut to a readable length.
        namespace: String,
        /// The most that is allowed.
        limit: usize,
    },
}

impl Error {
    /// Makes a closure that wraps an operating system error.
    pub(crate) fn io(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io {
            operation,
            path: path.to_owned(),
            source,
        }
    }
}

/// Cuts a text from a feed to a length that is fit for a message.
pub(crate) fn excerpt(text: &str) -> String {
    text.chars().take(80).collect()
}
