use crate::Error;
use crate::format::Section;

/// Appends a number in LEB128.
pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

/// Appends a length and bytes.
pub(crate) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Appends a text so that the order of the bytes is the order of the texts, and no text's bytes
/// begin another's: NUL becomes `00 01`, the end is `00 00`.
pub(crate) fn put_ordered(out: &mut Vec<u8>, text: &str) {
    if text.as_bytes().contains(&0) {
        for &byte in text.as_bytes() {
            out.push(byte);
            if byte == 0 {
                out.push(1);
            }
        }
    } else {
        out.extend_from_slice(text.as_bytes());
    }
    out.extend_from_slice(&[0, 0]);
}

/// Appends what a text has beyond the previous one of the same field, which it then replaces.
pub(crate) fn put_delta(out: &mut Vec<u8>, previous: &mut String, text: &str) {
    let common = previous
        .bytes()
        .zip(text.bytes())
        .take(usize::from(u8::MAX))
        .take_while(|(left, right)| left == right)
        .count();
    let shared = text.floor_char_boundary(common);
    out.push(u8::try_from(shared).unwrap_or_default());
    let rest = text.get(shared..).unwrap_or_default();
    put_bytes(out, rest.as_bytes());
    previous.truncate(shared);
    previous.push_str(rest);
}

/// Reads the parts of a byte string, and knows where in the file it stands.
#[derive(Clone, Debug)]
pub(crate) struct Cursor<'a> {
    rest: &'a [u8],
    section: Section,
    /// Offset within the section of the end of `rest`.
    end: u64,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8], section: Section, offset: u64) -> Self {
        Self {
            rest: bytes,
            section,
            end: offset.saturating_add(bytes.len() as u64),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Returns the offset within the section.
    pub(crate) fn offset(&self) -> u64 {
        self.end.saturating_sub(self.rest.len() as u64)
    }

    /// Returns what has not been read.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Makes the error for a value that ends here.
    pub(crate) fn corrupt(&self, cause: &'static str) -> Error {
        self.section.corrupt(self.offset(), cause)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Error> {
        let (&first, rest) = self
            .rest
            .split_first()
            .ok_or_else(|| self.corrupt("unexpected end"))?;
        self.rest = rest;
        Ok(first)
    }

    pub(crate) fn take(&mut self, length: u64) -> Result<&'a [u8], Error> {
        let (taken, rest) = usize::try_from(length)
            .ok()
            .and_then(|length| self.rest.split_at_checked(length))
            .ok_or_else(|| self.corrupt("length reaches beyond the end"))?;
        self.rest = rest;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let (taken, rest) = self
            .rest
            .split_first_chunk()
            .ok_or_else(|| self.corrupt("unexpected end"))?;
        self.rest = rest;
        Ok(*taken)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Error> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Error> {
        self.array().map(u64::from_le_bytes)
    }

    pub(crate) fn varint(&mut self) -> Result<u64, Error> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            if shift == 63 && byte > 1 {
                break;
            }
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(self.corrupt("number does not fit 64 bits"))
    }

    /// Takes a part as a cursor of its own, which knows its place too.
    pub(crate) fn sub_cursor(&mut self, length: u64) -> Result<Self, Error> {
        let offset = self.offset();
        Ok(Self::new(self.take(length)?, self.section, offset))
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], Error> {
        let length = self.varint()?;
        self.take(length)
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, Error> {
        let bytes = self.bytes()?;
        std::str::from_utf8(bytes).map_err(|_| self.corrupt("text is not UTF-8"))
    }

    /// Reads a text written by [`put_delta`]; `previous` becomes that text.
    pub(crate) fn delta(&mut self, previous: &mut String) -> Result<(), Error> {
        let shared = usize::from(self.byte()?);
        let rest = self.text()?;
        if !previous.is_char_boundary(shared) {
            return Err(self.corrupt("shared part of a text is longer than the text before"));
        }
        previous.truncate(shared);
        previous.push_str(rest);
        Ok(())
    }

    /// Reads a text written by [`put_ordered`].
    pub(crate) fn ordered(&mut self) -> Result<String, Error> {
        let bytes = self.ordered_bytes()?;
        let mut text = String::with_capacity(bytes.len());
        for (number, part) in bytes.split(|&byte| byte == 0).enumerate() {
            let part = match number {
                0 => part,
                _ => part.get(1..).unwrap_or_default(),
            };
            if number > 0 {
                text.push('\0');
            }
            text.push_str(
                std::str::from_utf8(part).map_err(|_| self.corrupt("text is not UTF-8"))?,
            );
        }
        Ok(text)
    }

    /// Skips a text written by [`put_ordered`] and returns it in its written form, without the
    /// two bytes of its end.
    pub(crate) fn ordered_bytes(&mut self) -> Result<&'a [u8], Error> {
        let length = self
            .rest
            .windows(2)
            .position(|pair| pair == [0, 0])
            .ok_or_else(|| self.corrupt("text has no end"))?;
        let taken = self.take(length as u64)?;
        self.take(2)?;
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cursor(bytes: &[u8]) -> Cursor<'_> {
        Cursor::new(bytes, Section::Records, 0)
    }

    proptest! {
        #[test]
        fn numbers_and_texts_round_trip(number: u64, text: String) {
            let mut out = Vec::new();
            put_varint(&mut out, number);
            put_bytes(&mut out, text.as_bytes());
            put_ordered(&mut out, &text);
            let mut cursor = cursor(&out);
            prop_assert_eq!(cursor.varint().unwrap(), number);
            prop_assert_eq!(cursor.text().unwrap(), &text);
            prop_assert_eq!(cursor.ordered().unwrap(), text);
            prop_assert!(cursor.is_empty());
        }

        #[test]
        fn ordered_bytes_sort_as_the_texts_do(left in "[\0\u{1}a]{0,4}", right in "[\0\u{1}a]{0,4}") {
            let (mut one, mut other) = (Vec::new(), Vec::new());
            put_ordered(&mut one, &left);
            put_ordered(&mut other, &right);
            prop_assert_eq!(left.cmp(&right), one.cmp(&other));
        }

        #[test]
        fn deltas_round_trip(texts in proptest::collection::vec("[aäß]{0,5}", 0..6)) {
            let mut out = Vec::new();
            let mut previous = String::new();
            for text in &texts {
                put_delta(&mut out, &mut previous, text);
            }
            let mut cursor = cursor(&out);
            let mut current = String::new();
            for text in &texts {
                cursor.delta(&mut current).unwrap();
                prop_assert_eq!(&current, text);
            }
        }
    }

    #[test]
    fn a_number_of_more_than_64_bits_is_refused() {
        assert!(cursor(&[0xff; 11]).varint().is_err());
        let mut largest = [0xff; 10];
        largest[9] = 1;
        assert_eq!(cursor(&largest).varint().ok(), Some(u64::MAX));
    }

    #[test]
    fn errors_name_the_section_and_the_offset() {
        let mut cursor = Cursor::new(&[5, b'a'], Section::Terms, 10);
        let message = cursor.text().unwrap_err().to_string();
        assert_eq!(
            message,
            "damaged snapshot, length reaches beyond the end, at byte 11 of section: terms"
        );
    }
}
