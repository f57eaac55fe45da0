use std::io::{self, BufRead, Read};

use limpid_types::{Digest, Hasher};

use super::{CHUNK, Received, fill};
use crate::LayerError;

/// Receives and hashes on the caller's thread.
pub(super) struct InLine<S> {
    source: S,
    hasher: Hasher,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    received: u64,
}

impl<S: Read> InLine<S> {
    pub(super) fn new(source: S, hasher: Hasher) -> Self {
        Self {
            source,
            hasher,
            buffer: vec![0; CHUNK].into_boxed_slice(),
            start: 0,
            end: 0,
            received: 0,
        }
    }

    fn receive(&mut self) -> Result<(), LayerError> {
        self.start = 0;
        self.end = 0;
        let filled = fill(&mut self.source, &mut self.buffer);
        self.end = filled.map_err(|source| LayerError::Source {
            offset: self.received,
            source,
        })?;
        self.received += self.end as u64;
        self.hasher
            .update(self.buffer.get(..self.end).unwrap_or_default());
        Ok(())
    }
}

impl<S: Read> Received for InLine<S> {
    fn finish(mut self) -> Result<(Digest, u64), LayerError> {
        loop {
            self.receive()?;
            if self.end == 0 {
                return Ok((self.hasher.finish(), self.received));
            }
        }
    }
}

impl<S: Read> BufRead for InLine<S> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.start == self.end {
            self.receive()?;
        }
        Ok(self.buffer.get(self.start..self.end).unwrap_or_default())
    }

    fn consume(&mut self, count: usize) {
        self.start = (self.start + count).min(self.end);
    }
}

impl<S: Read> Read for InLine<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}
