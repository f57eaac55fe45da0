//! Writes rpm databases in rpm's three formats, real enough for rpm itself to read them.
//!
//! [`write_sqlite`], [`write_ndb`] and [`write_bdb`] take packages; their `_headers` twins take
//! ready-made headers, broken ones too, which [`HeaderWriter`] makes.

mod bdb;
mod header;
mod ndb;
mod sqlite;

pub use bdb::{ByteOrder, write_bdb, write_bdb_headers};
pub use header::{HeaderValue, HeaderWriter};
pub use ndb::{write_ndb, write_ndb_headers};
pub use sqlite::{write_sqlite, write_sqlite_headers, write_sqlite_with_log};

/// One installed package; empty texts and lists are left out of its header.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RpmPackage {
    /// Name.
    pub name: String,
    /// Epoch.
    pub epoch: Option<u32>,
    /// Version.
    pub version: String,
    /// Release.
    pub release: String,
    /// Architecture.
    pub arch: String,
    /// File name of the source package.
    pub source_rpm: String,
    /// Vendor.
    pub vendor: String,
    /// Packager.
    pub packager: String,
    /// Modularity label.
    pub module: String,
    /// SHA-256 of the payload, in hex.
    pub payload_sha256: String,
    /// Id of the key that signed the header; the signature is otherwise made up.
    pub signature_key: Option<[u8; 8]>,
    /// Paths of the package's files, with leading slash.
    pub files: Vec<String>,
}

impl RpmPackage {
    /// Makes a package with what every package has, built from a source package of its own name.
    pub fn new(name: &str, version: &str, release: &str, arch: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            release: release.to_owned(),
            arch: arch.to_owned(),
            source_rpm: format!("{name}-{version}-{release}.src.rpm"),
            ..Self::default()
        }
    }

    /// Returns the package's header as it stands in a database.
    pub fn header(&self) -> Vec<u8> {
        let mut header = HeaderWriter::default();
        let texts = [
            (1000, &self.name),
            (1001, &self.version),
            (1002, &self.release),
            (1011, &self.vendor),
            (1015, &self.packager),
            (1022, &self.arch),
            (1044, &self.source_rpm),
            (5096, &self.module),
        ];
        for (tag, text) in texts {
            if !text.is_empty() {
                header = header.with(tag, HeaderValue::Text(text.clone()));
            }
        }
        if let Some(epoch) = self.epoch {
            header = header.with(1003, HeaderValue::Numbers(vec![epoch]));
        }
        if !self.payload_sha256.is_empty() {
            let digest = vec![self.payload_sha256.clone()];
            header = header
                .with(5092, HeaderValue::Texts(digest))
                .with(5093, HeaderValue::Numbers(vec![8]));
        }
        if let Some(key) = self.signature_key {
            header = header.with(268, HeaderValue::Binary(signature(key)));
        }
        self.with_files(header).write()
    }

    fn with_files(&self, header: HeaderWriter) -> HeaderWriter {
        if self.files.is_empty() {
            return header;
        }
        let mut directories: Vec<String> = Vec::new();
        let mut numbers = Vec::new();
        let mut names = Vec::new();
        for path in &self.files {
            let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
            let directory = format!("{directory}/");
            let number = directories.iter().position(|known| *known == directory);
            let number = number.unwrap_or_else(|| {
                directories.push(directory);
                directories.len() - 1
            });
            numbers.push(u32::try_from(number).unwrap_or(u32::MAX));
            names.push(name.to_owned());
        }
        header
            .with(1116, HeaderValue::Numbers(numbers))
            .with(1117, HeaderValue::Texts(names))
            .with(1118, HeaderValue::Texts(directories))
    }
}

/// Makes an `OpenPGP` signature packet of version 3, which names its key and signs nothing.
fn signature(key: [u8; 8]) -> Vec<u8> {
    let body = [&[3, 5, 0, 0, 0, 0, 0][..], &key, &[1, 8, 0, 0, 0, 8, 1]].concat();
    let mut packet = vec![0x88, u8::try_from(body.len()).unwrap_or(u8::MAX)];
    packet.extend(body);
    packet
}
