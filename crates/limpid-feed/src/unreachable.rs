use crate::{DocumentAddress, Documents, Feed, FeedError, ProbeError, Sink, Tally};

/// A feed of which nothing could be found out.
///
/// It stands for the feed in a run, so that its trouble is seen, that it keeps what it had, and that
/// the other feeds of the family are none the worse for it.
pub(crate) struct Unreachable {
    name: String,
    url: String,
    cause: String,
}

impl Unreachable {
    /// Makes the stand-in of a feed. The address is the one that was asked.
    pub(crate) fn new(name: String, error: &FeedError) -> Self {
        let url = match error {
            FeedError::Document { url, .. }
            | FeedError::Sink { url, .. }
            | FeedError::Probe { url, .. }
            | FeedError::NothingFound { url, .. } => url.clone(),
            FeedError::UnknownEcosystem(_) => String::new(),
        };
        let mut cause = error.to_string();
        let mut source = std::error::Error::source(error);
        while let Some(error) = source {
            cause = format!("{cause}: {error}");
            source = error.source();
        }
        Self { name, url, cause }
    }
}

impl Feed for Unreachable {
    fn name(&self) -> &str {
        &self.name
    }

    fn documents(&self) -> Vec<DocumentAddress> {
        vec![DocumentAddress::required(&self.url)]
    }

    fn parse(
        &self,
        _documents: &mut dyn Documents,
        _sink: &mut dyn Sink,
    ) -> Result<Tally, FeedError> {
        Err(FeedError::Probe {
            url: self.url.clone(),
            source: ProbeError::new(self.cause.as_str()),
        })
    }
}
