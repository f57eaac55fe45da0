//! Keeps snapshot files where every node of a cluster can get them: in a directory that all nodes
//! share ([`DirectoryBlobs`]), or in S3-compatible storage ([`S3Blobs`]).
//!
//! Both are [`BlobStore`](limpid_store::BlobStore)s and pass its conformance suite. A blob is named
//! by its digest, `sha256-…`, so it never changes: it may be sent twice, and a download that broke
//! off goes on where it stopped. What is got is verified against its digest before it is there.
//!
//! Blobs are not encrypted and not signed here, and nothing is cached: the caller has a directory
//! of its own for the files that it works with.

mod directory;
mod incoming;
mod name;
mod s3;

pub use directory::DirectoryBlobs;
pub use s3::{S3Blobs, S3Error, S3Settings};
