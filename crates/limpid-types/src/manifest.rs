use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Digest;

/// An image that is to be indexed, in Clair v4's wire shape: which layers it has, and where their
/// bytes are.
///
/// Unknown fields are passed over, as in Clair.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Identifies the image and its reports. It is not compared with any content.
    pub hash: Digest,
    /// The layers, base first.
    #[serde(default)]
    pub layers: Vec<ManifestLayer>,
}

/// One layer of a [`Manifest`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestLayer {
    /// What the bytes as stored must turn out to have.
    pub hash: Digest,
    /// Where they can be had with GET: an absolute `http` or `https` address. It may hold secrets.
    pub uri: String,
    /// Further headers of the request, by name. They mostly hold secrets.
    #[serde(default)]
    pub headers: BTreeMap<String, Vec<String>>,
}

/// Shows neither address nor headers, because both may hold secrets.
impl fmt::Debug for ManifestLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManifestLayer")
            .field("hash", &self.hash)
            .finish_non_exhaustive()
    }
}
