//! Everything that happens to the bytes of a layer, from the source to the visitor.

mod in_line;
mod on_thread;

use std::io::{self, BufRead, Cursor, Read};
use std::time::Duration;

use limpid_types::{Algorithm, Digest, Hasher, Problem, ProblemKind};

use self::in_line::InLine;
use self::on_thread::OnThread;
use crate::problems::SUBJECT;
use crate::{
    Budget, Compression, Decoder, LayerError, LayerLimits, Lease, Spool, Visitor, WalkSummary, walk,
};

/// With what, and how, [`read_layer`] reads.
#[derive(Clone, Copy, Debug)]
pub struct ReadOptions<'a> {
    /// What the layer may cost.
    pub limits: &'a LayerLimits,
    /// Where memory is taken from. The caller must hold no lease of it.
    pub budget: &'a Budget,
    /// Where large files go.
    pub spool: &'a Spool,
    /// How long to wait for the memory that the layer needs from the start.
    pub patience: Duration,
    /// Where the bytes are received and hashed.
    pub hashing: Hashing,
    /// Whether the digest of the uncompressed bytes, the layer's diff id, is wanted too.
    pub also_uncompressed_digest: bool,
}

/// Where the bytes of a layer are received and hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hashing {
    /// Between decompression steps: best when there is one core for the layer.
    InLine,
    /// On a thread of its own, while the caller's decompresses.
    OnThread,
}

/// What [`read_layer`] saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerSummary {
    /// Digest of the bytes as they came, by the algorithm of the expected one, else SHA-256.
    pub digest: Digest,
    /// Digest of the uncompressed bytes, when it was wanted and the stream is whole.
    pub uncompressed_digest: Option<Digest>,
    /// How the layer is compressed.
    pub compression: Compression,
    /// Bytes as they came.
    pub compressed_bytes: u64,
    /// Bytes that came out of decompression.
    pub uncompressed_bytes: u64,
    /// Entries that the visitor got to see.
    pub entries: u64,
    /// What was odd.
    pub problems: Vec<Problem>,
}

/// Bytes of a buffer between the source and the decompressor.
const CHUNK: usize = 256 << 10;
/// Buffers that are on their way when a thread receives.
const CHUNKS: usize = 4;
/// The bytes that are awaited before any memory is taken: enough to know the compression.
const HEAD: u64 = 18;

/// Reads a layer from its compressed bytes: hashes, decompresses and shows it to a visitor.
///
/// The visitor sees the entries before the digest is known, so when this fails, with
/// [`LayerError::DigestMismatch`] or otherwise, what it gathered must be thrown away. The source
/// is read to its end even when the archive ends before. A source that blocks for ever blocks
/// this function for ever: give it a timeout.
///
/// A visitor that wants [`Want::Nothing`](crate::Want::Nothing) makes this the least that any
/// scan of the layer costs: receiving, hashing, decompression, headers.
pub fn read_layer(
    mut source: impl Read + Send,
    expected: Option<&Digest>,
    options: &ReadOptions<'_>,
    visitor: &mut dyn Visitor,
) -> Result<LayerSummary, LayerError> {
    let mut head = Vec::new();
    let read = source.by_ref().take(HEAD).read_to_end(&mut head);
    read.map_err(|source| LayerError::Source { offset: 0, source })?;
    let mut lease = take_memory(&head, options)?;
    let decoder_lease = lease.split_off(Decoder::<io::Empty>::memory(&head, options.limits)?);
    let source = Cursor::new(head).chain(source);
    let hasher = Hasher::new(expected.map_or(Algorithm::Sha256, Digest::algorithm));
    let summary = match options.hashing {
        Hashing::InLine => {
            read_received(InLine::new(source, hasher), decoder_lease, options, visitor)
        }
        Hashing::OnThread => std::thread::scope(|scope| {
            let received = OnThread::start(scope, source, hasher)?;
            read_received(received, decoder_lease, options, visitor)
        }),
    }?;
    match expected {
        Some(expected) if *expected != summary.digest => Err(LayerError::DigestMismatch {
            expected: expected.clone(),
            found: summary.digest,
        }),
        _ => Ok(summary),
    }
}

/// Where the bytes of a layer come from, hashed as they come.
trait Received: BufRead {
    /// Reads to the end; returns the digest and the number of bytes.
    fn finish(self) -> Result<(Digest, u64), LayerError>;
}

/// Waits for all memory that is certain to be needed, while nothing is held.
fn take_memory(head: &[u8], options: &ReadOptions<'_>) -> Result<Lease, LayerError> {
    let buffers = match options.hashing {
        Hashing::InLine => CHUNK,
        Hashing::OnThread => CHUNK * CHUNKS,
    };
    let metadata = options.limits.metadata_bytes.saturating_mul(2) as u64;
    let decoder = Decoder::<io::Empty>::memory(head, options.limits)?;
    let bytes = decoder
        .saturating_add(metadata)
        .saturating_add(buffers as u64);
    let lease = options.budget.acquire(bytes, options.patience);
    lease.map_err(LayerError::Budget)
}

fn read_received(
    mut received: impl Received,
    lease: Lease,
    options: &ReadOptions<'_>,
    visitor: &mut dyn Visitor,
) -> Result<LayerSummary, LayerError> {
    let mut decoder = Decoder::with_lease(&mut received, options.limits, lease)?;
    let (mut walked, uncompressed_digest) = if options.also_uncompressed_digest {
        walk_hashed(&mut decoder, options, visitor)?
    } else {
        (walk_decoded(&mut decoder, options, visitor)?, None)
    };
    if let Some(offset) = decoder.trailing() {
        let detail = format!(
            "bytes after the end of the {} stream",
            decoder.compression()
        );
        walked
            .problems
            .push(Problem::new(ProblemKind::Note, SUBJECT, detail).at(offset));
    }
    let compression = decoder.compression();
    let uncompressed_bytes = decoder.uncompressed_bytes();
    drop(decoder);
    let (digest, compressed_bytes) = received.finish()?;
    Ok(LayerSummary {
        digest,
        uncompressed_digest,
        compression,
        compressed_bytes,
        uncompressed_bytes,
        entries: walked.entries,
        problems: walked.problems,
    })
}

fn walk_decoded(
    reader: &mut dyn BufRead,
    options: &ReadOptions<'_>,
    visitor: &mut dyn Visitor,
) -> Result<WalkSummary, LayerError> {
    walk(
        reader,
        options.limits,
        options.budget,
        options.spool,
        visitor,
    )
}

fn walk_hashed(
    decoder: &mut impl BufRead,
    options: &ReadOptions<'_>,
    visitor: &mut dyn Visitor,
) -> Result<(WalkSummary, Option<Digest>), LayerError> {
    let mut hashed = Hashed {
        inner: decoder,
        hasher: Hasher::new(Algorithm::Sha256),
    };
    let walked = walk_decoded(&mut hashed, options, visitor)?;
    match io::copy(&mut hashed, &mut io::sink()) {
        Ok(_) => Ok((walked, Some(hashed.hasher.finish()))),
        Err(error) => match LayerError::unpack(error, walked.bytes) {
            // The walk has met and reported it.
            LayerError::Damaged { .. } => Ok((walked, None)),
            error => Err(error),
        },
    }
}

/// Hashes what is read through it.
struct Hashed<R> {
    inner: R,
    hasher: Hasher,
}

impl<R: BufRead> BufRead for Hashed<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        // What is consumed lies in the buffer, so that this reads nothing.
        if let Some(bytes) = self.inner.fill_buf().ok().and_then(|all| all.get(..count)) {
            self.hasher.update(bytes);
        }
        self.inner.consume(count);
    }
}

impl<R: BufRead> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

/// Reads until the buffer is full or the source ends.
fn fill(source: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(room) = buffer.get_mut(filled..).filter(|room| !room.is_empty()) {
        match source.read(room) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
