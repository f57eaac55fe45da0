use std::collections::BTreeMap;
use std::io::{self, Cursor};

use limpid_feed::{Collected, Documents, Feed, Probe, ProbeError, ReadSeek, Settings, families};

/// A server whose documents can be asked for and read.
#[derive(Clone, Default)]
pub(crate) struct Site {
    pub(crate) documents: BTreeMap<String, Vec<u8>>,
    /// What stands in addresses that the server fails at.
    pub(crate) broken: Option<&'static str>,
}

impl Site {
    /// Adds a document.
    pub(crate) fn with(mut self, url: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        self.documents.insert(url.into(), content.into());
        self
    }

    /// Finds the feeds of a family.
    pub(crate) fn discover(&mut self, family: &str, settings: &Settings) -> Vec<Box<dyn Feed>> {
        families(settings)
            .into_iter()
            .find(|candidate| candidate.name() == family)
            .unwrap()
            .discover(self)
            .unwrap()
    }

    /// Finds and reads a feed.
    pub(crate) fn read_feed(&mut self, feed: &str, settings: &Settings) -> Collected {
        let family = feed.split('/').next().unwrap_or(feed);
        let feeds = self.discover(family, settings);
        let feed = feeds
            .iter()
            .find(|candidate| candidate.name() == feed)
            .unwrap();
        let mut sink = Collected::default();
        feed.parse(self, &mut sink).unwrap();
        sink
    }
}

impl Probe for Site {
    fn exists(&mut self, url: &str) -> Result<bool, ProbeError> {
        self.read(url, usize::MAX).map(|content| content.is_some())
    }

    fn read(&mut self, url: &str, max_bytes: usize) -> Result<Option<Vec<u8>>, ProbeError> {
        if self.broken.is_some_and(|broken| url.contains(broken)) {
            return Err(ProbeError::new("connection refused"));
        }
        let content = self.documents.get(url).cloned();
        if content
            .as_ref()
            .is_some_and(|content| content.len() > max_bytes)
        {
            return Err(ProbeError::new("too long"));
        }
        Ok(content)
    }
}

impl Documents for Site {
    fn open(&mut self, url: &str) -> io::Result<Option<Box<dyn ReadSeek>>> {
        let content = self.documents.get(url).cloned();
        Ok(content.map(|content| Box::new(Cursor::new(content)) as Box<dyn ReadSeek>))
    }
}
