//! Builds layers: tar archives of every dialect, odd ones included, and their compression.

mod compress;
mod header;

use std::fmt::Write as _;

pub use self::compress::{bzip2, gzip, xz, zstd, zstd_with_window};
pub use self::header::{Dialect, HeaderBlock};

/// Builds a tar archive entry by entry.
///
/// Long names become PAX records, unless an entry is written with [`LayerBuilder::gnu_long`].
///
/// ```
/// use limpid_testkit::layer::{LayerBuilder, gzip};
/// let layer = gzip(&LayerBuilder::new().file("etc/os-release", "ID=debian\n").build());
/// ```
#[derive(Clone, Debug)]
pub struct LayerBuilder {
    bytes: Vec<u8>,
    dialect: Dialect,
}

impl Default for LayerBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl LayerBuilder {
    /// Starts an empty archive in the ustar dialect.
    pub fn new() -> Self {
        Self::in_dialect(Dialect::Ustar)
    }

    /// Starts an empty archive in a dialect.
    pub fn in_dialect(dialect: Dialect) -> Self {
        Self {
            bytes: Vec::new(),
            dialect,
        }
    }

    /// Adds a regular file with mode 0644.
    #[must_use]
    pub fn file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        self.file_with_mode(path, 0o644, content)
    }

    /// Adds a regular file.
    #[must_use]
    pub fn file_with_mode(self, path: &str, mode: u32, content: impl AsRef<[u8]>) -> Self {
        let content = content.as_ref();
        let header = HeaderBlock::new(b'0').mode(mode).size(content.len() as u64);
        self.entry(header, path, "").data(content)
    }

    /// Adds a directory.
    #[must_use]
    pub fn directory(self, path: &str) -> Self {
        self.entry(HeaderBlock::new(b'5').mode(0o755), path, "")
    }

    /// Adds a symbolic link.
    #[must_use]
    pub fn symlink(self, path: &str, target: &str) -> Self {
        self.entry(HeaderBlock::new(b'2').mode(0o777), path, target)
    }

    /// Adds a second name for a file.
    #[must_use]
    pub fn hard_link(self, path: &str, target: &str) -> Self {
        self.entry(HeaderBlock::new(b'1'), path, target)
    }

    /// Adds the mark that a path of a lower layer is gone.
    #[must_use]
    pub fn whiteout(self, path: &str) -> Self {
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
        let separator = if parent.is_empty() { "" } else { "/" };
        self.file(&format!("{parent}{separator}.wh.{name}"), "")
    }

    /// Adds the mark that everything in a directory of lower layers is gone.
    #[must_use]
    pub fn opaque(self, directory: &str) -> Self {
        let directory = directory.trim_end_matches('/');
        self.file(&format!("{directory}/.wh..wh..opq"), "")
    }

    /// Adds a PAX extended header, whose records hold for the next entry.
    #[must_use]
    pub fn pax(self, records: &[(&str, &str)]) -> Self {
        let mut text = String::new();
        for (key, value) in records {
            text.push_str(&pax_record(key, value));
        }
        self.extension(b'x', text.as_bytes())
    }

    /// Adds a GNU long name header, which holds for the next entry.
    #[must_use]
    pub fn gnu_long(self, name: &str) -> Self {
        self.extension(b'L', &[name.as_bytes(), b"\0"].concat())
    }

    /// Adds a GNU long link header, which holds for the next entry.
    #[must_use]
    pub fn gnu_long_link(self, target: &str) -> Self {
        self.extension(b'K', &[target.as_bytes(), b"\0"].concat())
    }

    /// Adds a header of an extension type and its data.
    #[must_use]
    pub fn extension(self, kind: u8, data: &[u8]) -> Self {
        let header = HeaderBlock::new(kind).size(data.len() as u64);
        let header = header.name(b"extension").dialect(self.dialect);
        self.header(&header).data(data)
    }

    /// Adds a header as it is, its checksum filled in.
    #[must_use]
    pub fn header(self, header: &HeaderBlock) -> Self {
        self.raw(&header.bytes())
    }

    /// Adds data, padded to whole blocks.
    #[must_use]
    pub fn data(mut self, data: &[u8]) -> Self {
        self.bytes.extend_from_slice(data);
        let padded = self.bytes.len().next_multiple_of(512);
        self.bytes.resize(padded, 0);
        self
    }

    /// Adds bytes as they are.
    #[must_use]
    pub fn raw(mut self, bytes: &[u8]) -> Self {
        self.bytes.extend_from_slice(bytes);
        self
    }

    /// Returns how many bytes the archive has so far: the offset of the next header.
    pub fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// Tells whether nothing was added yet.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Ends the archive with two blocks of zeros.
    pub fn build(self) -> Vec<u8> {
        self.raw(&[0; 1024]).bytes
    }

    /// Returns the archive without an end mark.
    pub fn build_without_end(self) -> Vec<u8> {
        self.bytes
    }

    fn entry(self, header: HeaderBlock, path: &str, target: &str) -> Self {
        let mut records = Vec::new();
        if path.len() > 100 {
            records.push(("path", path));
        }
        if target.len() > 100 {
            records.push(("linkpath", target));
        }
        let this = if records.is_empty() {
            self
        } else {
            self.pax(&records)
        };
        let header = header.name(path.as_bytes()).link(target.as_bytes());
        let header = header.dialect(this.dialect);
        this.header(&header)
    }
}

/// Returns a PAX record, whose length counts itself.
fn pax_record(key: &str, value: &str) -> String {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + 1;
    while length != rest + length.to_string().len() {
        length = rest + length.to_string().len();
    }
    let mut record = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(record, "{length} {key}={value}");
    record
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_counts_its_own_length() {
        assert_eq!(pax_record("path", "a"), "9 path=a\n");
        assert_eq!(pax_record("path", "ab"), "11 path=ab\n");
        assert_eq!(pax_record("path", &"a".repeat(90)).len(), 99);
        // A record of 100 bytes cannot be: its length takes one digit more than that of 99.
        assert_eq!(pax_record("path", &"a".repeat(91)).len(), 101);
    }
}
