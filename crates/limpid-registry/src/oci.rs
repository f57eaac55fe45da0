//! OCI image layouts, in a directory or in an archive.

mod choose;

use serde::Deserialize;

use self::choose::Chooser;
use crate::document::{Config, Descriptor, Manifest, PlatformParts, kind_of, parse};
use crate::files::Files;
use crate::image::{Expected, Image, LayerBlob, LayerSource};
use crate::media_type::{DocumentKind, is_layer};
use crate::{OpenOptions, Scheme, SourceError, SourceLimits};

/// The file at which reading a layout begins.
pub(crate) const INDEX: &str = "index.json";
/// The file that marks a layout and states its version.
pub(crate) const LAYOUT: &str = "oci-layout";

/// The content of the file `oci-layout`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LayoutVersion {
    image_layout_version: String,
}

/// Opens an image of a layout: the one that the selector and the platform leave.
pub(crate) fn open(
    files: &dyn Files,
    scheme: Scheme,
    selector: Option<&str>,
    name: String,
    options: &OpenOptions,
) -> Result<Image, SourceError> {
    check_version(files, &options.limits)?;
    let chosen = Chooser::new(files, options).choose(selector)?;
    let manifest = read_manifest(files, &chosen.descriptor, &options.limits)?;
    let layers = open_layers(files, &manifest, &name, &options.limits)?;
    let config = read_config(files, &manifest.config, &options.limits)?;
    let stated = chosen.descriptor.platform.as_ref();
    let platform = config
        .platform()
        .or_else(|| stated.and_then(PlatformParts::platform));
    options.platform.check(platform.as_ref())?;
    let layers = with_diff_ids(layers, &config, &manifest.config)?;
    Ok(Image {
        scheme,
        name,
        tags: chosen.names,
        digest: Some(chosen.descriptor.digest),
        config_digest: Some(manifest.config.digest),
        platform,
        layers: layers.into_iter().map(LayerSource::Blob).collect(),
    })
}

/// A layout without a version is read all the same: some writers forget the file.
fn check_version(files: &dyn Files, limits: &SourceLimits) -> Result<(), SourceError> {
    let Some(blob) = files.find(LAYOUT)? else {
        return Ok(());
    };
    let bytes = blob.read_document(LAYOUT, None, limits)?;
    let version = parse::<LayoutVersion>(LAYOUT, &bytes)?.image_layout_version;
    if version.starts_with("1.") {
        return Ok(());
    }
    let reason = format!("layout version {version:?} is not supported");
    Err(SourceError::invalid(LAYOUT, reason))
}

/// Reads a document of a layout and verifies it against its descriptor.
fn read_blob(
    files: &dyn Files,
    descriptor: &Descriptor,
    limits: &SourceLimits,
) -> Result<Vec<u8>, SourceError> {
    let blob = files.require_blob(&descriptor.digest, descriptor.size)?;
    let digest = &descriptor.digest;
    blob.read_document(digest.as_str(), Some(digest), limits)
}

fn read_manifest(
    files: &dyn Files,
    descriptor: &Descriptor,
    limits: &SourceLimits,
) -> Result<Manifest, SourceError> {
    let name = descriptor.digest.as_str();
    let bytes = read_blob(files, descriptor, limits)?;
    match kind_of(name, &descriptor.media_type, &bytes)? {
        DocumentKind::Manifest => parse(name, &bytes),
        DocumentKind::Index => Err(SourceError::invalid(name, "it is an index, not a manifest")),
    }
}

fn read_config(
    files: &dyn Files,
    descriptor: &Descriptor,
    limits: &SourceLimits,
) -> Result<Config, SourceError> {
    let bytes = read_blob(files, descriptor, limits)?;
    parse(descriptor.digest.as_str(), &bytes)
}

fn open_layers(
    files: &dyn Files,
    manifest: &Manifest,
    name: &str,
    limits: &SourceLimits,
) -> Result<Vec<LayerBlob>, SourceError> {
    if manifest.layers.len() > limits.layers {
        return Err(SourceError::limit("layers", limits.layers as u64, name));
    }
    let layers = manifest.layers.iter().map(|descriptor| {
        if !is_layer(&descriptor.media_type) {
            return Err(SourceError::UnsupportedLayer {
                media_type: descriptor.media_type.clone(),
                digest: descriptor.digest.clone(),
            });
        }
        Ok(LayerBlob {
            digest: descriptor.digest.clone(),
            diff_id: None,
            media_type: descriptor.media_type.clone(),
            expected: Expected {
                received: Some(descriptor.digest.clone()),
                uncompressed: None,
            },
            blob: files.require_blob(&descriptor.digest, descriptor.size)?,
        })
    });
    layers.collect()
}

/// Adds what the config knows about the layers, which may be nothing.
fn with_diff_ids(
    mut layers: Vec<LayerBlob>,
    config: &Config,
    descriptor: &Descriptor,
) -> Result<Vec<LayerBlob>, SourceError> {
    let diff_ids = config.diff_ids();
    if !diff_ids.is_empty() && diff_ids.len() != layers.len() {
        let reason = format!("{} diff_ids for {} layers", diff_ids.len(), layers.len());
        return Err(SourceError::invalid(descriptor.digest.as_str(), reason));
    }
    for (layer, diff_id) in layers.iter_mut().zip(diff_ids) {
        layer.diff_id = Some(diff_id.clone());
        layer.expected.uncompressed = Some(diff_id.clone());
    }
    Ok(layers)
}
