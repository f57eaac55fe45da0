use std::io::Read;
use std::sync::Arc;

use limpid_layer::LayerError;
use limpid_registry::{Expected, LayerBlob};
use limpid_types::{Digest, ManifestLayer};

use crate::{IndexError, LayerOpener};

/// A layer that can be read.
#[derive(Clone)]
pub(crate) struct Layer {
    /// The key under which its evidence is kept.
    pub(crate) digest: Digest,
    /// What its bytes must turn out to be.
    pub(crate) expected: Expected,
    /// Size of the bytes as stored; 0 when it is not known.
    pub(crate) size: u64,
    origin: Origin,
}

#[derive(Clone)]
enum Origin {
    Blob(LayerBlob),
    Remote(Arc<ManifestLayer>, Arc<dyn LayerOpener>),
}

impl Layer {
    /// Makes a layer that is to be had from an image's source.
    pub(crate) fn of_blob(blob: &LayerBlob) -> Self {
        Self {
            digest: blob.digest.clone(),
            expected: blob.expected.clone(),
            size: blob.size(),
            origin: Origin::Blob(blob.clone()),
        }
    }

    /// Makes a layer that is to be fetched.
    pub(crate) fn remote(layer: ManifestLayer, opener: &Arc<dyn LayerOpener>) -> Self {
        Self {
            digest: layer.hash.clone(),
            expected: Expected {
                received: Some(layer.hash.clone()),
                uncompressed: None,
            },
            size: 0,
            origin: Origin::Remote(Arc::new(layer), Arc::clone(opener)),
        }
    }

    /// Opens the bytes as stored for one pass.
    pub(crate) fn open(&self, image: &str) -> Result<Box<dyn Read + Send>, IndexError> {
        match &self.origin {
            Origin::Blob(blob) => blob.open().map_err(|source| IndexError::Source {
                image: image.to_owned(),
                layer: self.digest.clone(),
                source,
            }),
            Origin::Remote(layer, opener) => opener
                .open(layer)
                .map_err(|source| self.fault(image, LayerError::Source { offset: 0, source })),
        }
    }

    /// Says of which layer of which image an error is, and whether it would come again.
    pub(crate) fn fault(&self, image: &str, source: LayerError) -> IndexError {
        let is_lasting = match (&source, &self.origin) {
            (LayerError::Source { source, .. }, Origin::Remote(_, opener)) => {
                opener.is_lasting(source)
            }
            (
                LayerError::Damaged { .. }
                | LayerError::TooManyBytes { .. }
                | LayerError::Expansion { .. }
                | LayerError::TooManyEntries { .. }
                | LayerError::Window { .. },
                _,
            ) => true,
            _ => false,
        };
        IndexError::Layer {
            image: image.to_owned(),
            layer: self.digest.clone(),
            is_lasting,
            source,
        }
    }

    /// Tells whether a layer that is no archive at all is an error, and not only a problem. It is
    /// where a client has to be told that the image is bad for ever.
    pub(crate) fn must_be_archive(&self) -> bool {
        matches!(self.origin, Origin::Remote(..))
    }
}
