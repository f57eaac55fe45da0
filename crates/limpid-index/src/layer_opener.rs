use std::io::{self, Read};

use limpid_types::ManifestLayer;

/// Gets the bytes of layers that are somewhere else.
pub trait LayerOpener: Send + Sync {
    /// Opens the bytes of a layer as stored, for one pass. It is called, and what it returns is
    /// read, where blocking is allowed. Errors must not show the address or the headers.
    fn open(&self, layer: &ManifestLayer) -> io::Result<Box<dyn Read + Send>>;

    /// Tells whether an error of opening or reading would come again with every attempt.
    fn is_lasting(&self, error: &io::Error) -> bool;
}
