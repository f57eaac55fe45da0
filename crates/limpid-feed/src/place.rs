use serde::Deserialize;

use crate::DocumentAddress;

/// Where a document is that whoever runs limpid provides: `path: …` on this machine, or `url: …`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Keys")]
pub enum Place {
    /// A file or a folder of this machine.
    Path(String),
    /// An address in the network, or in the mirror.
    Url(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    path: Option<String>,
    url: Option<String>,
}

impl TryFrom<Keys> for Place {
    type Error = &'static str;

    fn try_from(keys: Keys) -> Result<Self, Self::Error> {
        match (keys.path, keys.url) {
            (Some(path), None) if !path.is_empty() => Ok(Self::Path(path)),
            (None, Some(url)) if !url.is_empty() => Ok(Self::Url(url)),
            _ => Err("expected either path or url"),
        }
    }
}

impl Place {
    /// Returns the address of the document.
    pub(crate) fn document(&self) -> DocumentAddress {
        match self {
            Self::Path(path) => DocumentAddress::local(path),
            Self::Url(url) => DocumentAddress::required(url),
        }
    }
}
