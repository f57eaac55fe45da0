use std::fs::File;
use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::sync::Arc;

use limpid_layer::{Compression, Decoder, LayerLimits};

use crate::blob::{Blob, SliceReader};
use crate::{OpenOptions, SourceError};

/// Enough first bytes to recognise a compression.
const MAGIC_BYTES: u64 = 16;

/// Tells whether a file begins like a compressed stream.
pub(crate) fn is_compressed(path: &Path, file: &Arc<File>, size: u64) -> Result<bool, SourceError> {
    let head = Blob::slice(path.to_owned(), Arc::clone(file), 0, size).prefix(MAGIC_BYTES)?;
    Ok(Compression::detect(&head) != Compression::None)
}

/// Reads a file as if it were not compressed.
pub(crate) fn inflating_reader(
    path: &Path,
    file: Arc<File>,
    size: u64,
    options: &OpenOptions,
) -> Result<Decoder<BufReader<SliceReader>>, SourceError> {
    let limits = LayerLimits {
        uncompressed_bytes: options.limits.archive_bytes,
        ..LayerLimits::default()
    };
    let source = BufReader::with_capacity(64 << 10, SliceReader::whole(file, size));
    Decoder::new(source, &limits, &options.budget, options.patience).map_err(|error| {
        SourceError::Decompress {
            archive: path.to_owned(),
            offset: 0,
            source: error.into(),
        }
    })
}

/// Inflates an archive into a file that has no name; returns it with its size.
pub(super) fn spool(
    path: &Path,
    file: Arc<File>,
    size: u64,
    options: &OpenOptions,
) -> Result<(File, u64), SourceError> {
    let refuse = |source| SourceError::Spool {
        directory: options.spool_directory.clone(),
        source,
    };
    let mut reader = inflating_reader(path, file, size, options)?;
    let mut spooled = tempfile::tempfile_in(&options.spool_directory).map_err(refuse)?;
    let mut written = 0_u64;
    loop {
        let bytes = match reader.fill_buf() {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(source) => {
                return Err(SourceError::Decompress {
                    archive: path.to_owned(),
                    offset: written,
                    source,
                });
            }
        };
        if bytes.is_empty() {
            return Ok((spooled, written));
        }
        spooled.write_all(bytes).map_err(refuse)?;
        let count = bytes.len();
        written += count as u64;
        reader.consume(count);
    }
}
