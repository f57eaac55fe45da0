//! Layers from registries.

use std::error::Error;
use std::io::{self, Read};

use limpid_http::{LayerClient, LayerFault};
use limpid_types::ManifestLayer;
use tokio::runtime::Handle;
use url::Url;

use crate::LayerOpener;

/// The address of a layer says nothing that could be fetched. It is not shown, because it may hold
/// secrets.
#[derive(Debug, thiserror::Error)]
#[error("address of the layer is no URL")]
struct BadUri;

impl LayerOpener for LayerClient {
    fn open(&self, layer: &ManifestLayer) -> io::Result<Box<dyn Read + Send>> {
        let url = Url::parse(&layer.uri);
        let url = url.map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, BadUri))?;
        let stream = Self::open(self, &url, &layer.headers, Handle::current());
        Ok(Box::new(stream))
    }

    fn is_lasting(&self, error: &io::Error) -> bool {
        LayerFault::of(error).is_some_and(LayerFault::is_terminal)
            || error
                .get_ref()
                .is_some_and(<dyn Error + Send + Sync>::is::<BadUri>)
    }
}
