use std::path::PathBuf;

use limpid_layer::LayerError;
use limpid_registry::SourceError;
use limpid_store::StoreError;
use limpid_types::Digest;
use thiserror::Error;

/// Why an image could not be indexed.
#[derive(Debug, Error)]
pub enum IndexError {
    /// A layer could not be opened.
    #[error("cannot open layer {layer} of {image}")]
    Source {
        /// Name of the image.
        image: String,
        /// Digest of the layer.
        layer: Digest,
        /// What the source said.
        #[source]
        source: SourceError,
    },
    /// A layer could not be read to its end.
    #[error("cannot read layer {layer} of {image}")]
    Layer {
        /// Name of the image.
        image: String,
        /// Digest of the layer.
        layer: Digest,
        /// Whether another attempt would end in the same way.
        is_lasting: bool,
        /// What was met.
        #[source]
        source: LayerError,
    },
    /// A layer has the right digest and is no archive.
    #[error("layer {layer} of {image} is not a tar archive: {detail}")]
    NotAnArchive {
        /// Name of the image.
        image: String,
        /// Digest of the layer.
        layer: Digest,
        /// What is wrong with it.
        detail: String,
    },
    /// A directory could not be walked.
    #[error("cannot read directory: {}", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What was met.
        #[source]
        source: LayerError,
    },
    /// Evidence could not be written down. This is a defect.
    #[error("cannot encode evidence of layer {layer}")]
    Encode {
        /// Digest of the layer.
        layer: Digest,
        /// What went wrong.
        #[source]
        source: std::io::Error,
    },
    /// The layers hold more packages, marks and problems than the memory budget has room for.
    #[error("what was found in {image} takes more memory than the budget: {limit} bytes")]
    TooMuchEvidence {
        /// Name of the image.
        image: String,
        /// Size of the budget in bytes.
        limit: u64,
    },
    /// Layers were deleted again and again while the image was being indexed.
    #[error("layers of {image} were deleted meanwhile")]
    Vanished {
        /// Name of the image.
        image: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A detector failed. This is a defect; the layer is named so that it can be reported.
    #[error("a detector failed on layer {layer}")]
    Detector {
        /// Digest of the layer.
        layer: String,
    },
    /// The evidence could not be laid on top of each other. This is a defect.
    #[error("cannot make the index report of {image}")]
    Coalesce {
        /// Name of the image.
        image: String,
    },
}
