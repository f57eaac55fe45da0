use std::io::{self, Read};

use limpid_rpmdb::ReadAt;

use super::Bounds;

/// A part of a file, or of memory, that can be read anywhere.
#[derive(Clone, Copy)]
pub(in crate::language) struct Window<'a> {
    source: &'a dyn ReadAt,
    bounds: &'a Bounds,
    start: u64,
    len: u64,
}

impl<'a> Window<'a> {
    /// Makes a window of everything.
    pub(in crate::language) fn new(source: &'a dyn ReadAt, bounds: &'a Bounds) -> Self {
        Self {
            source,
            bounds,
            start: 0,
            len: source.len(),
        }
    }

    /// Returns how many bytes there are.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// Returns the part of at most so many bytes from an offset on; what is not there is cut off.
    pub(super) fn part(&self, offset: u64, len: u64) -> Self {
        let offset = offset.min(self.len);
        Self {
            start: self.start.saturating_add(offset),
            len: len.min(self.len - offset),
            ..*self
        }
    }

    /// Reads as much as fits into the buffer and is there.
    pub(super) fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let there = self.len.saturating_sub(offset);
        let len = usize::try_from(there).map_or(buffer.len(), |there| there.min(buffer.len()));
        let Some(part) = buffer.get_mut(..len).filter(|part| !part.is_empty()) else {
            return Ok(0);
        };
        self.bounds.count_bytes(len)?;
        self.source
            .read_at(self.start.saturating_add(offset), part)?;
        Ok(len)
    }

    /// Reads exactly so many bytes.
    pub(super) fn array<const N: usize>(&self, offset: u64) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        if self.read_at(offset, &mut bytes)? < N {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(bytes)
    }

    /// Returns a reader from the start.
    pub(in crate::language) fn reader(&self) -> WindowReader<'a> {
        WindowReader {
            window: *self,
            offset: 0,
        }
    }
}

/// Reads a window from its start to its end.
pub(in crate::language) struct WindowReader<'a> {
    window: Window<'a>,
    offset: u64,
}

impl Read for WindowReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.window.read_at(self.offset, buffer)?;
        self.offset += read as u64;
        Ok(read)
    }
}
