use std::fmt;

use flate2::{Decompress, FlushDecompress};
use liblzma::stream::{Action, Error as XzError, Status as XzStatus, Stream};
use zstd::stream::raw::{DParameter, Decoder as ZstdDecoder, Operation as _};

use super::zstd_window::window_bytes;
use crate::Compression;

/// The decompressor of one stream of a file that may have several.
pub(crate) enum Codec {
    Gzip(Decompress),
    Zstd(ZstdDecoder<'static>),
    Xz(Stream),
    Bzip2(bzip2::Decompress),
}

/// What one call of [`Codec::step`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) consumed: usize,
    pub(crate) produced: usize,
    pub(crate) ended: bool,
    /// The stream cannot go on before more memory is allowed.
    pub(crate) needs_memory: bool,
}

/// The state of an inflater: a window of 32 KiB twice, and tables.
const GZIP_MEMORY: u64 = 128 << 10;
/// A block of 900,000 bytes in four bytes each, and tables.
const BZIP2_MEMORY: u64 = 4 << 20;
/// What a zstd decoder needs beside its window: input and output blocks, and tables.
const ZSTD_MEMORY: u64 = 768 << 10;
/// What an xz decoder may use before it asks for more; enough for `xz -6`.
const XZ_MEMORY: u64 = 10 << 20;
/// The largest window, as a power of two, that `zstd` accepts without being told otherwise.
const ZSTD_WINDOW_LOG: u32 = 27;

impl Codec {
    /// Returns the memory that the stream with this head needs from the start.
    pub(crate) fn memory(head: &[u8]) -> u64 {
        match Compression::detect(head) {
            Compression::None => 0,
            Compression::Gzip => GZIP_MEMORY,
            Compression::Zstd => ZSTD_MEMORY.saturating_add(window_bytes(head)),
            Compression::Xz => XZ_MEMORY,
            Compression::Bzip2 => BZIP2_MEMORY,
        }
    }

    /// Makes the decompressor, for which [`Codec::memory`] must have been taken from the budget.
    pub(crate) fn new(compression: Compression) -> Result<Option<Self>, String> {
        Ok(Some(match compression {
            Compression::None => return Ok(None),
            Compression::Gzip => Self::Gzip(Decompress::new_gzip(15)),
            Compression::Zstd => {
                let mut decoder = ZstdDecoder::new().map_err(|error| error.to_string())?;
                decoder
                    .set_parameter(DParameter::WindowLogMax(ZSTD_WINDOW_LOG))
                    .map_err(|error| error.to_string())?;
                Self::Zstd(decoder)
            }
            Compression::Xz => Self::Xz(
                Stream::new_stream_decoder(XZ_MEMORY, 0).map_err(|error| error.to_string())?,
            ),
            Compression::Bzip2 => Self::Bzip2(bzip2::Decompress::new(false)),
        }))
    }

    /// Makes the decompressor ready for the next stream of the same compression.
    pub(crate) fn restart(&mut self) -> Result<(), String> {
        match self {
            Self::Gzip(inflater) => inflater.reset(true),
            // One decoder reads any number of frames.
            Self::Zstd(_) => {}
            Self::Xz(stream) => {
                *stream = Stream::new_stream_decoder(stream.memlimit(), 0)
                    .map_err(|error| error.to_string())?;
            }
            Self::Bzip2(decompressor) => *decompressor = bzip2::Decompress::new(false),
        }
        Ok(())
    }

    /// Decompresses what fits. Empty input means that no more will come.
    pub(crate) fn step(&mut self, input: &[u8], output: &mut [u8]) -> Result<Step, String> {
        match self {
            Self::Gzip(inflater) => inflate(inflater, input, output),
            Self::Zstd(decoder) => {
                let status = decoder
                    .run_on_buffers(input, output)
                    .map_err(|error| error.to_string())?;
                Ok(Step {
                    consumed: status.bytes_read,
                    produced: status.bytes_written,
                    ended: status.remaining == 0,
                    needs_memory: false,
                })
            }
            Self::Xz(stream) => unxz(stream, input, output),
            Self::Bzip2(decompressor) => unbzip2(decompressor, input, output),
        }
    }

    /// Allows the decompressor more memory, which must have been taken from the budget.
    pub(crate) fn allow_memory(&mut self, bytes: u64) {
        if let Self::Xz(stream) = self {
            // A refusal means that even this is too little; the next step will ask for more.
            let _ = stream.set_memlimit(bytes);
        }
    }
}

fn inflate(inflater: &mut Decompress, input: &[u8], output: &mut [u8]) -> Result<Step, String> {
    let (before_in, before_out) = (inflater.total_in(), inflater.total_out());
    let status = inflater
        .decompress(input, output, FlushDecompress::None)
        .map_err(|error| error.message().unwrap_or("invalid data").to_owned())?;
    Ok(Step {
        consumed: length(inflater.total_in() - before_in),
        produced: length(inflater.total_out() - before_out),
        ended: status == flate2::Status::StreamEnd,
        needs_memory: false,
    })
}

fn unxz(stream: &mut Stream, input: &[u8], output: &mut [u8]) -> Result<Step, String> {
    let (before_in, before_out) = (stream.total_in(), stream.total_out());
    let result = stream.process(input, output, Action::Run);
    let mut step = Step {
        consumed: length(stream.total_in() - before_in),
        produced: length(stream.total_out() - before_out),
        ..Step::default()
    };
    match result {
        Ok(status) => step.ended = matches!(status, XzStatus::StreamEnd),
        Err(XzError::MemLimit) => step.needs_memory = true,
        Err(error) => return Err(error.to_string()),
    }
    Ok(step)
}

fn unbzip2(
    decompressor: &mut bzip2::Decompress,
    input: &[u8],
    output: &mut [u8],
) -> Result<Step, String> {
    let (before_in, before_out) = (decompressor.total_in(), decompressor.total_out());
    let status = decompressor
        .decompress(input, output)
        .map_err(|error| error.to_string())?;
    Ok(Step {
        consumed: length(decompressor.total_in() - before_in),
        produced: length(decompressor.total_out() - before_out),
        ended: status == bzip2::Status::StreamEnd,
        needs_memory: false,
    })
}

/// Narrows a count that cannot exceed the length of a slice.
fn length(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

impl fmt::Debug for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gzip(_) => "Gzip",
            Self::Zstd(_) => "Zstd",
            Self::Xz(_) => "Xz",
            Self::Bzip2(_) => "Bzip2",
        })
    }
}
