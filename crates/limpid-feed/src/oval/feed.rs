use super::{Definition, read};
use crate::run::Run;
use crate::{DocumentAddress, Documents, Feed, FeedError, Limits, Sink, Tally};

/// A feed whose one document is in OVAL.
pub(crate) struct OvalFeed<S> {
    /// Name of the feed.
    pub(crate) name: String,
    /// Address of the document.
    pub(crate) url: String,
    /// Bounds on what the document may contain.
    pub(crate) limits: Limits,
    /// What its definitions mean.
    pub(crate) source: S,
}

/// What the definitions of a source mean.
pub(crate) trait OvalSource: Send + Sync {
    /// Makes advisories of a definition.
    fn handle(&self, definition: &Definition<'_>, run: &mut Run<'_>) -> Result<(), FeedError>;
}

impl<S: OvalSource> Feed for OvalFeed<S> {
    fn name(&self) -> &str {
        &self.name
    }

    fn documents(&self) -> Vec<DocumentAddress> {
        vec![DocumentAddress::required(&self.url)]
    }

    fn parse(
        &self,
        documents: &mut dyn Documents,
        sink: &mut dyn Sink,
    ) -> Result<Tally, FeedError> {
        let mut run = Run::new(&self.name, &self.url, sink);
        let mut handle =
            |definition: &Definition<'_>, run: &mut Run<'_>| self.source.handle(definition, run);
        read(documents, &self.url, &self.limits, &mut run, &mut handle)?;
        Ok(run.finish())
    }
}
