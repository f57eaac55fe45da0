//! Keys are sequences of items, each of which tells its own end, so that no key
//! is the beginning of another and byte order is item order.
//!
//! | item | bytes |
//! |---|---|
//! | tag | one byte, chosen by the scheme |
//! | number | count of digits: one byte below 255, else 255 and eight bytes big endian; then the digits, without leading zeros |
//! | count | eight bytes big endian |
//! | text | its bytes, of which none is zero; then a zero |

use crate::number::Number;

/// Bytes whose lexical order is the order of the versions they were made from.
///
/// Keys of different schemes have nothing to say about each other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SortKey(Vec<u8>);

impl SortKey {
    /// Returns the bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Builds a [`SortKey`].
pub(crate) struct KeyWriter(Vec<u8>);

impl KeyWriter {
    /// Starts the key of a version text of so many bytes.
    pub(crate) fn for_length(length: usize) -> Self {
        // Tags and counts take about half as much again; a wrong guess costs one more allocation.
        Self(Vec::with_capacity(length.saturating_mul(2)))
    }

    pub(crate) fn tag(&mut self, tag: u8) {
        self.0.push(tag);
    }

    pub(crate) fn number(&mut self, number: Number<'_>) {
        let digits = number.digits();
        match u8::try_from(digits.len()) {
            Ok(length) if length < u8::MAX => self.0.push(length),
            _ => {
                self.0.push(u8::MAX);
                self.0.extend((digits.len() as u64).to_be_bytes());
            }
        }
        self.0.extend(digits);
    }

    /// Writes a count, as eight bytes big endian.
    pub(crate) fn count(&mut self, count: usize) {
        self.0.extend((count as u64).to_be_bytes());
    }

    pub(crate) fn text(&mut self, text: &[u8]) {
        self.bytes(text.iter().copied());
    }

    /// Writes a text whose bytes are made on the way.
    pub(crate) fn bytes(&mut self, text: impl Iterator<Item = u8>) {
        self.0.extend(text);
        self.0.push(0);
    }

    pub(crate) fn finish(self) -> SortKey {
        SortKey(self.0)
    }
}
