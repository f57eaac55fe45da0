use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use limpid_types::Digest;
use serde_json::{Value, json};

use super::{ArchiveBuilder, ImageBuilder, descriptor, to_bytes};

pub(super) const MANIFEST_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX_TYPE: &str = "application/vnd.oci.image.index.v1+json";

/// An OCI image layout, file by file.
#[derive(Clone, Debug)]
pub struct LayoutBuilder {
    files: BTreeMap<String, Vec<u8>>,
    links: BTreeMap<String, String>,
    entries: Vec<Value>,
}

impl Default for LayoutBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl LayoutBuilder {
    /// Starts a layout without images.
    pub fn new() -> Self {
        let version = br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec();
        Self {
            files: BTreeMap::from([("oci-layout".to_owned(), version)]),
            links: BTreeMap::new(),
            entries: Vec::new(),
        }
    }

    /// Adds an image to `index.json`, once for each of its tags and at least once.
    #[must_use]
    pub fn image(mut self, image: &ImageBuilder) -> Self {
        let entry = self.add_manifest(image);
        if image.tags.is_empty() {
            return self.entry(entry);
        }
        for tag in &image.tags {
            self = self.entry(named(entry.clone(), tag));
        }
        self
    }

    /// Adds an index of images, one for each platform, to `index.json`. Like a builder's, it also
    /// lists an attestation, which is no image.
    #[must_use]
    pub fn index(mut self, tag: &str, images: &[ImageBuilder]) -> Self {
        let mut manifests: Vec<Value> = images
            .iter()
            .map(|image| self.add_manifest(image))
            .collect();
        let mut attestation = descriptor(MANIFEST_TYPE, b"attestation");
        attestation["platform"] = json!({ "os": "unknown", "architecture": "unknown" });
        manifests.push(attestation);
        let entry = self.add_index(&manifests);
        self.entry(named(entry, tag))
    }

    /// Adds an entry to `index.json` as it is.
    #[must_use]
    pub fn entry(mut self, entry: Value) -> Self {
        self.entries.push(entry);
        self
    }

    /// Adds the blob of an index and returns its descriptor.
    pub fn add_index(&mut self, manifests: &[Value]) -> Value {
        let index = json!({ "schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": manifests });
        self.add_blob(INDEX_TYPE, to_bytes(&index))
    }

    /// Adds the blobs of an image and returns the descriptor of its manifest.
    pub fn add_manifest(&mut self, image: &ImageBuilder) -> Value {
        for layer in &image.layers {
            self.add_blob(layer.media_type(), layer.stored.clone());
        }
        self.add_blob("", image.config());
        let mut entry = self.add_blob(MANIFEST_TYPE, image.manifest());
        entry["platform"] = image.platform_json();
        entry
    }

    /// Adds a blob and returns its descriptor.
    pub fn add_blob(&mut self, media_type: &str, bytes: Vec<u8>) -> Value {
        let descriptor = descriptor(media_type, &bytes);
        self.files.insert(blob_name(&Digest::sha256(&bytes)), bytes);
        descriptor
    }

    /// Adds the `manifest.json` that `docker save` puts beside the layout.
    #[must_use]
    pub fn docker_manifest(self, image: &ImageBuilder) -> Self {
        let layers: Vec<String> = image.layer_digests().iter().map(blob_name).collect();
        let manifest = json!([{
            "Config": blob_name(&image.config_digest()),
            "RepoTags": image.tags,
            "Layers": layers,
        }]);
        self.put("manifest.json", &to_bytes(&manifest))
    }

    /// Writes a file over whatever is there.
    #[must_use]
    pub fn put(mut self, name: &str, bytes: &[u8]) -> Self {
        self.files.insert(name.to_owned(), bytes.to_vec());
        self
    }

    /// Writes a blob under a digest that need not be its own.
    #[must_use]
    pub fn put_blob(self, digest: &Digest, bytes: &[u8]) -> Self {
        self.put(&blob_name(digest), bytes)
    }

    /// Removes a blob.
    #[must_use]
    pub fn remove_blob(mut self, digest: &Digest) -> Self {
        self.files.remove(&blob_name(digest));
        self
    }

    /// Makes a blob a symbolic link to anywhere.
    #[must_use]
    pub fn link_blob(mut self, digest: &Digest, target: &str) -> Self {
        self.files.remove(&blob_name(digest));
        self.links.insert(blob_name(digest), target.to_owned());
        self
    }

    /// Makes every blob a symbolic link to a file at the top of the layout.
    #[must_use]
    pub fn link_all_blobs(mut self) -> Self {
        let blobs: Vec<String> = self.files.keys().cloned().collect();
        for name in blobs.iter().filter(|name| name.starts_with("blobs/")) {
            let plain = name.replace('/', "-");
            let bytes = self.files.remove(name).unwrap_or_default();
            self.files.insert(plain.clone(), bytes);
            self.links.insert(name.clone(), format!("../../{plain}"));
        }
        self
    }

    /// Writes the layout into a directory that exists.
    pub fn write_to(&self, directory: &Path) -> io::Result<()> {
        let prepare = |name: &str| -> io::Result<std::path::PathBuf> {
            let path = directory.join(name);
            path.parent().map_or(Ok(()), fs::create_dir_all)?;
            Ok(path)
        };
        for (name, bytes) in self.all_files() {
            fs::write(prepare(&name)?, bytes)?;
        }
        for (name, target) in &self.links {
            std::os::unix::fs::symlink(target, prepare(name)?)?;
        }
        Ok(())
    }

    /// Returns the layout as a tar archive.
    pub fn archive(&self) -> Vec<u8> {
        let mut archive = ArchiveBuilder::new();
        for (name, target) in &self.links {
            archive = archive.symlink(name, target);
        }
        for (name, bytes) in self.all_files() {
            archive = archive.file(&name, &bytes);
        }
        archive.build()
    }

    fn all_files(&self) -> BTreeMap<String, Vec<u8>> {
        let index = json!({
            "schemaVersion": 2,
            "mediaType": INDEX_TYPE,
            "manifests": self.entries,
        });
        let mut files = self.files.clone();
        files
            .entry("index.json".to_owned())
            .or_insert_with(|| to_bytes(&index));
        files
    }
}

fn blob_name(digest: &Digest) -> String {
    format!("blobs/{}/{}", digest.algorithm().name(), digest.hex())
}

fn named(mut entry: Value, tag: &str) -> Value {
    entry["annotations"] = json!({ "org.opencontainers.image.ref.name": tag });
    entry
}
