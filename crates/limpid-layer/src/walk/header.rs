//! One header block of a tar archive.
//!
//! | offset | length | field | where |
//! |---|---|---|---|
//! | 0 | 100 | name | all |
//! | 100 | 8 | mode, octal | all |
//! | 124 | 12 | size, octal or base 256 | all |
//! | 148 | 8 | checksum: sum of the block, with this field as spaces | all |
//! | 156 | 1 | type | all |
//! | 157 | 100 | target of a link | all |
//! | 257 | 8 | `ustar` NUL `00`, or `ustar` space space NUL | ustar and PAX, or GNU |
//! | 345 | 155 | first part of the name (131 when offset 508 says `tar` NUL) | ustar and PAX |
//! | 345, 357 | 12, 12 | times | GNU |
//! | 386 | 4 × 24 | first segments of a sparse file | GNU, type `S` |
//! | 482 | 1 | whether further segments follow in a block of their own | GNU, type `S` |
//! | 483 | 12 | size of the sparse file | GNU, type `S` |

/// Bytes in a block.
pub const BLOCK: usize = 512;

/// One header block.
#[derive(Clone, Debug)]
pub struct Header(pub(crate) [u8; BLOCK]);

impl Header {
    /// Takes a block, which is a header only if its [checksum holds](Self::checksum_holds).
    pub fn new(block: [u8; BLOCK]) -> Self {
        Self(block)
    }

    /// Tells whether this is one of the empty blocks at the end of an archive.
    pub fn is_zero(&self) -> bool {
        self.0.iter().all(|&byte| byte == 0)
    }

    /// Tells whether the checksum holds, summed over unsigned or, as some old systems did, over
    /// signed bytes.
    pub fn checksum_holds(&self) -> bool {
        const SPACES: i64 = 8 * b' ' as i64;
        let sum = |bytes: &[u8]| -> i64 {
            bytes
                .iter()
                .map(|&byte| u32::from(byte))
                .sum::<u32>()
                .into()
        };
        let high = |bytes: &[u8]| -> i64 {
            bytes
                .iter()
                .map(|&byte| u32::from(byte >> 7))
                .sum::<u32>()
                .into()
        };
        let field = self.field::<148, 8>();
        let Some(stored) = octal(field).and_then(|stored| i64::try_from(stored).ok()) else {
            return false;
        };
        let unsigned = sum(&self.0) - sum(field) + SPACES;
        stored == unsigned || stored == unsigned - 256 * (high(&self.0) - high(field))
    }

    /// Tells whether the data of this header say something about the entry after it. They go to
    /// [`Extensions::add`](super::extensions::Extensions::add).
    pub fn is_extension(&self) -> bool {
        matches!(self.kind(), b'x' | b'X' | b'g' | b'L' | b'K')
    }

    pub(crate) fn kind(&self) -> u8 {
        self.0[156]
    }

    /// Returns the bytes of data that this header states; the padding to whole blocks is not
    /// among them. For an entry, [`Extensions::describe`](super::extensions::Extensions::describe) knows
    /// better.
    pub fn size(&self) -> Option<u64> {
        number(self.field::<124, 12>())
    }

    /// Returns the permission bits; an unreadable field counts as 0.
    pub(crate) fn mode(&self) -> u32 {
        let mode = number(self.field::<100, 8>()).unwrap_or(0) & 0o7777;
        u32::try_from(mode).unwrap_or(0)
    }

    pub(crate) fn link(&self) -> &[u8] {
        until_nul(self.field::<157, 100>())
    }

    /// Writes the name, which may be in two fields.
    pub(crate) fn name_into(&self, name: &mut Vec<u8>) {
        name.clear();
        let prefix = self.prefix();
        if !prefix.is_empty() {
            name.extend_from_slice(prefix);
            name.push(b'/');
        }
        name.extend_from_slice(until_nul(self.field::<0, 100>()));
    }

    /// Returns one of the four segments of a sparse file in the old GNU format.
    pub(crate) fn sparse_segments(&self) -> &[u8] {
        self.field::<386, 96>()
    }

    /// Tells whether the map of a sparse file in the old GNU format goes on in the block after
    /// the header, whose byte 504 says the same of the next.
    pub fn sparse_continues(&self) -> bool {
        self.kind() == b'S' && self.0[482] != 0
    }

    pub(crate) fn sparse_size(&self) -> Option<u64> {
        number(self.field::<483, 12>())
    }

    fn prefix(&self) -> &[u8] {
        match self.field::<257, 8>() {
            b"ustar  \0" => {
                // Go before 1.8, with which many old images were built, wrote a prefix into GNU
                // headers, where the times belong.
                let times = [self.field::<345, 12>(), self.field::<357, 12>()];
                let prefix = until_nul(self.field::<345, 155>());
                let is_time = |field: &[u8; 12]| field[0] == 0 || number(field).is_some();
                if prefix.is_ascii() && !times.into_iter().all(is_time) {
                    prefix
                } else {
                    &[]
                }
            }
            [b'u', b's', b't', b'a', b'r', 0, ..] => {
                if self.field::<508, 4>() == b"tar\0" {
                    until_nul(self.field::<345, 131>())
                } else {
                    until_nul(self.field::<345, 155>())
                }
            }
            _ => &[],
        }
    }

    fn field<const AT: usize, const LENGTH: usize>(&self) -> &[u8; LENGTH] {
        const {
            assert!(AT + LENGTH <= BLOCK, "the field lies in the block");
        }
        self.0[AT..]
            .first_chunk()
            .expect("checked when this was compiled")
    }
}

/// Returns the bytes before the first NUL.
pub(crate) fn until_nul(bytes: &[u8]) -> &[u8] {
    bytes.split(|&byte| byte == 0).next().unwrap_or_default()
}

/// Reads a number in octal digits, or in base 256 when the first bit is set. Negative numbers and
/// numbers above 63 bits are none.
pub(crate) fn number(field: &[u8]) -> Option<u64> {
    match field.split_first() {
        Some((&first, rest)) if first & 0x80 != 0 => {
            // The second bit is the sign.
            if first & 0x40 != 0 {
                return None;
            }
            let start = u64::from(first & 0x3f);
            let value = rest.iter().try_fold(start, |value, &byte| {
                Some(value.checked_mul(256)? | u64::from(byte))
            })?;
            i64::try_from(value).is_ok().then_some(value)
        }
        _ => octal(field),
    }
}

/// Reads octal digits with spaces and NULs around them; nothing but those is 0.
fn octal(field: &[u8]) -> Option<u64> {
    let is_padding = |byte: &u8| matches!(byte, b' ' | 0);
    let digits = field.iter().skip_while(|byte| is_padding(byte));
    let value = digits
        .take_while(|byte| !is_padding(byte))
        .try_fold(0_u64, |value, &byte| {
            let digit = (b'0'..=b'7').contains(&byte).then(|| byte - b'0')?;
            value.checked_mul(8)?.checked_add(u64::from(digit))
        })?;
    i64::try_from(value).is_ok().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_both_notations() {
        let cases: [(&[u8], Option<u64>); 10] = [
            (b"0000644\0", Some(0o644)),
            (b"   644 \0", Some(0o644)),
            (b"777", Some(0o777)),
            (b"\0\0\0", Some(0)),
            (b"      ", Some(0)),
            (b"9", None),
            (b"12x", None),
            (b"\x80\0\0\0\0\0\0\x02\0\0\0\0", Some(2 << 32)),
            (b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", None),
            (b"\x80\0\0\0\x80\0\0\0\0\0\0\0", None),
        ];
        for (field, value) in cases {
            assert_eq!(number(field), value, "{field:?}");
        }
    }
}
