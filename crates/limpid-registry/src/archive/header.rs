//! One header block of a tar archive.
//!
//! | Offset | Length | Field |
//! |---:|---:|---|
//! | 0 | 100 | name |
//! | 124 | 12 | size, octal text or base 256 |
//! | 148 | 8 | checksum, octal: the sum of all bytes with this field as spaces |
//! | 156 | 1 | type |
//! | 157 | 100 | link target |
//! | 257 | 8 | magic: `ustar\0` + `00` (POSIX) or `ustar  \0` (GNU) |
//! | 345 | 155 | prefix of the name (POSIX only) |
//! | 482 | 1 | GNU sparse: more map blocks follow |

/// The size of a header and the unit to which contents are padded.
pub(super) const BLOCK: usize = 512;

/// A header block whose checksum is right.
pub(super) struct Header<'a>(&'a [u8; BLOCK]);

impl<'a> Header<'a> {
    /// Takes a block as a header; `None` when its checksum is wrong.
    pub(super) fn parse(block: &'a [u8; BLOCK]) -> Option<Self> {
        let header = Self(block);
        let stored = number(header.field(148, 8))?;
        let others = || {
            let (before, after) = (header.field(0, 148), header.field(156, 356));
            before.iter().chain(after).copied()
        };
        let spaces = 8 * u64::from(b' ');
        let unsigned = others().map(u64::from).sum::<u64>() + spaces;
        // Some ancient writers summed signed bytes.
        let signed = others()
            .map(|byte| i64::from(byte.cast_signed()))
            .sum::<i64>()
            + spaces.cast_signed();
        (stored == unsigned || i64::try_from(stored) == Ok(signed)).then_some(header)
    }

    fn field(&self, at: usize, length: usize) -> &'a [u8] {
        self.0.get(at..at + length).unwrap_or_default()
    }

    /// Returns the size of the content as this block states it.
    pub(super) fn size(&self) -> Option<u64> {
        number(self.field(124, 12))
    }

    pub(super) fn kind(&self) -> u8 {
        self.0[156]
    }

    pub(super) fn name(&self) -> Vec<u8> {
        let name = text(self.field(0, 100));
        let prefix = text(self.field(345, 155));
        if self.field(257, 6) == b"ustar\0" && !prefix.is_empty() {
            return [prefix, b"/", name].concat();
        }
        name.to_vec()
    }

    pub(super) fn link(&self) -> Vec<u8> {
        text(self.field(157, 100)).to_vec()
    }

    /// Tells whether blocks with more of a GNU sparse map follow this header.
    pub(super) fn sparse_map_continues(&self) -> bool {
        self.0[482] != 0
    }
}

fn text(field: &[u8]) -> &[u8] {
    field.split(|&byte| byte == 0).next().unwrap_or_default()
}

/// Reads a number: octal digits among blanks, or base 256 when the first bit is set. A negative
/// number is none.
fn number(field: &[u8]) -> Option<u64> {
    let (&first, rest) = field.split_first()?;
    if first & 0x80 != 0 {
        return std::iter::once(first & 0x7f)
            .chain(rest.iter().copied())
            .try_fold(0_u64, |value, byte| {
                Some(value.checked_mul(256)? | u64::from(byte))
            });
    }
    let digits = text(field).trim_ascii();
    digits.iter().try_fold(0_u64, |value, byte| match byte {
        b'0'..=b'7' => value.checked_mul(8)?.checked_add(u64::from(byte - b'0')),
        _ => None,
    })
}

/// The extended header records that matter here.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Extension {
    pub(super) name: Option<Vec<u8>>,
    pub(super) link: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    /// The content is not the file but a map and pieces of it.
    pub(super) sparse: bool,
}

impl Extension {
    /// Reads pax records, `LENGTH KEY=VALUE\n` each, over what is known already; tells whether
    /// they are well-formed.
    #[must_use]
    pub(super) fn read_pax(&mut self, mut records: &[u8]) -> bool {
        while !records.is_empty() {
            let Some((record, rest)) = split_record(records) else {
                return false;
            };
            let Some(equals) = record.iter().position(|&byte| byte == b'=') else {
                return false;
            };
            let (key, value) = (&record[..equals], &record[equals + 1..]);
            match key {
                b"path" => self.name = Some(value.to_vec()),
                b"linkpath" => self.link = Some(value.to_vec()),
                b"size" => match decimal(value) {
                    Some(size) => self.size = Some(size),
                    None => return false,
                },
                key if key.starts_with(b"GNU.sparse.") => self.sparse = true,
                _ => {}
            }
            records = rest;
        }
        true
    }
}

/// Splits the first record off; its length counts itself, the blank and the line end.
fn split_record(records: &[u8]) -> Option<(&[u8], &[u8])> {
    let blank = records.iter().take(20).position(|&byte| byte == b' ')?;
    let length = usize::try_from(decimal(records.get(..blank)?)?).ok()?;
    let record = records.get(blank + 1..length)?;
    let rest = records.get(length..)?;
    Some((record.strip_suffix(b"\n")?, rest))
}

fn decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_octal_or_base_256() {
        assert_eq!(number(b"0000644\0"), Some(0o644));
        assert_eq!(number(b"   12 \0\0"), Some(0o12));
        assert_eq!(number(b"\0\0\0"), Some(0));
        assert_eq!(number(b"\x80\0\0\0\x02\0\0\0\0"), Some(0x2_0000_0000));
        assert_eq!(
            number(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
            None
        );
        assert_eq!(number(b"12x4"), None);
    }

    #[test]
    fn pax_records_override_and_malformed_ones_are_refused() {
        let mut extension = Extension::default();
        assert!(extension.read_pax(b"12 path=a/b\n10 size=7\n"));
        assert_eq!(extension.name.as_deref(), Some(&b"a/b"[..]));
        assert_eq!(extension.size, Some(7));
        for records in [
            &b"x path=a\n"[..],
            b"99 path=a\n",
            b"8 path=a\n",
            b"11 size=-7\n",
            b"8 path\n\n",
            b"0 \n",
        ] {
            assert!(!Extension::default().read_pax(records), "{records:?}");
        }
    }
}
