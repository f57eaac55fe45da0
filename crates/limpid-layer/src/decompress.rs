//! Decompression of a stream, one buffer at a time.

mod codec;
mod compression;
mod lookahead;
mod zstd_window;

use std::io::{self, BufRead, Read};
use std::time::Duration;

pub use self::compression::Compression;

use self::codec::{Codec, Step};
use self::lookahead::Lookahead;
use crate::{Budget, LayerError, LayerLimits, Lease};

/// Decompressed bytes that are handed out at a time: large enough to make the fixed costs of a
/// call vanish, small enough to stay in a core's cache.
const OUTPUT: usize = 128 << 10;

/// Reads a compressed stream as if it were not compressed.
///
/// The compression is recognised by the first bytes. Streams of the same compression may follow
/// one another, as gzip members and zstd frames do; anything else that follows is left unread
/// and shows in [`Decoder::trailing`]. Errors of the stream are a [`LayerError`] inside the
/// [`io::Error`]; errors of the source are passed on as they are.
#[derive(Debug)]
pub struct Decoder<R> {
    source: Lookahead<R>,
    compression: Compression,
    /// Absent when the stream is not compressed.
    codec: Option<Codec>,
    limits: LayerLimits,
    /// What this decoder holds of the budget, and how much of it is for the codec.
    lease: Lease,
    codec_memory: u64,
    output: Box<[u8]>,
    start: usize,
    end: usize,
    produced: u64,
    streams: u64,
    state: State,
}

#[derive(Debug)]
enum State {
    Running,
    /// An error that comes after the bytes that are still in the output.
    Failed(Option<io::Error>),
    Ended {
        trailing: Option<u64>,
    },
}

impl<R: BufRead> Decoder<R> {
    /// Looks at the first bytes of a stream and takes the memory to decompress it, for which it
    /// waits at most so long.
    ///
    /// Must be called while holding no lease of the budget. Nothing is held while the first
    /// bytes are awaited.
    pub fn new(
        source: R,
        limits: &LayerLimits,
        budget: &Budget,
        patience: Duration,
    ) -> Result<Self, LayerError> {
        let mut source = Lookahead::new(source);
        let head = source
            .peek()
            .map_err(|error| LayerError::unpack(error, 0))?;
        let lease = budget
            .acquire(Self::memory(head, limits)?, patience)
            .map_err(LayerError::Budget)?;
        Self::start(source, limits, lease)
    }

    /// Returns the memory that a decoder of a stream with these first bytes takes.
    pub(crate) fn memory(head: &[u8], limits: &LayerLimits) -> Result<u64, LayerError> {
        Ok(codec_memory(head, limits)? + OUTPUT as u64)
    }

    /// Starts with memory that was taken before: [`Decoder::memory`], and perhaps more, which
    /// is held as long as the decoder lives.
    pub(crate) fn with_lease(
        source: R,
        limits: &LayerLimits,
        lease: Lease,
    ) -> Result<Self, LayerError> {
        Self::start(Lookahead::new(source), limits, lease)
    }

    fn start(
        mut source: Lookahead<R>,
        limits: &LayerLimits,
        lease: Lease,
    ) -> Result<Self, LayerError> {
        let head = source
            .peek()
            .map_err(|error| LayerError::unpack(error, 0))?;
        let compression = Compression::detect(head);
        let codec_memory = codec_memory(head, limits)?;
        let codec = Codec::new(compression).map_err(|detail| LayerError::Damaged {
            compression,
            offset: 0,
            detail,
        })?;
        let output = if codec.is_some() { OUTPUT } else { 0 };
        Ok(Self {
            source,
            compression,
            codec,
            limits: limits.clone(),
            lease,
            codec_memory,
            output: vec![0; output].into_boxed_slice(),
            start: 0,
            end: 0,
            produced: 0,
            streams: 1,
            state: State::Running,
        })
    }

    /// Returns the compression of the stream.
    pub fn compression(&self) -> Compression {
        self.compression
    }

    /// Returns how many bytes of the source were consumed.
    pub fn compressed_bytes(&self) -> u64 {
        self.source.consumed()
    }

    /// Returns how many bytes were decompressed.
    pub fn uncompressed_bytes(&self) -> u64 {
        self.produced
    }

    /// Returns where bytes begin that follow the compressed stream and do not belong to it. Known
    /// once the end was read.
    pub fn trailing(&self) -> Option<u64> {
        match self.state {
            State::Ended { trailing } => trailing,
            State::Running | State::Failed(_) => None,
        }
    }

    fn refill(&mut self) -> io::Result<()> {
        self.start = 0;
        self.end = 0;
        while self.end < self.output.len() && matches!(self.state, State::Running) {
            if let Err(error) = self.advance() {
                self.state = State::Failed(Some(error));
            }
        }
        match &mut self.state {
            State::Failed(error) if self.end == 0 => {
                let error = error.take();
                Err(error.unwrap_or_else(|| self.damaged("failed before".to_owned())))
            }
            _ => Ok(()),
        }
    }

    /// Does one step of decompression.
    fn advance(&mut self) -> io::Result<()> {
        let Some(codec) = &mut self.codec else {
            return Ok(());
        };
        let input = self.source.fill_buf()?;
        let at_end = input.is_empty();
        let output = self.output.get_mut(self.end..).unwrap_or_default();
        let result = codec.step(input, output);
        let step = result.map_err(|detail| self.damaged(detail))?;
        self.source.consume(step.consumed);
        self.end += step.produced;
        self.produced += step.produced as u64;
        self.check_limits()?;
        if step.ended {
            return self.next_stream();
        }
        if step.needs_memory {
            return self.allow_memory();
        }
        if step == Step::default() {
            return Err(self.damaged(
                if at_end {
                    "the stream ends early"
                } else {
                    "no progress"
                }
                .to_owned(),
            ));
        }
        Ok(())
    }

    fn next_stream(&mut self) -> io::Result<()> {
        let head = self.source.peek()?;
        if head.is_empty() {
            self.state = State::Ended { trailing: None };
            return Ok(());
        }
        if Compression::detect(head) != self.compression {
            self.state = State::Ended {
                trailing: Some(self.source.consumed()),
            };
            return Ok(());
        }
        self.streams += 1;
        if self.streams > self.limits.entries {
            return Err(LayerError::TooManyEntries {
                limit: self.limits.entries,
                offset: self.produced,
            }
            .into());
        }
        let wanted = codec_memory(head, &self.limits)?;
        self.grow(wanted)?;
        let restarted = self.codec.as_mut().map_or(Ok(()), Codec::restart);
        restarted.map_err(|detail| self.damaged(detail))
    }

    /// Doubles the memory of the codec, up to the limit.
    fn allow_memory(&mut self) -> io::Result<()> {
        let double = self.codec_memory.saturating_mul(2);
        let wanted = if self.codec_memory < self.limits.window_bytes {
            double.min(self.limits.window_bytes)
        } else {
            double
        };
        self.grow(wanted)?;
        if let Some(codec) = &mut self.codec {
            codec.allow_memory(wanted);
        }
        Ok(())
    }

    /// Takes more memory for the codec. The caller holds leases already, so it does not wait.
    fn grow(&mut self, wanted: u64) -> io::Result<()> {
        if wanted > self.limits.window_bytes {
            return Err(LayerError::Window {
                compression: self.compression,
                wanted,
                limit: self.limits.window_bytes,
            }
            .into());
        }
        let more = wanted.saturating_sub(self.codec_memory);
        if more > 0 && !self.lease.try_grow(more) {
            return Err(LayerError::Budget(self.lease.refusal(more)).into());
        }
        self.codec_memory = self.codec_memory.max(wanted);
        Ok(())
    }

    fn check_limits(&self) -> io::Result<()> {
        let (compressed, uncompressed) = (self.source.consumed(), self.produced);
        if uncompressed > self.limits.uncompressed_bytes {
            return Err(LayerError::TooManyBytes {
                limit: self.limits.uncompressed_bytes,
                offset: compressed,
            }
            .into());
        }
        if uncompressed > self.limits.expansion_free_bytes
            && uncompressed / self.limits.expansion.max(1) > compressed
        {
            return Err(LayerError::Expansion {
                compressed,
                uncompressed,
                limit: self.limits.expansion,
            }
            .into());
        }
        Ok(())
    }

    fn damaged(&self, detail: String) -> io::Error {
        LayerError::Damaged {
            compression: self.compression,
            offset: self.source.consumed(),
            detail,
        }
        .into()
    }
}

impl<R: BufRead> BufRead for Decoder<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.codec.is_none() {
            self.check_limits()?;
            return self.source.fill_buf();
        }
        if self.start == self.end {
            self.refill()?;
        }
        Ok(self.output.get(self.start..self.end).unwrap_or_default())
    }

    fn consume(&mut self, count: usize) {
        if self.codec.is_none() {
            self.produced += count as u64;
            self.source.consume(count);
        } else {
            self.start = (self.start + count).min(self.end);
        }
    }
}

impl<R: BufRead> Read for Decoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

fn codec_memory(head: &[u8], limits: &LayerLimits) -> Result<u64, LayerError> {
    let wanted = Codec::memory(head);
    if wanted > limits.window_bytes {
        return Err(LayerError::Window {
            compression: Compression::detect(head),
            wanted,
            limit: limits.window_bytes,
        });
    }
    Ok(wanted)
}
