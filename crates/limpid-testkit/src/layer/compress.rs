use std::io::{self, Write};

use flate2::Compression;
use liblzma::write::XzEncoder;

/// Compresses with gzip, into one member.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), Compression::fast());
    in_memory(encoder.write_all(bytes));
    in_memory(encoder.finish())
}

/// Compresses with zstd, into one frame.
pub fn zstd(bytes: &[u8]) -> Vec<u8> {
    in_memory(zstd::bulk::compress(bytes, 3))
}

/// Compresses with zstd, with a window of a power of two.
pub fn zstd_with_window(bytes: &[u8], window_log: u32) -> Vec<u8> {
    let mut encoder = in_memory(zstd::Encoder::new(Vec::new(), 1));
    in_memory(encoder.window_log(window_log));
    in_memory(encoder.write_all(bytes));
    in_memory(encoder.finish())
}

/// Compresses with xz, into one stream.
pub fn xz(bytes: &[u8], preset: u32) -> Vec<u8> {
    let mut encoder = XzEncoder::new(Vec::new(), preset);
    in_memory(encoder.write_all(bytes));
    in_memory(encoder.finish())
}

/// Compresses with bzip2, into one stream.
pub fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
    in_memory(encoder.write_all(bytes));
    in_memory(encoder.finish())
}

fn in_memory<T>(result: io::Result<T>) -> T {
    result.expect("writing to memory succeeds")
}
