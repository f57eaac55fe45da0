use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use limpid_types::{Algorithm, Digest, Hasher};

use crate::blob::{Blob, SliceReader, open_regular};
use crate::image::{Expected, Image, LayerBlob, LayerSource, compression_of, layer_media_type};
use crate::{Scheme, SourceError, SourceLimits};

/// Makes one image of layer files, base first.
///
/// Each file is read once for its digest, because that is the key to what is known about it.
pub(crate) fn open(
    paths: &[&Path],
    name: String,
    limits: &SourceLimits,
) -> Result<Image, SourceError> {
    if paths.len() > limits.layers {
        return Err(SourceError::limit("layers", limits.layers as u64, name));
    }
    let layers: Vec<LayerBlob> = paths
        .iter()
        .map(|path| open_layer(path))
        .collect::<Result<_, _>>()?;
    Ok(Image {
        scheme: Scheme::Layer,
        name,
        tags: Vec::new(),
        digest: Some(identity(&layers)),
        config_digest: None,
        platform: None,
        layers: layers.into_iter().map(LayerSource::Blob).collect(),
    })
}

/// The digest of the JSON array of the layers' digests, without blanks. Digests need no escapes.
fn identity(layers: &[LayerBlob]) -> Digest {
    let quoted: Vec<String> = layers
        .iter()
        .map(|layer| format!("\"{}\"", layer.digest))
        .collect();
    Digest::sha256(format!("[{}]", quoted.join(",")).as_bytes())
}

fn open_layer(path: &Path) -> Result<LayerBlob, SourceError> {
    let digest = hash(path)?;
    let (_, size) = open_regular(path)?;
    let blob = Blob::file(path.to_owned(), size);
    let compression = compression_of(&blob)?;
    Ok(LayerBlob {
        digest: digest.clone(),
        diff_id: None,
        media_type: layer_media_type(compression),
        expected: Expected {
            received: Some(digest),
            uncompressed: None,
        },
        blob,
    })
}

fn hash(path: &Path) -> Result<Digest, SourceError> {
    let (file, size) = open_regular(path)?;
    let mut reader = SliceReader::whole(Arc::new(file), size);
    let mut hasher = Hasher::new(Algorithm::Sha256);
    let mut buffer = vec![0; 256 << 10];
    let mut offset = 0;
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(hasher.finish()),
            Ok(count) => {
                hasher.update(buffer.get(..count).unwrap_or_default());
                offset += count as u64;
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(source) => {
                return Err(SourceError::Read {
                    path: path.to_owned(),
                    offset,
                    source,
                });
            }
        }
    }
}
