use super::cursor::{Cursor, Stop};
use super::sparse::Run;
use crate::held::HeldBytes;
use crate::spool::SpoolFile;
use crate::{Budget, Content, Entry, LayerLimits, Spool, Visitor, Want};

/// Collects the wanted content of files and hands it to a visitor.
pub(crate) struct Collector<'w> {
    limits: &'w LayerLimits,
    spool: &'w Spool,
    held: HeldBytes,
    /// Bytes of holes that were delivered.
    pub(super) holes: u64,
}

/// Zeros that are added at a time for a hole.
const HOLE: usize = 256 << 10;

impl<'w> Collector<'w> {
    pub(crate) fn new(limits: &'w LayerLimits, budget: &Budget, spool: &'w Spool) -> Self {
        Self {
            limits,
            spool,
            held: HeldBytes::new(budget),
            holes: 0,
        }
    }

    pub(super) fn limits(&self) -> &'w LayerLimits {
        self.limits
    }

    /// Returns how many bytes are to be delivered, or why none can be.
    pub(crate) fn length(&self, entry: &Entry<'_>, want: Want) -> Result<u64, String> {
        let length = match want {
            Want::Nothing => 0,
            Want::Prefix(length) => entry.size.min(length as u64),
            Want::Whole | Want::WholeAfter(_) => entry.size,
        };
        if length > self.limits.file_bytes {
            return Err(format!(
                "{length} bytes, at most {} are read of a file",
                self.limits.file_bytes
            ));
        }
        Ok(length)
    }

    /// Delivers what is wanted of the content that comes next, and returns how many bytes of it
    /// were looked at. They may not all be consumed afterwards.
    pub(crate) fn deliver(
        &mut self,
        cursor: &mut Cursor<'_>,
        entry: &Entry<'_>,
        want: Want,
        visitor: &mut dyn Visitor,
    ) -> Result<u64, Stop> {
        self.held.clear();
        if let Want::WholeAfter(start) = want
            && !self.is_confirmed(cursor, start, entry, visitor)?
        {
            return Ok(entry.size.min(start as u64));
        }
        let length = match self.length(entry, want) {
            Ok(length) => length,
            Err(why) => {
                visitor.lost(entry, why);
                return Ok(0);
            }
        };
        let rest = length - self.held.len() as u64;
        self.deliver_rest(cursor, rest, entry, visitor)?;
        Ok(length)
    }

    /// Shows the first bytes to the visitor and asks whether it wants the others. Bytes that had
    /// to be consumed for it are held.
    fn is_confirmed(
        &mut self,
        cursor: &mut Cursor<'_>,
        start: usize,
        entry: &Entry<'_>,
        visitor: &mut dyn Visitor,
    ) -> Result<bool, Stop> {
        let length = entry.size.min(start as u64);
        let buffered = match cursor.fill() {
            Ok(buffered) => buffered,
            Err(stop) => return Err(lose(stop, entry, visitor)),
        };
        let seen = usize::try_from(length)
            .ok()
            .and_then(|length| buffered.get(..length));
        if let Some(seen) = seen {
            return Ok(visitor.confirm(entry, seen));
        }
        match self.take_stored(cursor, length, &mut None) {
            Ok(Ok(())) => Ok(visitor.confirm(entry, self.held.as_slice())),
            Ok(Err(why)) => {
                visitor.lost(entry, why);
                Ok(false)
            }
            Err(stop) => Err(lose(stop, entry, visitor)),
        }
    }

    /// Delivers what is held and the next bytes of the stream.
    fn deliver_rest(
        &mut self,
        cursor: &mut Cursor<'_>,
        length: u64,
        entry: &Entry<'_>,
        visitor: &mut dyn Visitor,
    ) -> Result<(), Stop> {
        if self.held.len() > 0 {
            return self.deliver_more(cursor, &[Run::Stored(length)], entry, visitor);
        }
        if length == 0 {
            visitor.content(entry, Content::Memory(&[]));
            return Ok(());
        }
        // What lies in the buffer already need not be copied.
        let buffered = match cursor.fill() {
            Ok(buffered) => buffered,
            Err(stop) => return Err(lose(stop, entry, visitor)),
        };
        if let Some(content) = usize::try_from(length)
            .ok()
            .and_then(|length| buffered.get(..length))
        {
            visitor.content(entry, Content::Memory(content));
            return Ok(());
        }
        self.deliver_runs(cursor, &[Run::Stored(length)], entry, visitor)
    }

    /// Delivers content that consists of stored bytes and holes.
    pub(crate) fn deliver_runs(
        &mut self,
        cursor: &mut Cursor<'_>,
        runs: &[Run],
        entry: &Entry<'_>,
        visitor: &mut dyn Visitor,
    ) -> Result<(), Stop> {
        self.held.clear();
        self.deliver_more(cursor, runs, entry, visitor)
    }

    /// Delivers what is held, and runs after it.
    fn deliver_more(
        &mut self,
        cursor: &mut Cursor<'_>,
        runs: &[Run],
        entry: &Entry<'_>,
        visitor: &mut dyn Visitor,
    ) -> Result<(), Stop> {
        let mut spooled = None;
        for &run in runs {
            let result = match run {
                Run::Stored(length) => self.take_stored(cursor, length, &mut spooled),
                Run::Hole(length) => Ok(self.take_hole(length, &mut spooled)),
            };
            let why = match result {
                Ok(Ok(())) => continue,
                Ok(Err(why)) => why,
                Err(stop) => return Err(lose(stop, entry, visitor)),
            };
            visitor.lost(entry, why);
            return Ok(());
        }
        match spooled.as_mut().map(SpoolFile::rewound) {
            None => visitor.content(entry, Content::Memory(self.held.as_slice())),
            Some(Ok(file)) => visitor.content(entry, Content::Spooled(file)),
            Some(Err(error)) => visitor.lost(entry, unspoolable(&error)),
        }
        self.held.clear();
        Ok(())
    }

    fn take_stored(
        &mut self,
        cursor: &mut Cursor<'_>,
        length: u64,
        spooled: &mut Option<SpoolFile>,
    ) -> Result<Result<(), String>, Stop> {
        let end = cursor.position().saturating_add(length);
        while cursor.position() < end {
            let wanted = usize::try_from(end - cursor.position()).unwrap_or(usize::MAX);
            let bytes = cursor.fill()?;
            let bytes = bytes.get(..wanted).unwrap_or(bytes);
            if bytes.is_empty() {
                return Err(cursor.damaged("the data end inside a file"));
            }
            if let Err(why) = self.keep(bytes, spooled) {
                return Ok(Err(why));
            }
            let count = bytes.len();
            cursor.consume(count);
        }
        Ok(Ok(()))
    }

    fn take_hole(&mut self, length: u64, spooled: &mut Option<SpoolFile>) -> Result<(), String> {
        let mut left = length;
        while left > 0 {
            if let Some(file) = spooled {
                return file.skip(left).map_err(|error| unspoolable(&error));
            }
            let count = usize::try_from(left).unwrap_or(HOLE).min(HOLE);
            if self.fits(count) && self.held.extend_zeros(count) {
                left -= count as u64;
            } else {
                *spooled = Some(self.spill()?);
            }
        }
        Ok(())
    }

    fn keep(&mut self, bytes: &[u8], spooled: &mut Option<SpoolFile>) -> Result<(), String> {
        if spooled.is_none() {
            if self.fits(bytes.len()) && self.held.extend(bytes) {
                return Ok(());
            }
            *spooled = Some(self.spill()?);
        }
        spooled
            .as_mut()
            .map_or(Ok(()), |file| file.write(bytes))
            .map_err(|error| unspoolable(&error))
    }

    fn fits(&self, more: usize) -> bool {
        self.held.len() as u64 + more as u64 <= self.limits.memory_bytes
    }

    /// Moves what is in memory to a file.
    fn spill(&mut self) -> Result<SpoolFile, String> {
        let moved = self.spool.create().and_then(|mut file| {
            file.write(self.held.as_slice())?;
            Ok(file)
        });
        self.held.clear();
        moved.map_err(|error| unspoolable(&error))
    }
}

/// Tells the visitor that the data end early; when the walk fails, nothing matters any more.
fn lose(stop: Stop, entry: &Entry<'_>, visitor: &mut dyn Visitor) -> Stop {
    if let Stop::Damaged { detail, .. } = &stop {
        visitor.lost(entry, detail.clone());
    }
    stop
}

fn unspoolable(error: &std::io::Error) -> String {
    format!("too large for the memory that is free, and cannot be spooled: {error}")
}
