//! Documents that come packed, recognised by their first bytes, whatever their name says.
//!
//! | first bytes | format |
//! |---|---|
//! | `1f 8b` | gzip |
//! | `42 5a 68` | bzip2 |
//! | `fd 37 7a 58 5a 00` | xz |
//! | `28 b5 2f fd` | zstd |
//!
//! A document may consist of several packed parts in a row, which count as one.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use bzip2::bufread::MultiBzDecoder;
use flate2::bufread::MultiGzDecoder;
use liblzma::bufread::XzDecoder;
use liblzma::stream::{CONCATENATED, Stream};

use crate::ReadSeek;

const BUFFER_BYTES: usize = 64 << 10;

/// Length of the longest magic number.
const MAGIC_BYTES: u64 = 6;

/// What an xz stream may take to be unpacked; `xz -9` takes 65 MiB.
const XZ_MEMORY_BYTES: u64 = 96 << 20;

/// Largest window of a zstd stream, as a power of two. It is what `zstd --ultra` uses at most.
const ZSTD_WINDOW_LOG: u32 = 27;

/// Returns the bytes of a document without its packing.
pub(crate) fn unpack(mut input: Box<dyn ReadSeek>) -> io::Result<Box<dyn Read>> {
    let mut magic = Vec::new();
    (&mut input).take(MAGIC_BYTES).read_to_end(&mut magic)?;
    input.seek(SeekFrom::Start(0))?;
    let buffered = BufReader::with_capacity(BUFFER_BYTES, input);
    Ok(match magic.as_slice() {
        [0x1f, 0x8b, ..] => Box::new(MultiGzDecoder::new(buffered)),
        [b'B', b'Z', b'h', ..] => Box::new(MultiBzDecoder::new(buffered)),
        [0xfd, b'7', b'z', b'X', b'Z', 0] => {
            let stream = Stream::new_stream_decoder(XZ_MEMORY_BYTES, CONCATENATED)?;
            Box::new(XzDecoder::new_stream(buffered, stream))
        }
        [0x28, 0xb5, 0x2f, 0xfd, ..] => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(buffered)?;
            decoder.window_log_max(ZSTD_WINDOW_LOG)?;
            Box::new(decoder)
        }
        _ => Box::new(buffered),
    })
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use super::*;

    fn read(bytes: Vec<u8>) -> io::Result<String> {
        let mut text = String::new();
        unpack(Box::new(Cursor::new(bytes)))?.read_to_string(&mut text)?;
        Ok(text)
    }

    fn gzip(text: &str) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    fn bzip2(text: &str) -> Vec<u8> {
        let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    fn xz(text: &str) -> Vec<u8> {
        let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 1);
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(text: &str) -> Vec<u8> {
        zstd::encode_all(text.as_bytes(), 1).unwrap()
    }

    #[test]
    fn every_packing_is_recognised_and_its_parts_are_joined() {
        for pack in [gzip, bzip2, xz, zstd] {
            let parts = [pack("one "), pack("two")].concat();
            assert_eq!(read(parts).unwrap(), "one two");
        }
        assert_eq!(read(b"plain".to_vec()).unwrap(), "plain");
        assert_eq!(read(Vec::new()).unwrap(), "");
    }

    #[test]
    fn a_packed_document_that_is_cut_off_is_an_error() {
        for pack in [gzip, bzip2, xz, zstd] {
            let mut bytes = pack("some text that is long enough to be cut");
            bytes.truncate(bytes.len() - 5);
            assert!(read(bytes).is_err());
        }
    }
}
