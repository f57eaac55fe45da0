use std::io;
use std::path::{Path, PathBuf};

use limpid_types::Digest;
use thiserror::Error;

use crate::{Platform, ReferenceError};

/// Why an image cannot be opened, or one of its layers cannot be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SourceError {
    /// The reference itself says nothing that could be opened.
    #[error("cannot open image: {0}")]
    Reference(ReferenceError),
    /// No reference was given.
    #[error("cannot open image: no image reference given")]
    NoReference,
    /// Several references were given that do not form one image.
    #[error("only layer: references can be combined into one image, found: {0}")]
    MixedReferences(String),
    /// The file or directory does not exist.
    #[error("cannot open image: no such file: {}", path.display())]
    NoSuchFile {
        /// The path as given.
        path: PathBuf,
    },
    /// The operating system refused to open something.
    #[error("cannot open: {}", path.display())]
    Open {
        /// What was to be opened.
        path: PathBuf,
        /// Why it could not be.
        source: io::Error,
    },
    /// Reading failed half-way.
    #[error("cannot read at byte {offset}: {}", path.display())]
    Read {
        /// What was read.
        path: PathBuf,
        /// Where reading failed.
        offset: u64,
        /// Why.
        source: io::Error,
    },
    /// A path names something else than what was asked for.
    #[error("not a {expected}: {}", path.display())]
    FileType {
        /// What was found.
        path: PathBuf,
        /// What was expected.
        expected: &'static str,
    },
    /// A symbolic link leads out of the image layout.
    #[error("symbolic link leaves the image layout: {}", path.display())]
    LeavesLayout {
        /// The link.
        path: PathBuf,
    },
    /// Links inside an archive lead in a circle.
    #[error("too many links in archive {}: {member}", archive.display())]
    LinkLoop {
        /// The archive.
        archive: PathBuf,
        /// The member where following began.
        member: String,
    },
    /// The outer archive is damaged.
    #[error("damaged archive, {reason} at byte {offset}: {}", archive.display())]
    DamagedArchive {
        /// The archive.
        archive: PathBuf,
        /// Where, in the uncompressed archive.
        offset: u64,
        /// What is wrong there.
        reason: &'static str,
    },
    /// The compressed outer archive cannot be inflated.
    #[error("cannot decompress archive after {offset} bytes of output: {}", archive.display())]
    Decompress {
        /// The archive.
        archive: PathBuf,
        /// Bytes that came out before.
        offset: u64,
        /// Why it stopped.
        source: io::Error,
    },
    /// The inflated archive cannot be kept.
    #[error("cannot spool archive to {}", directory.display())]
    Spool {
        /// Where the spool file is.
        directory: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Something is larger or more numerous than allowed.
    #[error("more than {limit} {what}: {subject}")]
    Limit {
        /// What there is too much of.
        what: &'static str,
        /// How much is allowed.
        limit: u64,
        /// Where.
        subject: String,
    },
    /// An archive or a layout lacks a file.
    #[error("{image} has no {name}", image = image.display())]
    MissingFile {
        /// The archive or layout.
        image: PathBuf,
        /// The name of the file inside.
        name: String,
    },
    /// A document is not the JSON it should be.
    #[error("invalid JSON in {document}")]
    Json {
        /// Digest or file name of the document.
        document: String,
        /// What is wrong, with line and column.
        source: serde_json::Error,
    },
    /// A document contradicts itself or its descriptor.
    #[error("invalid document, {reason}: {document}")]
    InvalidDocument {
        /// Digest or file name of the document.
        document: String,
        /// What is wrong.
        reason: String,
    },
    /// The bytes do not have the digest by which they are known.
    #[error("digest mismatch in {name}: expected {expected}, found {found}")]
    DigestMismatch {
        /// Name of the blob or member.
        name: String,
        /// The digest that was announced.
        expected: Digest,
        /// The digest of the bytes.
        found: Digest,
    },
    /// A blob is longer or shorter than announced.
    #[error("size mismatch in {name}: expected {expected} bytes, found {found}")]
    SizeMismatch {
        /// Name of the blob.
        name: String,
        /// The size in the descriptor.
        expected: u64,
        /// The size of the blob.
        found: u64,
    },
    /// The document is of a kind that is not an image, or too old.
    #[error("unsupported manifest type: {media_type}")]
    UnsupportedManifest {
        /// Its media type.
        media_type: String,
    },
    /// A layer is of a kind that holds no files.
    #[error("unsupported layer type {media_type}: {digest}")]
    UnsupportedLayer {
        /// The media type.
        media_type: String,
        /// The layer.
        digest: Digest,
    },
    /// No image has the tag or digest that was asked for.
    #[error("no image {wanted}, there are: {}", available.join(", "))]
    NoSuchImage {
        /// The tag or digest.
        wanted: String,
        /// What could have been asked for.
        available: Vec<String>,
    },
    /// There are several images and nothing says which one is meant.
    #[error("several images, choose one by its tag or digest: {}", available.join(", "))]
    Ambiguous {
        /// What can be chosen.
        available: Vec<String>,
    },
    /// There is no image at all.
    #[error("no image in {}", image.display())]
    Empty {
        /// The archive or layout.
        image: PathBuf,
    },
    /// No image fits the platform.
    #[error("no image for {wanted}, there are: {}", available.join(", "))]
    NoPlatform {
        /// The platform that was asked for.
        wanted: Platform,
        /// The platforms that there are.
        available: Vec<String>,
    },
}

impl SourceError {
    pub(crate) fn open(path: &Path, source: io::Error) -> Self {
        if source.kind() == io::ErrorKind::NotFound {
            return Self::NoSuchFile {
                path: path.to_owned(),
            };
        }
        Self::Open {
            path: path.to_owned(),
            source,
        }
    }

    pub(crate) fn limit(what: &'static str, limit: u64, subject: impl Into<String>) -> Self {
        Self::Limit {
            what,
            limit,
            subject: subject.into(),
        }
    }

    pub(crate) fn invalid(document: &str, reason: impl Into<String>) -> Self {
        Self::InvalidDocument {
            document: document.to_owned(),
            reason: reason.into(),
        }
    }
}

impl From<ReferenceError> for SourceError {
    fn from(error: ReferenceError) -> Self {
        Self::Reference(error)
    }
}
