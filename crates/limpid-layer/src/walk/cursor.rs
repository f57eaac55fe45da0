use std::io::{self, BufRead};

use super::header::{BLOCK, Header};
use crate::LayerError;

/// Why a walk ends before the archive does.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The archive is damaged at this offset: what came before counts.
    Damaged { offset: u64, detail: String },
    /// The walk failed.
    Failed(LayerError),
}

/// A position in a stream of bytes.
pub(crate) struct Cursor<'r> {
    reader: &'r mut dyn BufRead,
    position: u64,
}

impl<'r> Cursor<'r> {
    pub(crate) fn new(reader: &'r mut dyn BufRead) -> Self {
        Self {
            reader,
            position: 0,
        }
    }

    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// Returns the bytes that are there without reading more, or else the next ones; none at the
    /// end.
    pub(crate) fn fill(&mut self) -> Result<&[u8], Stop> {
        while let Err(error) = self.reader.fill_buf() {
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(self.stop(error));
            }
        }
        // The bytes are there now, so this costs nothing and cannot fail.
        let position = self.position;
        self.reader
            .fill_buf()
            .map_err(|error| Stop::Failed(LayerError::unpack(error, position)))
    }

    pub(crate) fn consume(&mut self, count: usize) {
        self.reader.consume(count);
        self.position += count as u64;
    }

    /// Goes forward to a position; the end of the stream before it is damage.
    pub(crate) fn skip_to(&mut self, position: u64) -> Result<(), Stop> {
        while self.position < position {
            let there = self.fill()?.len();
            if there == 0 {
                return Err(self.damaged("the archive ends inside an entry"));
            }
            let wanted = usize::try_from(position - self.position).unwrap_or(usize::MAX);
            self.consume(there.min(wanted));
        }
        Ok(())
    }

    /// Reads a block, or fewer bytes at the end of the stream.
    pub(crate) fn read_block(&mut self) -> Result<(Header, usize), Stop> {
        let mut block = [0; BLOCK];
        let mut filled = 0;
        while let Some(room) = block.get_mut(filled..).filter(|room| !room.is_empty()) {
            let bytes = self.fill()?;
            let count = bytes.len().min(room.len());
            if count == 0 {
                break;
            }
            room[..count].copy_from_slice(&bytes[..count]);
            self.consume(count);
            filled += count;
        }
        Ok((Header(block), filled))
    }

    /// Appends so many bytes to a buffer, which grows as they arrive.
    pub(crate) fn read_into(&mut self, count: u64, buffer: &mut Vec<u8>) -> Result<(), Stop> {
        let end = self.position.saturating_add(count);
        while self.position < end {
            let wanted = usize::try_from(end - self.position).unwrap_or(usize::MAX);
            let bytes = self.fill()?;
            let bytes = bytes.get(..wanted).unwrap_or(bytes);
            if bytes.is_empty() {
                return Err(self.damaged("the archive ends inside a header"));
            }
            buffer.extend_from_slice(bytes);
            let count = bytes.len();
            self.consume(count);
        }
        Ok(())
    }

    pub(crate) fn damaged(&self, detail: &str) -> Stop {
        Stop::Damaged {
            offset: self.position,
            detail: detail.to_owned(),
        }
    }

    fn stop(&self, error: io::Error) -> Stop {
        match LayerError::unpack(error, self.position) {
            damaged @ LayerError::Damaged { .. } => self.damaged(&damaged.to_string()),
            error => Stop::Failed(error),
        }
    }
}
