use std::collections::BTreeMap;
use std::io::{self, Cursor};

use limpid_types::Advisory;

use crate::{Documents, Note, Quarantined, ReadSeek, Sink, SinkError};

/// Documents that are in memory, by address.
#[derive(Clone, Debug, Default)]
pub struct MemoryDocuments(BTreeMap<String, Vec<u8>>);

impl MemoryDocuments {
    /// Adds a document.
    #[must_use]
    pub fn with(mut self, url: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        self.0.insert(url.into(), bytes.into());
        self
    }
}

impl Documents for MemoryDocuments {
    fn open(&mut self, url: &str) -> io::Result<Option<Box<dyn ReadSeek>>> {
        let bytes = self.0.get(url).cloned();
        Ok(bytes.map(|bytes| Box::new(Cursor::new(bytes)) as Box<dyn ReadSeek>))
    }
}

/// A sink that keeps everything in memory, for feeds that are known to be small.
#[derive(Clone, Debug, Default)]
pub struct Collected {
    /// The advisories, in the order of the feed.
    pub advisories: Vec<Advisory>,
    /// The facts that are no advisories, in the order of the feed.
    pub notes: Vec<Note>,
    /// The records that could not be read.
    pub quarantined: Vec<Quarantined>,
}

impl Sink for Collected {
    fn advisory(&mut self, advisory: &Advisory) -> Result<(), SinkError> {
        self.advisories.push(advisory.clone());
        Ok(())
    }

    fn note(&mut self, note: Note) -> Result<(), SinkError> {
        self.notes.push(note);
        Ok(())
    }

    fn quarantine(&mut self, quarantined: Quarantined) -> Result<(), SinkError> {
        self.quarantined.push(quarantined);
        Ok(())
    }
}
