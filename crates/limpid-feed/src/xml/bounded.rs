use std::io::{self, BufRead, Read};

use super::characters::{Characters, ReadFault};
use crate::DocumentFault;

/// The text of a document, with a bound on what the parser above it has to hold.
///
/// The parser collects a whole text or a whole tag before it returns. What a text has beyond the
/// limit is passed by, so the parser never sees it, and [`Bounded::take_cut`] tells. A tag, a
/// comment or a CDATA section cannot be shortened without changing what follows: one that is over
/// the limit ends the reading.
///
/// Why reading ended is kept in [`Bounded::take_failure`]; the parser gets a plain error.
pub(super) struct Bounded {
    characters: Characters,
    chunk: Vec<u8>,
    position: usize,
    /// Offset of the chunk in the document.
    base: u64,
    max_bytes: u64,
    event_bytes: usize,
    /// How many bytes the current event may still have.
    remaining: usize,
    is_markup: bool,
    has_cut: bool,
    has_ended: bool,
    failure: Option<DocumentFault>,
}

impl Bounded {
    /// Starts at the beginning of a document of at most `max_bytes`, with events of at most
    /// `event_bytes`.
    pub(super) fn new(input: Box<dyn Read>, event_bytes: usize, max_bytes: u64) -> Self {
        Self {
            characters: Characters::new(input),
            chunk: Vec::new(),
            position: 0,
            base: 0,
            max_bytes,
            event_bytes,
            remaining: event_bytes,
            is_markup: false,
            has_cut: false,
            has_ended: false,
            failure: None,
        }
    }

    /// Must be called before each event.
    pub(super) fn begin_event(&mut self) {
        self.remaining = self.event_bytes;
        self.is_markup = false;
    }

    /// Returns how many bytes lie before the current position.
    pub(super) fn offset(&self) -> u64 {
        self.base + self.position as u64
    }

    /// Tells whether a text was cut since this was last asked.
    pub(super) fn take_cut(&mut self) -> bool {
        std::mem::take(&mut self.has_cut)
    }

    /// Tells whether the end of the document was met.
    pub(super) fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// Returns why reading failed.
    pub(super) fn take_failure(&mut self) -> Option<DocumentFault> {
        self.failure.take()
    }

    /// Returns what was read and not yet used.
    pub(super) fn rest(&self) -> &[u8] {
        self.chunk.get(self.position..).unwrap_or_default()
    }

    fn refill(&mut self) -> io::Result<()> {
        self.base += self.chunk.len() as u64;
        self.position = 0;
        if let Err(fault) = self.characters.read(&mut self.chunk) {
            self.chunk.clear();
            let offset = self.base;
            return Err(self.fail(match fault {
                ReadFault::Io(source) => DocumentFault::Unreadable { offset, source },
                ReadFault::Document(fault) => fault,
            }));
        }
        if self.base + self.chunk.len() as u64 > self.max_bytes {
            let limit = self.max_bytes;
            return Err(self.fail(DocumentFault::OverLimit {
                what: "unpacked bytes",
                limit,
            }));
        }
        self.has_ended = self.chunk.is_empty();
        Ok(())
    }

    fn fail(&mut self, fault: DocumentFault) -> io::Error {
        self.failure = Some(fault);
        io::Error::other("cannot go on")
    }

    /// Passes by what is left of a text.
    fn skip_text(&mut self) {
        let rest = self.rest();
        let length = rest.iter().position(|&byte| byte == b'<');
        let length = length.unwrap_or(rest.len());
        self.has_cut |= length > 0;
        self.position += length;
    }
}

impl BufRead for Bounded {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        loop {
            if self.rest().is_empty() {
                self.refill()?;
            }
            if self.remaining > 0 || self.has_ended {
                break;
            }
            if self.is_markup {
                let limit = self.event_bytes as u64;
                return Err(self.fail(DocumentFault::OverLimit {
                    what: "bytes in a tag or comment",
                    limit,
                }));
            }
            self.skip_text();
            if !self.rest().is_empty() {
                // The parser looks at the `<` and leaves it for the next event.
                self.remaining = 1;
            }
        }
        let length = self.rest().len().min(self.remaining);
        Ok(self.rest().get(..length).unwrap_or_default())
    }

    fn consume(&mut self, length: usize) {
        // The parser reads a text up to, and a tag from, its `<`.
        if length > 0 && self.rest().first() == Some(&b'<') {
            self.is_markup = true;
        }
        self.position += length;
        self.remaining = self.remaining.saturating_sub(length);
    }
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = {
            let mut available = self.fill_buf()?;
            available.read(buffer)?
        };
        self.consume(length);
        Ok(length)
    }
}
