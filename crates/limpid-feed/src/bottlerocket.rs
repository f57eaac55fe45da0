//! Bottlerocket: one updateinfo document for all architectures and variants.
//!
//! Its packages are those that an image is built from, as its inventory lists them. The document is
//! described at <https://github.com/bottlerocket-os/bottlerocket>, `SECURITY_FEATURES.md`.

use serde::Deserialize;

use crate::updateinfo::{Document, RepositoryFeed};
use crate::{Family, Feed, FeedError, Limits, Probe, Settings};

/// Where Bottlerocket's advisories are.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BottlerocketSettings {
    /// Address of the document.
    pub url: String,
}

impl Default for BottlerocketSettings {
    fn default() -> Self {
        Self {
            url: "https://advisories.bottlerocket.aws/updateinfo.xml.gz".into(),
        }
    }
}

/// The family, which has one feed.
pub(crate) struct Bottlerocket {
    url: String,
    limits: Limits,
}

impl Bottlerocket {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            url: settings.bottlerocket.url.clone(),
            limits: settings.limits.clone(),
        }
    }
}

impl Family for Bottlerocket {
    fn name(&self) -> &'static str {
        "bottlerocket"
    }

    fn discover(&self, _probe: &mut dyn Probe) -> Result<Vec<Box<dyn Feed>>, FeedError> {
        Ok(vec![Box::new(RepositoryFeed {
            name: "bottlerocket".into(),
            namespace: "bottlerocket:rolling".into(),
            repository: String::new(),
            documents: vec![Document {
                url: self.url.clone(),
                sha256: None,
                architectures: &[],
            }],
            page: |_| None,
            limits: self.limits.clone(),
        })])
    }
}
