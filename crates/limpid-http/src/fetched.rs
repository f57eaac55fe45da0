use std::fs::File;

use limpid_types::Digest;

/// What a document looked like. Asked for again with it, an unchanged document is not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// The entity tag that the server gave; of a file, its size and time.
    pub etag: Option<String>,
    /// The modification date that the server gave, in its own form.
    pub last_modified: Option<String>,
    /// Digest of the content.
    pub digest: Digest,
}

/// The answer to a request for a document.
#[derive(Debug)]
pub enum Fetched {
    /// It is what the fingerprint in the request says.
    Unchanged,
    /// The source does not have it.
    NotFound,
    /// It is there.
    Document(Document),
}

/// A document that was fetched.
#[derive(Debug)]
pub struct Document {
    /// Its content: a file without a name, read from the start.
    pub file: File,
    /// Its size.
    pub bytes: u64,
    /// What it looks like.
    pub fingerprint: Fingerprint,
}
