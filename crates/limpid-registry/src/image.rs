use std::io::Read;
use std::path::PathBuf;

use limpid_layer::Compression;
use limpid_types::Digest;

use crate::blob::Blob;
use crate::{Platform, Scheme, SourceError};

/// An image whose documents were read and verified, and whose layers can be opened.
#[derive(Clone, Debug)]
pub struct Image {
    /// How the source was read; for a bare path, what its content turned out to be.
    pub scheme: Scheme,
    /// The references that were opened, as they were given.
    pub name: String,
    /// Names that the source itself gives the image.
    pub tags: Vec<String>,
    /// The identity of the image, by which its index report is kept.
    ///
    /// For OCI it is the digest of the image manifest, for a docker-archive that of the config
    /// (Docker's image ID), for layer files that of the JSON array of their digests. A directory
    /// has none in advance.
    pub digest: Option<Digest>,
    /// The digest of the config, where there is one.
    pub config_digest: Option<Digest>,
    /// The platform that the image says it is for.
    pub platform: Option<Platform>,
    /// The layers, base first.
    pub layers: Vec<LayerSource>,
}

/// Where one layer comes from.
#[derive(Clone, Debug)]
pub enum LayerSource {
    /// A tar archive, possibly compressed.
    Blob(LayerBlob),
    /// A directory that holds the files as they are.
    Directory(PathBuf),
}

/// A layer as a tar archive that can be opened any number of times.
#[derive(Clone, Debug)]
pub struct LayerBlob {
    /// The key under which evidence about this layer is kept: of an OCI layer and of a layer file
    /// the digest of the bytes as stored, of a layer in a docker-archive the `diff_id`.
    pub digest: Digest,
    /// The digest of the uncompressed archive, where the image states it.
    pub diff_id: Option<Digest>,
    /// The media type, as stated or else as the first bytes show it.
    pub media_type: String,
    /// What the bytes must turn out to be.
    pub expected: Expected,
    pub(crate) blob: Blob,
}

/// The digests that a reader of a layer has to verify.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// Digest of the bytes as stored.
    pub received: Option<Digest>,
    /// Digest of the bytes after decompression.
    pub uncompressed: Option<Digest>,
}

impl LayerBlob {
    /// Returns the size of the bytes as stored.
    pub fn size(&self) -> u64 {
        self.blob.size()
    }

    /// Opens the bytes as stored for one pass. Nothing is verified here.
    pub fn open(&self) -> Result<Box<dyn Read + Send>, SourceError> {
        Ok(Box::new(self.blob.open()?))
    }
}

/// Returns the compression of a layer whose source does not state one, by its first bytes.
pub(crate) fn compression_of(blob: &Blob) -> Result<Compression, SourceError> {
    Ok(Compression::detect(&blob.prefix(16)?))
}

/// Returns the media type of a layer with this compression. Those of xz and bzip2 are in nobody's
/// list, but say what is there.
pub(crate) fn layer_media_type(compression: Compression) -> String {
    let tar = "application/vnd.oci.image.layer.v1.tar";
    match compression {
        Compression::None => tar.to_owned(),
        other => format!("{tar}+{}", other.name()),
    }
}
