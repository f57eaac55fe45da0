use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Cursor, Read};
use std::sync::{Arc, Condvar, Mutex};

use limpid_index::LayerOpener;
use limpid_testkit::layer::gzip;
use limpid_types::{Digest, Manifest, ManifestLayer};

/// Where the layers of the tests are. What an address begins with says what happens there.
#[derive(Default)]
pub(crate) struct Registry {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    layers: BTreeMap<Digest, Vec<u8>>,
    opened: Vec<Digest>,
    held: BTreeSet<Digest>,
}

/// The bytes come.
pub(crate) const GOOD: &str = "good";
/// The connection breaks.
pub(crate) const BROKEN: &str = "broken";
/// There is no such layer, and there never will be.
pub(crate) const GONE: &str = "gone";
/// Other bytes come.
pub(crate) const LYING: &str = "lying";

impl Registry {
    /// Adds a layer, given as a tar archive.
    pub(crate) fn add(&self, tar: &[u8]) -> Digest {
        self.add_stored(gzip(tar))
    }

    /// Adds a layer as it is stored.
    pub(crate) fn add_stored(&self, stored: Vec<u8>) -> Digest {
        let digest = Digest::sha256(&stored);
        let mut state = self.state.lock().unwrap();
        state.layers.insert(digest.clone(), stored);
        digest
    }

    /// Keeps readers of a layer waiting until it is let go.
    pub(crate) fn hold(&self, layer: &Digest) {
        self.state.lock().unwrap().held.insert(layer.clone());
    }

    /// Lets the readers of a layer go on.
    pub(crate) fn let_go(&self, layer: &Digest) {
        self.state.lock().unwrap().held.remove(layer);
        self.changed.notify_all();
    }

    /// Returns the layers that were opened, in that order.
    pub(crate) fn opened(&self) -> Vec<Digest> {
        self.state.lock().unwrap().opened.clone()
    }

    /// Waits until so many layers were opened.
    pub(crate) async fn wait_for(&self, count: usize) {
        while self.opened().len() < count {
            tokio::task::yield_now().await;
        }
    }
}

impl LayerOpener for Registry {
    fn open(&self, layer: &ManifestLayer) -> io::Result<Box<dyn Read + Send>> {
        let mut state = self.state.lock().unwrap();
        state.opened.push(layer.hash.clone());
        while state.held.contains(&layer.hash) {
            state = self.changed.wait(state).unwrap();
        }
        match layer.uri.as_str() {
            GOOD => Ok(Box::new(Cursor::new(state.layers[&layer.hash].clone()))),
            LYING => Ok(Box::new(Cursor::new(gzip(b"something else")))),
            GONE => Err(io::ErrorKind::NotFound.into()),
            _ => Err(io::Error::other("connection br\u{f6}ken")),
        }
    }

    fn is_lasting(&self, error: &io::Error) -> bool {
        error.kind() == io::ErrorKind::NotFound
    }
}

/// A guard that lets all readers go when a test ends, so that no thread outlives it.
pub(crate) struct LetGo(pub(crate) Arc<Registry>);

impl Drop for LetGo {
    fn drop(&mut self) {
        if let Ok(mut state) = self.0.state.lock() {
            state.held.clear();
        }
        self.0.changed.notify_all();
    }
}

/// Makes a manifest of layers that are all at the same sort of place.
pub(crate) fn manifest(name: &str, place: &str, layers: &[&Digest]) -> Manifest {
    let layers = layers.iter().map(|hash| ManifestLayer {
        hash: (*hash).clone(),
        uri: place.to_owned(),
        headers: BTreeMap::new(),
    });
    Manifest {
        hash: Digest::sha256(name.as_bytes()),
        layers: layers.collect(),
    }
}
