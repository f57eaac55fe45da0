use std::fmt;

/// How a stream is compressed.
///
/// | first bytes | compression |
/// |---|---|
/// | `1f 8b` | gzip |
/// | `28 b5 2f fd`, or `50`..`5f` `2a 4d 18` (a skippable frame) | zstd |
/// | `fd 37 7a 58 5a 00` | xz |
/// | `BZh` `1`..`9`, then `31 41 59 26 53 59` or `17 72 45 38 50 90` | bzip2 |
/// | anything else, also nothing | none |
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Compression {
    /// Not compressed.
    None,
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
    /// The `.xz` format.
    Xz,
    /// The `.bz2` format.
    Bzip2,
}

impl Compression {
    /// Recognises the compression by the first bytes of a stream, of which ten are enough.
    pub fn detect(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Xz,
            [b'B', b'Z', b'h', b'1'..=b'9', rest @ ..]
                if rest.starts_with(&[0x31, 0x41, 0x59, 0x26, 0x53, 0x59])
                    || rest.starts_with(&[0x17, 0x72, 0x45, 0x38, 0x50, 0x90]) =>
            {
                Self::Bzip2
            }
            _ => Self::None,
        }
    }

    /// Returns the name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "uncompressed",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Xz => "xz",
            Self::Bzip2 => "bzip2",
        }
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_tell_the_compression() {
        let cases: [(&[u8], Compression); 9] = [
            (b"", Compression::None),
            (b"\x1f", Compression::None),
            (b"\x1f\x8b\x08", Compression::Gzip),
            (b"\x28\xb5\x2f\xfd", Compression::Zstd),
            (b"\x5a\x2a\x4d\x18", Compression::Zstd),
            (b"\xfd7zXZ\0", Compression::Xz),
            (b"BZh91AY&SY", Compression::Bzip2),
            (b"BZh9 is a file name", Compression::None),
            (b"etc/passwd\0", Compression::None),
        ];
        for (head, compression) in cases {
            assert_eq!(Compression::detect(head), compression, "{head:?}");
        }
    }
}
