use crate::run::{Run, open_required};
use crate::secdb::{Document, Place};
use crate::{DocumentAddress, Documents, Family, Feed, FeedError, Limits, Probe, Sink, Tally};

/// A distribution without releases, whose secdb is one document: the family, and its one feed.
#[derive(Clone)]
pub(crate) struct Rolling {
    /// The `ID` of its os-release, which is also the name of the feed.
    id: &'static str,
    url: String,
    limits: Limits,
}

impl Rolling {
    /// Makes the family of a distribution.
    pub(crate) fn new(id: &'static str, url: &str, limits: &Limits) -> Self {
        Self {
            id,
            url: url.to_owned(),
            limits: limits.clone(),
        }
    }
}

impl Family for Rolling {
    fn name(&self) -> &'static str {
        self.id
    }

    fn discover(&self, _probe: &mut dyn Probe) -> Result<Vec<Box<dyn Feed>>, FeedError> {
        Ok(vec![Box::new(self.clone())])
    }
}

impl Feed for Rolling {
    fn name(&self) -> &'static str {
        self.id
    }

    fn documents(&self) -> Vec<DocumentAddress> {
        vec![DocumentAddress::required(&self.url)]
    }

    fn parse(
        &self,
        documents: &mut dyn Documents,
        sink: &mut dyn Sink,
    ) -> Result<Tally, FeedError> {
        let input = open_required(documents, &self.url)?;
        let mut run = Run::new(self.id, &self.url, sink);
        let document = Document {
            place: Place {
                namespace: format!("{}:rolling", self.id),
                repository: "",
                reference,
            },
            head: &[],
        };
        document.read(&self.url, input, &self.limits, &mut run)?;
        Ok(run.finish())
    }
}

/// Returns the page of an id at whoever gave the id out.
fn reference(id: &str) -> String {
    if id.starts_with("GHSA-") {
        format!("https://github.com/advisories/{id}")
    } else if id.starts_with("CGA-") {
        format!("https://images.chainguard.dev/security/{id}")
    } else {
        format!("https://nvd.nist.gov/vuln/detail/{id}")
    }
}
