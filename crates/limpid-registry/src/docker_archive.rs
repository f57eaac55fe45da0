use limpid_layer::Compression;
use limpid_types::Digest;

use crate::document::{ArchivedImage, Config, parse};
use crate::files::Files;
use crate::image::{Expected, Image, LayerBlob, LayerSource, compression_of, layer_media_type};
use crate::{OpenOptions, Scheme, SourceError, image_name};

/// The file that lists the images of a docker-archive.
pub(crate) const MANIFEST: &str = "manifest.json";

/// Opens an image of a docker-archive: the only one, or the one with the tag.
pub(crate) fn open(
    archive: &dyn Files,
    tag: Option<&str>,
    name: String,
    options: &OpenOptions,
) -> Result<Image, SourceError> {
    let limits = &options.limits;
    let images = parse(MANIFEST, &archive.read_named(MANIFEST, limits)?)?;
    let image = choose(archive, images, tag)?;
    if image.layers.len() > limits.layers {
        return Err(SourceError::limit("layers", limits.layers as u64, name));
    }
    let stated = digest_in_name(&image.config);
    let config =
        archive
            .require(&image.config)?
            .read_document(&image.config, stated.as_ref(), limits)?;
    let digest = stated.unwrap_or_else(|| Digest::sha256(&config));
    let config: Config = parse(&image.config, &config)?;
    options.platform.check(config.platform().as_ref())?;
    let diff_ids = config.diff_ids();
    if diff_ids.len() != image.layers.len() {
        let (known, listed) = (diff_ids.len(), image.layers.len());
        let reason = format!("{known} diff_ids for {listed} layers");
        return Err(SourceError::invalid(&image.config, reason));
    }
    let layers = image
        .layers
        .iter()
        .zip(diff_ids)
        .map(|(member, diff_id)| open_layer(archive, member, diff_id))
        .collect::<Result<_, _>>()?;
    Ok(Image {
        scheme: Scheme::DockerArchive,
        name,
        tags: image.repo_tags,
        digest: Some(digest.clone()),
        config_digest: Some(digest),
        platform: config.platform(),
        layers,
    })
}

fn choose(
    archive: &dyn Files,
    images: Vec<ArchivedImage>,
    tag: Option<&str>,
) -> Result<ArchivedImage, SourceError> {
    let names = |images: &[ArchivedImage]| -> Vec<String> {
        let listed = images.iter().flat_map(|image| {
            if image.repo_tags.is_empty() {
                vec![image.config.clone()]
            } else {
                image.repo_tags.clone()
            }
        });
        listed.collect()
    };
    let available = names(&images);
    let mut fitting = match tag {
        None => images,
        // An image without a tag can be chosen by the name of its config.
        Some(tag) => image_name::select(images, tag, |image| {
            let tags = image.repo_tags.iter().map(String::as_str);
            tags.chain([image.config.as_str()]).collect()
        }),
    };
    match (fitting.len(), tag) {
        (1, _) => Ok(fitting.remove(0)),
        (0, Some(tag)) => Err(SourceError::NoSuchImage {
            wanted: tag.to_owned(),
            available,
        }),
        (0, None) => Err(SourceError::Empty {
            image: archive.path().to_owned(),
        }),
        _ => Err(SourceError::Ambiguous {
            available: names(&fitting),
        }),
    }
}

fn open_layer(
    archive: &dyn Files,
    member: &str,
    diff_id: &Digest,
) -> Result<LayerSource, SourceError> {
    let blob = archive.require(member)?;
    let compression = compression_of(&blob)?;
    let received = match compression {
        Compression::None => Some(diff_id.clone()),
        // Only a name in a blob directory is the digest of the bytes: `<hex>.tar.gz` may be that
        // or the diff_id, and `<hex>/layer.tar` is neither.
        _ => member
            .strip_prefix("blobs/")
            .and_then(|blob| blob.replacen('/', ":", 1).parse().ok()),
    };
    Ok(LayerSource::Blob(LayerBlob {
        digest: diff_id.clone(),
        diff_id: Some(diff_id.clone()),
        media_type: layer_media_type(compression),
        expected: Expected {
            received,
            uncompressed: Some(diff_id.clone()),
        },
        blob,
    }))
}

/// Reads the digest that the name of a config states: `<hex>.json`, `sha256:<hex>`, or
/// `blobs/sha256/<hex>`.
fn digest_in_name(name: &str) -> Option<Digest> {
    let last = name.rsplit('/').next()?;
    let last = last.strip_suffix(".json").unwrap_or(last);
    let hex = last.strip_prefix("sha256:").unwrap_or(last);
    format!("sha256:{hex}").parse().ok()
}
