use std::collections::BTreeMap;

use limpid_types::Digest;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::media_type::{DocumentKind, document_kind};
use crate::{Platform, SourceError};

/// A pointer from one document to another blob.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Descriptor {
    #[serde(default)]
    pub(crate) media_type: String,
    pub(crate) digest: Digest,
    pub(crate) size: u64,
    pub(crate) platform: Option<PlatformParts>,
    pub(crate) artifact_type: Option<String>,
    #[serde(default, deserialize_with = "null_as_default")]
    pub(crate) annotations: BTreeMap<String, String>,
}

/// The platform as a descriptor states it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct PlatformParts {
    os: String,
    architecture: String,
    variant: Option<String>,
}

impl PlatformParts {
    /// Returns the platform, if one is stated.
    pub(crate) fn platform(&self) -> Option<Platform> {
        platform(&self.os, &self.architecture, self.variant.as_deref())
    }

    /// Tells whether this is how builders mark what is no image, such as an attestation.
    pub(crate) fn is_unknown(&self) -> bool {
        self.os == "unknown" && self.architecture == "unknown"
    }
}

fn platform(os: &str, architecture: &str, variant: Option<&str>) -> Option<Platform> {
    let stated = !os.is_empty() && !architecture.is_empty();
    stated.then(|| Platform::new(os, architecture, variant))
}

/// An index of images: OCI's, or Docker's manifest list.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Index {
    #[serde(default, deserialize_with = "null_as_default")]
    pub(crate) manifests: Vec<Descriptor>,
}

/// An image manifest: its config and its layers, base first.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) config: Descriptor,
    #[serde(default, deserialize_with = "null_as_default")]
    pub(crate) layers: Vec<Descriptor>,
}

/// The part of an image's config that matters here.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Config {
    #[serde(deserialize_with = "null_as_default")]
    os: String,
    #[serde(deserialize_with = "null_as_default")]
    architecture: String,
    variant: Option<String>,
    #[serde(deserialize_with = "null_as_default")]
    rootfs: RootFileSystem,
}

impl Config {
    /// Returns the platform that the image was built for, if it is stated.
    pub(crate) fn platform(&self) -> Option<Platform> {
        platform(&self.os, &self.architecture, self.variant.as_deref())
    }

    /// Returns the digests of the uncompressed layers, base first.
    pub(crate) fn diff_ids(&self) -> &[Digest] {
        &self.rootfs.diff_ids
    }
}

/// The layers as the config knows them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct RootFileSystem {
    #[serde(deserialize_with = "null_as_default")]
    diff_ids: Vec<Digest>,
}

/// One image of a docker-archive's `manifest.json`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ArchivedImage {
    pub(crate) config: String,
    #[serde(default, deserialize_with = "null_as_default")]
    pub(crate) repo_tags: Vec<String>,
    #[serde(default, deserialize_with = "null_as_default")]
    pub(crate) layers: Vec<String>,
}

/// The fields that tell one kind of document from another.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Outline {
    schema_version: Option<u64>,
    #[serde(default, deserialize_with = "null_as_default")]
    media_type: String,
    manifests: Option<serde::de::IgnoredAny>,
    layers: Option<serde::de::IgnoredAny>,
    config: Option<serde::de::IgnoredAny>,
}

/// Go programs write empty lists and maps as `null`.
fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Reads a document, whose name is only for messages.
pub(crate) fn parse<T: DeserializeOwned>(name: &str, bytes: &[u8]) -> Result<T, SourceError> {
    serde_json::from_slice(bytes).map_err(|source| SourceError::Json {
        document: name.to_owned(),
        source,
    })
}

/// Tells what a document is, by its descriptor's media type, its own, and its fields.
///
/// All three must agree: a document that one reader takes for an index and another for a manifest
/// would let its author show each of them a different image.
pub(crate) fn kind_of(
    name: &str,
    described: &str,
    bytes: &[u8],
) -> Result<DocumentKind, SourceError> {
    let outline: Outline = parse(name, bytes)?;
    let unsupported = |media_type: &str| SourceError::UnsupportedManifest {
        media_type: media_type.to_owned(),
    };
    if outline.schema_version == Some(1) {
        return Err(unsupported("docker image manifest, schema version 1"));
    }
    let own = outline.media_type.as_str();
    if !described.is_empty() && !own.is_empty() && described != own {
        let reason = format!("it says {own:?} and its descriptor says {described:?}");
        return Err(SourceError::invalid(name, reason));
    }
    let has_layers = outline.layers.is_some() || outline.config.is_some();
    let looks = match (outline.manifests.is_some(), has_layers) {
        (true, false) => Some(DocumentKind::Index),
        (false, true) => Some(DocumentKind::Manifest),
        (true, true) => {
            let reason = "it is both an index and a manifest";
            return Err(SourceError::invalid(name, reason));
        }
        (false, false) => None,
    };
    let stated = if own.is_empty() { described } else { own };
    let kind = if stated.is_empty() {
        looks
    } else {
        Some(document_kind(stated).ok_or_else(|| unsupported(stated))?)
    };
    match (kind, looks) {
        (Some(kind), Some(looks)) if kind == looks => Ok(kind),
        (Some(_), _) => {
            let reason = format!("its fields are not those of {stated:?}");
            Err(SourceError::invalid(name, reason))
        }
        (None, _) => Err(SourceError::invalid(
            name,
            "it is neither an index nor a manifest",
        )),
    }
}
