use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Digest;
use crate::index_report::null_lists_as_empty;

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
    ///
    /// Go's programs write null where there are none.
    #[serde(default, deserialize_with = "null_lists_as_empty")]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_may_be_null_as_go_writes_them() {
        let hash = Digest::sha256(b"");
        for headers in ["null", "{}", r#"{"Accept":null}"#] {
            let text = format!(r#"{{"hash":"{hash}","uri":"http://a/","headers":{headers}}}"#);
            let layer: ManifestLayer = serde_json::from_str(&text).unwrap();
            assert!(layer.headers.values().all(Vec::is_empty), "{headers}");
        }
    }
}
