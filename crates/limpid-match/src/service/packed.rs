use std::io::{self, BufWriter, IntoInnerError, Read as _};

use bytes::Bytes;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::Serialize;

/// The level that costs a tenth of making the report, and leaves a tenth of its size.
const LEVEL: u32 = 1;

/// Bytes that are packed at a time.
const PIECE: usize = 32 << 10;

/// A report as gzip (RFC 1952), in which form it is kept and mostly sent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackedReport(Bytes);

impl PackedReport {
    /// Writes a document as JSON, and packs it piece by piece: it is never whole in memory.
    pub(super) fn new(document: &impl Serialize) -> io::Result<Self> {
        let encoder = GzEncoder::new(Vec::new(), Compression::new(LEVEL));
        let mut pieces = BufWriter::with_capacity(PIECE, encoder);
        serde_json::to_writer(&mut pieces, document)?;
        let encoder = pieces.into_inner().map_err(IntoInnerError::into_error)?;
        let mut packed = encoder.finish()?;
        // It may be kept for long, and a vector that grew has up to twice the room that it needs.
        packed.shrink_to_fit();
        Ok(Self(packed.into()))
    }

    /// Returns the gzip member.
    pub fn gzip(&self) -> Bytes {
        self.0.clone()
    }

    /// Returns the JSON. This takes some milliseconds for a large report.
    pub fn json(&self) -> io::Result<Vec<u8>> {
        let mut json = Vec::new();
        GzDecoder::new(&self.0[..]).read_to_end(&mut json)?;
        Ok(json)
    }

    /// Returns how many bytes it takes.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    #[cfg(test)]
    pub(super) fn of_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_packed_comes_back() {
        let document = vec!["vulnerabilities"; 10_000];
        let packed = PackedReport::new(&document).unwrap();
        let json = serde_json::to_vec(&document).unwrap();
        assert!(packed.len() < json.len() / 10);
        assert_eq!(packed.json().unwrap(), json);
    }
}
