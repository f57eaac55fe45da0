//! Bottlerocket: one updateinfo document for all architectures and variants.
//!
//! Its packages are those that an image is built from, as its inventory lists them. The document is
//! described at <https://github.com/bottlerocket-os/bottlerocket>, `SECURITY_FEATURES.md`.

use serde::Deserialize;

use crate::updateinfo::{Document, Repository};
use crate::{DocumentAddress, Documents, Family, Feed, FeedError, Probe, Settings, Sink, Tally};

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

/// The family, which has one feed, and that feed.
#[derive(Clone)]
pub(crate) struct Bottlerocket(Repository);

impl Bottlerocket {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self(Repository {
            feed: "bottlerocket".into(),
            namespace: "bottlerocket:rolling".into(),
            name: String::new(),
            documents: vec![Document {
                url: settings.bottlerocket.url.clone(),
                sha256: None,
                architectures: &[],
            }],
            page: |_| None,
            limits: settings.limits.clone(),
        })
    }
}

impl Family for Bottlerocket {
    fn name(&self) -> &'static str {
        "bottlerocket"
    }

    fn discover(&self, _probe: &mut dyn Probe) -> Result<Vec<Box<dyn Feed>>, FeedError> {
        Ok(vec![Box::new(self.clone())])
    }
}

impl Feed for Bottlerocket {
    fn name(&self) -> &str {
        &self.0.feed
    }

    fn documents(&self) -> Vec<DocumentAddress> {
        self.0.addresses()
    }

    fn parse(
        &self,
        documents: &mut dyn Documents,
        sink: &mut dyn Sink,
    ) -> Result<Tally, FeedError> {
        self.0.parse(documents, sink)
    }
}
