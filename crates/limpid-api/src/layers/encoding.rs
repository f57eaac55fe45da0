use std::io::{self, Write as _};

use axum::body::Bytes;
use axum::http::header::ACCEPT_ENCODING;
use axum::http::{HeaderMap, HeaderValue};
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};

use crate::quality_list::elements;

/// The level of gzip and deflate: near the speed of the lowest, and a good deal smaller.
const DEFLATE_LEVEL: u32 = 3;

/// The level of zstd.
const ZSTD_LEVEL: i32 = 1;

/// A content coding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    /// None.
    Identity,
    /// gzip, RFC 1952.
    Gzip,
    /// zlib, RFC 1950, which is what HTTP calls deflate. Clair sends raw deflate under the name.
    Deflate,
    /// Zstandard, RFC 8878.
    Zstd,
}

/// All codings but none, as a response may name them.
pub(crate) const SUPPORTED: HeaderValue = HeaderValue::from_static("zstd, gzip, deflate");

impl Coding {
    /// Chooses the coding that a client prefers (RFC 9110 section 12.5.3); none when it accepts
    /// nothing that there is.
    ///
    /// Among codings that it likes equally zstd comes first, being the cheapest. Who says `*` is
    /// not sent zstd, because it may well not know it.
    pub(crate) fn choose(headers: &HeaderMap) -> Option<Self> {
        Weights::of(headers).best()
    }

    /// Tells whether a client takes gzip, be it that it prefers something else.
    pub(crate) fn takes_gzip(headers: &HeaderMap) -> bool {
        let weights = Weights::of(headers);
        weights
            .gzip
            .or(weights.any)
            .is_some_and(|weight| weight > 0)
    }

    /// Returns the value of the header `Content-Encoding`.
    pub(crate) fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Identity => "identity",
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Zstd => "zstd",
        })
    }

    /// Begins to encode.
    pub(crate) fn encoder(self) -> io::Result<Encoder> {
        let level = Compression::new(DEFLATE_LEVEL);
        Ok(match self {
            Self::Identity => Encoder::Identity(Vec::new()),
            Self::Gzip => Encoder::Gzip(GzEncoder::new(Vec::new(), level)),
            Self::Deflate => Encoder::Deflate(ZlibEncoder::new(Vec::new(), level)),
            Self::Zstd => Encoder::Zstd(zstd::stream::write::Encoder::new(Vec::new(), ZSTD_LEVEL)?),
        })
    }
}

#[derive(Default)]
struct Weights {
    zstd: Option<u16>,
    gzip: Option<u16>,
    deflate: Option<u16>,
    identity: Option<u16>,
    any: Option<u16>,
}

impl Weights {
    fn of(headers: &HeaderMap) -> Self {
        let mut weights = Self::default();
        for line in headers.get_all(ACCEPT_ENCODING) {
            for (name, quality) in elements(line.to_str().unwrap_or_default()) {
                weights.add(name, quality);
            }
        }
        weights
    }

    fn add(&mut self, name: &str, quality: u16) {
        let weight = match name.to_ascii_lowercase().as_str() {
            "zstd" => &mut self.zstd,
            "gzip" | "x-gzip" => &mut self.gzip,
            "deflate" => &mut self.deflate,
            "identity" => &mut self.identity,
            "*" => &mut self.any,
            _ => return,
        };
        // Of a coding that is named twice the first weight counts.
        weight.get_or_insert(quality);
    }

    fn best(&self) -> Option<Coding> {
        // Without a word of the client no coding is acceptable, but any other is preferred.
        let identity = self.identity.or(self.any.filter(|weight| *weight == 0));
        let candidates = [
            (Coding::Identity, identity.unwrap_or(1)),
            (Coding::Deflate, self.deflate.or(self.any).unwrap_or(0)),
            (Coding::Gzip, self.gzip.or(self.any).unwrap_or(0)),
            (Coding::Zstd, self.zstd.unwrap_or(0)),
        ];
        candidates
            .into_iter()
            .filter(|(_, weight)| *weight > 0)
            // Of equal ones the last.
            .max_by_key(|(_, weight)| *weight)
            .map(|(coding, _)| coding)
    }
}

/// Encodes a content piece by piece.
pub(crate) enum Encoder {
    Identity(Vec<u8>),
    Gzip(GzEncoder<Vec<u8>>),
    Deflate(ZlibEncoder<Vec<u8>>),
    Zstd(zstd::stream::write::Encoder<'static, Vec<u8>>),
}

impl Encoder {
    /// Takes a piece of the content.
    pub(crate) fn write(&mut self, piece: &[u8]) -> io::Result<()> {
        match self {
            Self::Identity(output) => output.write_all(piece),
            Self::Gzip(encoder) => encoder.write_all(piece),
            Self::Deflate(encoder) => encoder.write_all(piece),
            Self::Zstd(encoder) => encoder.write_all(piece),
        }
    }

    /// Gives what is encoded so far and was not given yet.
    pub(crate) fn take(&mut self) -> Bytes {
        let output = match self {
            Self::Identity(output) => output,
            Self::Gzip(encoder) => encoder.get_mut(),
            Self::Deflate(encoder) => encoder.get_mut(),
            Self::Zstd(encoder) => encoder.get_mut(),
        };
        Bytes::from(std::mem::take(output))
    }

    /// Gives the rest.
    pub(crate) fn finish(self) -> io::Result<Bytes> {
        Ok(Bytes::from(match self {
            Self::Identity(output) => output,
            Self::Gzip(encoder) => encoder.finish()?,
            Self::Deflate(encoder) => encoder.finish()?,
            Self::Zstd(encoder) => encoder.finish()?,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(lines: &[&'static str]) -> Option<Coding> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(ACCEPT_ENCODING, HeaderValue::from_static(line));
        }
        Coding::choose(&headers)
    }

    #[test]
    fn the_clients_weights_decide_then_our_order() {
        for (lines, expected) in [
            (&["gzip, deflate, br, zstd"][..], Coding::Zstd),
            (&["gzip, deflate"], Coding::Gzip),
            (&["x-gzip"], Coding::Gzip),
            (&["GZIP;q=0.5", "zstd;q=0.4"], Coding::Gzip),
            (&["deflate, gzip;q=0.9"], Coding::Deflate),
            (&["*"], Coding::Gzip),
            (&["*, gzip;q=0"], Coding::Deflate),
            (&["gzip;q=0.5, identity"], Coding::Identity),
            (&["gzip;q=0.001"], Coding::Gzip),
        ] {
            assert_eq!(choose(lines), Some(expected), "{lines:?}");
        }
    }

    #[test]
    fn without_a_known_coding_nothing_is_encoded() {
        for lines in [&[][..], &[""], &["br"], &["gzip;q=0"], &["identity;q=0.1"]] {
            assert_eq!(choose(lines), Some(Coding::Identity), "{lines:?}");
        }
    }

    #[test]
    fn a_client_may_refuse_even_that() {
        for lines in [&["identity;q=0"][..], &["*;q=0"], &["br, identity;q=0.0"]] {
            assert_eq!(choose(lines), None, "{lines:?}");
        }
        assert_eq!(choose(&["identity;q=0, gzip"]), Some(Coding::Gzip));
        assert_eq!(choose(&["*;q=0, identity"]), Some(Coding::Identity));
    }
}
