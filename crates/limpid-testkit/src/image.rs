//! Builds images from layer archives: OCI layouts, OCI archives and docker-archives.
//!
//! [`ImageBuilder`] makes one image. [`LayoutBuilder`] puts images into an OCI layout, lets a test
//! spoil files of it, and writes it as a directory or as an archive.

mod archive;
mod layout;

use std::io::Write as _;

use limpid_types::Digest;
use serde_json::{Value, json};

pub use self::archive::{ArchiveBuilder, ArchiveMember};
pub use self::layout::LayoutBuilder;

/// How a layer is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// As it is.
    Plain,
    /// Compressed with gzip.
    Gzip,
    /// Compressed with zstd.
    Zstd,
}

/// One image: layers, a platform and tags.
#[derive(Clone, Debug)]
pub struct ImageBuilder {
    layers: Vec<BuiltLayer>,
    platform: Vec<String>,
    tags: Vec<String>,
}

#[derive(Clone, Debug)]
struct BuiltLayer {
    tar: Vec<u8>,
    stored: Vec<u8>,
    packing: Packing,
}

impl Default for ImageBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl ImageBuilder {
    /// Starts an image for `linux/amd64` without layers and tags.
    pub fn new() -> Self {
        Self {
            layers: Vec::new(),
            platform: vec!["linux".to_owned(), "amd64".to_owned()],
            tags: Vec::new(),
        }
    }

    /// Adds a layer on top, given as an uncompressed tar archive.
    #[must_use]
    pub fn layer(mut self, tar: impl Into<Vec<u8>>, packing: Packing) -> Self {
        let tar = tar.into();
        self.layers.push(BuiltLayer {
            stored: pack(&tar, packing),
            tar,
            packing,
        });
        self
    }

    /// Sets the platform, as `os/architecture[/variant]`.
    #[must_use]
    pub fn platform(mut self, platform: &str) -> Self {
        self.platform = platform.split('/').map(str::to_owned).collect();
        self
    }

    /// Adds a tag, as `repository:tag`.
    #[must_use]
    pub fn tag(mut self, tag: &str) -> Self {
        self.tags.push(tag.to_owned());
        self
    }

    /// Returns the digest of the config, which is Docker's image ID.
    pub fn config_digest(&self) -> Digest {
        Digest::sha256(&self.config())
    }

    /// Returns the digest of the OCI manifest.
    pub fn manifest_digest(&self) -> Digest {
        Digest::sha256(&self.manifest())
    }

    /// Returns the digests of the layers as stored, base first.
    pub fn layer_digests(&self) -> Vec<Digest> {
        let digest = |layer: &BuiltLayer| Digest::sha256(&layer.stored);
        self.layers.iter().map(digest).collect()
    }

    /// Returns the digests of the uncompressed layers, base first.
    pub fn diff_ids(&self) -> Vec<Digest> {
        let digest = |layer: &BuiltLayer| Digest::sha256(&layer.tar);
        self.layers.iter().map(digest).collect()
    }

    /// Returns the config document.
    pub fn config(&self) -> Vec<u8> {
        let mut config = self.platform_json();
        config["rootfs"] = json!({ "type": "layers", "diff_ids": self.diff_ids() });
        to_bytes(&config)
    }

    /// Returns the OCI manifest document.
    pub fn manifest(&self) -> Vec<u8> {
        let config = self.config();
        let layers: Vec<Value> = self
            .layers
            .iter()
            .map(|layer| descriptor(layer.media_type(), &layer.stored))
            .collect();
        to_bytes(&json!({
            "schemaVersion": 2,
            "mediaType": layout::MANIFEST_TYPE,
            "config": descriptor("application/vnd.oci.image.config.v1+json", &config),
            "layers": layers,
        }))
    }

    /// Writes what `docker save` writes since version 25: an OCI layout with a `manifest.json`.
    pub fn docker_archive(&self) -> Vec<u8> {
        LayoutBuilder::new()
            .image(self)
            .docker_manifest(self)
            .archive()
    }

    /// Writes what `docker save` wrote before version 25: `ID/layer.tar` and `HEX.json`. A layer
    /// that repeats an earlier one is a symbolic link to it.
    pub fn legacy_docker_archive(&self) -> Vec<u8> {
        let config = format!("{}.json", self.config_digest().hex());
        let mut archive = ArchiveBuilder::new();
        let mut names: Vec<String> = Vec::new();
        for (number, layer) in self.layers.iter().enumerate() {
            let id = Digest::sha256(format!("{number} {:?}", self.diff_ids()).as_bytes());
            let name = format!("{}/layer.tar", id.hex());
            let earlier = self
                .layers
                .iter()
                .take(number)
                .position(|it| it.tar == layer.tar);
            archive = match earlier.and_then(|number| names.get(number)) {
                Some(earlier) => archive.symlink(&name, &format!("../{earlier}")),
                None => archive.file(&name, &layer.stored),
            };
            names.push(name);
        }
        let manifest = json!([{ "Config": config, "RepoTags": self.tags, "Layers": names }]);
        archive
            .file(&config, &self.config())
            .file("manifest.json", &to_bytes(&manifest))
            .build()
    }

    fn platform_json(&self) -> Value {
        let keys = ["os", "architecture", "variant"];
        let parts = keys.into_iter().zip(&self.platform);
        parts
            .map(|(key, part)| (key.to_owned(), part.as_str()))
            .collect()
    }
}

impl BuiltLayer {
    fn media_type(&self) -> &'static str {
        match self.packing {
            Packing::Plain => "application/vnd.oci.image.layer.v1.tar",
            Packing::Gzip => "application/vnd.oci.image.layer.v1.tar+gzip",
            Packing::Zstd => "application/vnd.oci.image.layer.v1.tar+zstd",
        }
    }
}

/// Compresses bytes.
///
/// # Panics
///
/// Panics when a compressor fails, which writing to memory never makes it do.
pub fn pack(bytes: &[u8], packing: Packing) -> Vec<u8> {
    let in_memory = "writing to memory cannot fail";
    match packing {
        Packing::Plain => bytes.to_vec(),
        Packing::Gzip => {
            let mut encoder =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(bytes).expect(in_memory);
            encoder.finish().expect(in_memory)
        }
        Packing::Zstd => zstd::encode_all(bytes, 1).expect(in_memory),
    }
}

fn to_bytes(document: &Value) -> Vec<u8> {
    document.to_string().into_bytes()
}

fn descriptor(media_type: &str, blob: &[u8]) -> Value {
    json!({ "mediaType": media_type, "digest": Digest::sha256(blob), "size": blob.len() })
}
