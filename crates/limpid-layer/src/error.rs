use std::io;

use limpid_types::Digest;
use thiserror::Error;

use crate::{BudgetError, Compression};

/// Why a layer could not be read to its end.
///
/// Odd bytes inside a layer are not among these: they become
/// [`Problem`](limpid_types::Problem)s, and everything before them counts.
#[derive(Debug, Error)]
pub enum LayerError {
    /// The source of the bytes failed.
    #[error("cannot read the layer at byte {offset}")]
    Source {
        /// How many bytes had been read.
        offset: u64,
        /// What the source said.
        #[source]
        source: io::Error,
    },
    /// The compressed stream is broken. [`walk`](crate::walk) turns this into a problem; only
    /// whoever reads from a [`Decoder`](crate::Decoder) directly meets it.
    #[error("damaged {compression} stream at byte {offset}: {detail}")]
    Damaged {
        /// The compression of the stream.
        compression: Compression,
        /// Offset in the compressed bytes.
        offset: u64,
        /// What is wrong there.
        detail: String,
    },
    /// More bytes than allowed came out.
    #[error("the layer expands to more than {limit} bytes, seen at compressed byte {offset}")]
    TooManyBytes {
        /// The limit.
        limit: u64,
        /// Offset in the compressed bytes where the limit was met.
        offset: u64,
    },
    /// Far more bytes came out than went in.
    #[error("{compressed} compressed bytes expand to {uncompressed}, more than {limit} times")]
    Expansion {
        /// Bytes that had gone in.
        compressed: u64,
        /// Bytes that had come out.
        uncompressed: u64,
        /// The allowed ratio.
        limit: u64,
    },
    /// There are more entries than allowed.
    #[error("more than {limit} entries, seen at byte {offset}")]
    TooManyEntries {
        /// The limit.
        limit: u64,
        /// Offset in the uncompressed archive.
        offset: u64,
    },
    /// The memory needed to decompress the layer did not come free.
    #[error("no memory to read the layer")]
    Budget(#[source] BudgetError),
    /// The compressed stream asks for a window that is larger than allowed.
    #[error("the {compression} stream needs {wanted} bytes of memory, allowed are {limit}")]
    Window {
        /// The compression of the stream.
        compression: Compression,
        /// Bytes that the stream asks for.
        wanted: u64,
        /// The limit.
        limit: u64,
    },
    /// The bytes are not the ones that were asked for.
    #[error("the layer has digest {found}, expected {expected}")]
    DigestMismatch {
        /// The digest that was asked for.
        expected: Digest,
        /// The digest of the bytes that came.
        found: Digest,
    },
    /// The thread that receives the bytes could not be started.
    #[error("cannot start a thread")]
    Thread(#[source] io::Error),
}

impl LayerError {
    /// Unpacks the error that a reader of this crate put into an [`io::Error`].
    pub(crate) fn unpack(error: io::Error, offset: u64) -> Self {
        match error.downcast::<Self>() {
            Ok(error) => error,
            Err(source) => Self::Source { offset, source },
        }
    }
}

impl From<LayerError> for io::Error {
    fn from(error: LayerError) -> Self {
        let kind = match &error {
            LayerError::Source { source, .. } => source.kind(),
            _ => io::ErrorKind::InvalidData,
        };
        Self::new(kind, error)
    }
}
