/// Which magic a header has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// None, as before 1988.
    V7,
    /// POSIX, also with PAX extensions.
    Ustar,
    /// GNU.
    Gnu,
}

/// One header block, filled field by field.
#[derive(Clone, Debug)]
pub struct HeaderBlock([u8; 512]);

impl HeaderBlock {
    /// Starts a ustar header of a type, with mode 0644 and size 0.
    pub fn new(kind: u8) -> Self {
        let mut block = [0; 512];
        block[156] = kind;
        block[108..115].copy_from_slice(b"0000000");
        block[116..123].copy_from_slice(b"0000000");
        block[136..147].copy_from_slice(b"00000000000");
        Self(block).mode(0o644).size(0).dialect(Dialect::Ustar)
    }

    /// Sets the magic.
    #[must_use]
    pub fn dialect(self, dialect: Dialect) -> Self {
        self.field(
            257,
            match dialect {
                Dialect::V7 => &[0; 8],
                Dialect::Ustar => b"ustar\x0000",
                Dialect::Gnu => b"ustar  \0",
            },
        )
    }

    /// Sets the name, cut to its field.
    #[must_use]
    pub fn name(self, name: &[u8]) -> Self {
        self.field(0, &name[..name.len().min(100)])
    }

    /// Sets the target of a link, cut to its field.
    #[must_use]
    pub fn link(self, target: &[u8]) -> Self {
        self.field(157, &target[..target.len().min(100)])
    }

    /// Sets the first part of a ustar name.
    #[must_use]
    pub fn prefix(self, prefix: &[u8]) -> Self {
        self.field(345, prefix)
    }

    /// Sets the permission bits.
    #[must_use]
    pub fn mode(self, mode: u32) -> Self {
        self.field(100, format!("{mode:07o}").as_bytes())
    }

    /// Sets the size, in base 256 when it has no room in octal digits.
    #[must_use]
    pub fn size(self, size: u64) -> Self {
        self.number(124, size)
    }

    /// Sets a number of 12 bytes, in base 256 when it has no room in octal digits.
    #[must_use]
    pub fn number(self, at: usize, number: u64) -> Self {
        if number < 1 << 33 {
            return self.field(at, format!("{number:011o}").as_bytes());
        }
        let mut field = [0; 12];
        field[0] = 0x80;
        field[4..].copy_from_slice(&number.to_be_bytes());
        self.field(at, &field)
    }

    /// Sets some bytes.
    #[must_use]
    pub fn field(mut self, at: usize, bytes: &[u8]) -> Self {
        self.0[at..at + bytes.len()].copy_from_slice(bytes);
        self
    }

    /// Returns the block with its checksum.
    pub fn bytes(&self) -> [u8; 512] {
        self.with_checksum(i64::from)
    }

    /// Returns the block with a checksum over signed bytes, as some old systems wrote it.
    pub fn bytes_with_signed_checksum(&self) -> [u8; 512] {
        self.with_checksum(|byte| i64::from(byte.cast_signed()))
    }

    fn with_checksum(&self, value: impl Fn(u8) -> i64) -> [u8; 512] {
        let mut block = self.0;
        block[148..156].fill(b' ');
        let sum: i64 = block.iter().map(|&byte| value(byte)).sum();
        block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        block
    }
}
