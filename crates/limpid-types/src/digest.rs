use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::Digest as _;
use thiserror::Error;

/// A content digest in the form `algorithm:hex`, as OCI and Clair write it.
///
/// Only `sha256` and `sha512` exist. Upper-case hex is accepted and written back in lower case;
/// an upper-case algorithm is refused, as Clair refuses it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest {
    text: String,
    algorithm: Algorithm,
}

/// The hash function of a [`Digest`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// SHA-256, 64 hex digits.
    Sha256,
    /// SHA-512, 128 hex digits.
    Sha512,
}

impl Algorithm {
    /// Returns the name that stands before the colon.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    /// Returns the length of the checksum in hex digits.
    pub fn hex_len(self) -> usize {
        match self {
            Self::Sha256 => 64,
            Self::Sha512 => 128,
        }
    }
}

/// Why a text is not a digest.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DigestError {
    /// There is no colon.
    #[error("invalid digest, expected ALGORITHM:HEX: {0:?}")]
    Format(String),
    /// The algorithm is neither `sha256` nor `sha512`.
    #[error("unknown digest algorithm: {0:?}")]
    Algorithm(String),
    /// The part after the colon is not hex.
    #[error("digest is not hexadecimal: {0:?}")]
    Hex(String),
    /// The checksum has the wrong length.
    #[error("digest has {found} hex digits, expected {expected}")]
    Length {
        /// Digits found.
        found: usize,
        /// Digits that the algorithm has.
        expected: usize,
    },
}

impl Digest {
    /// Computes the SHA-256 digest of some bytes.
    pub fn sha256(bytes: &[u8]) -> Self {
        let mut hasher = Hasher::new(Algorithm::Sha256);
        hasher.update(bytes);
        hasher.finish()
    }

    /// Returns the algorithm.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Returns the checksum as lower-case hex.
    pub fn hex(&self) -> &str {
        self.text.split_once(':').map_or("", |(_, hex)| hex)
    }

    /// Returns the whole text, `algorithm:hex`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns a form for people: the first twelve hex digits.
    pub fn short(&self) -> &str {
        self.hex().get(..12).unwrap_or_default()
    }

    fn from_checksum(algorithm: Algorithm, checksum: &[u8]) -> Self {
        use fmt::Write as _;
        let mut text = String::with_capacity(7 + algorithm.hex_len());
        text.push_str(algorithm.name());
        text.push(':');
        for byte in checksum {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        Self { text, algorithm }
    }
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        let (name, hex) = text
            .split_once(':')
            .ok_or_else(|| DigestError::Format(text.chars().take(80).collect()))?;
        let algorithm = match name {
            "sha256" => Algorithm::Sha256,
            "sha512" => Algorithm::Sha512,
            other => return Err(DigestError::Algorithm(other.chars().take(80).collect())),
        };
        if !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(DigestError::Hex(hex.chars().take(160).collect()));
        }
        if hex.len() != algorithm.hex_len() {
            return Err(DigestError::Length {
                found: hex.len(),
                expected: algorithm.hex_len(),
            });
        }
        Ok(Self {
            text: format!("{name}:{}", hex.to_ascii_lowercase()),
            algorithm,
        })
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Computes a [`Digest`] over bytes that arrive piece by piece.
#[derive(Clone)]
pub struct Hasher(State);

#[derive(Clone)]
enum State {
    Sha256(sha2::Sha256),
    Sha512(sha2::Sha512),
}

impl Hasher {
    /// Starts a new computation.
    pub fn new(algorithm: Algorithm) -> Self {
        Self(match algorithm {
            Algorithm::Sha256 => State::Sha256(sha2::Sha256::new()),
            Algorithm::Sha512 => State::Sha512(sha2::Sha512::new()),
        })
    }

    /// Takes in the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            State::Sha256(hasher) => hasher.update(bytes),
            State::Sha512(hasher) => hasher.update(bytes),
        }
    }

    /// Returns the digest of everything taken in.
    pub fn finish(self) -> Digest {
        match self.0 {
            State::Sha256(hasher) => Digest::from_checksum(Algorithm::Sha256, &hasher.finalize()),
            State::Sha512(hasher) => Digest::from_checksum(Algorithm::Sha512, &hasher.finalize()),
        }
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hasher")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn empty_input_has_the_known_digest() {
        assert_eq!(Digest::sha256(b"").as_str(), EMPTY);
    }

    #[test]
    fn upper_case_hex_is_written_back_in_lower_case() {
        let upper = format!("sha256:{}", EMPTY[7..].to_uppercase());
        assert_eq!(upper.parse::<Digest>().unwrap().as_str(), EMPTY);
    }

    #[test]
    fn malformed_digests_are_refused_with_the_cause() {
        let cases = [
            ("", "expected ALGORITHM:HEX"),
            ("SHA256:00", "unknown digest algorithm"),
            ("md5:00", "unknown digest algorithm"),
            ("sha256:zz", "not hexadecimal"),
            ("sha256:00", "2 hex digits, expected 64"),
        ];
        for (text, cause) in cases {
            let error = text.parse::<Digest>().unwrap_err().to_string();
            assert!(error.contains(cause), "{text:?}: {error}");
        }
    }
}
