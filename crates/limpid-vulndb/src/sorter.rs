use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::Error;
use crate::format::Section;

/// How many runs are merged at once; more are first merged into longer ones.
const FAN_IN: usize = 64;
/// Size of the buffer of each run that is merged.
const READ_BUFFER_BYTES: usize = 64 * 1024;
/// Size of the buffer in front of the temporary file.
const WRITE_BUFFER_BYTES: usize = 256 * 1024;
/// How many bytes of an item are compared at once.
const WORD_BYTES: usize = size_of::<u64>();
/// So few items are sorted by whole comparisons.
const FEW_ITEMS: usize = 16;

/// Sorts byte strings in a fixed amount of memory and drops those that are there already.
///
/// What does not fit the memory is written to one unlinked temporary file in sorted runs.
pub(crate) struct Sorter {
    directory: PathBuf,
    memory_bytes: usize,
    items: Items,
    spool: Option<Spool>,
    runs: Vec<Run>,
}

/// Byte strings in memory, one after the other.
#[derive(Default)]
struct Items {
    bytes: Vec<u8>,
    slots: Vec<Slot>,
}

#[derive(Clone, Copy)]
struct Slot {
    /// The bytes that are being compared while items are sorted.
    word: u64,
    start: usize,
    length: u32,
}

struct Spool {
    file: Arc<File>,
    position: u64,
}

/// A sorted part of the temporary file.
#[derive(Clone, Copy)]
struct Run {
    start: u64,
    end: u64,
}

impl Items {
    fn push(&mut self, parts: &[&[u8]]) {
        let start = self.bytes.len();
        for part in parts {
            self.bytes.extend_from_slice(part);
        }
        self.slots.push(Slot {
            word: 0,
            start,
            length: u32::try_from(self.bytes.len() - start).unwrap_or(u32::MAX),
        });
    }

    fn memory_bytes(&self) -> usize {
        self.bytes.len() + self.slots.len() * size_of::<Slot>()
    }

    fn get(&self, slot: Slot) -> &[u8] {
        let rest = self.bytes.get(slot.start..).unwrap_or_default();
        rest.get(..slot.length as usize).unwrap_or(rest)
    }

    /// Sorts by eight bytes at a time. What items have in common is looked at once in this way and
    /// not in every comparison, and they have a lot in common: ids, names of packages.
    fn sort(&mut self) {
        let mut slots = std::mem::take(&mut self.slots);
        // Parts that are still to be sorted, whose items are equal up to a position.
        let mut parts = vec![(slots.as_mut_slice(), 0)];
        while let Some((part, position)) = parts.pop() {
            if part.len() <= FEW_ITEMS {
                part.sort_unstable_by(|left, right| {
                    self.rest(*left, position).cmp(self.rest(*right, position))
                });
                continue;
            }
            let position = position + self.common_length(part, position);
            for slot in part.iter_mut() {
                slot.word = word(self.rest(*slot, position));
            }
            // Of items that differ in zeros at the end alone, the shorter one comes first.
            let key = |slot: &Slot| (slot.word, slot.bytes_from(position).min(WORD_BYTES));
            part.sort_unstable_by_key(key);
            let equal = part.chunk_by_mut(|left, right| key(left) == key(right));
            let has_more = |part: &&mut [Slot]| {
                let first = part.first().filter(|_| part.len() > 1);
                first.is_some_and(|slot| slot.bytes_from(position) >= WORD_BYTES)
            };
            let next = position + WORD_BYTES;
            parts.extend(equal.filter(has_more).map(|part| (part, next)));
        }
        self.slots = slots;
    }

    /// Returns how many bytes behind a position all items have in common.
    fn common_length(&self, slots: &[Slot], position: usize) -> usize {
        let Some((first, others)) = slots.split_first() else {
            return 0;
        };
        let mut common = self.rest(*first, position);
        for slot in others {
            let rest = self.rest(*slot, position);
            if !rest.starts_with(common) {
                let pairs = common.iter().zip(rest);
                let length = pairs.take_while(|(left, right)| left == right).count();
                common = common.get(..length).unwrap_or_default();
            }
        }
        common.len()
    }

    /// Returns an item from a position on.
    fn rest(&self, slot: Slot, position: usize) -> &[u8] {
        self.get(slot).get(position..).unwrap_or_default()
    }
}

impl Slot {
    /// Returns how many bytes the item has from a position on.
    fn bytes_from(&self, position: usize) -> usize {
        (self.length as usize).saturating_sub(position)
    }
}

/// Returns the first eight bytes as a number of the same order. Those that are missing are zeros.
fn word(bytes: &[u8]) -> u64 {
    if let Some(word) = bytes.first_chunk() {
        return u64::from_be_bytes(*word);
    }
    let mut word = [0; WORD_BYTES];
    for (to, from) in word.iter_mut().zip(bytes) {
        *to = *from;
    }
    u64::from_be_bytes(word)
}

impl Sorter {
    /// Makes a sorter that holds about `memory_bytes` and spools to `directory`.
    pub(crate) fn new(directory: &Path, memory_bytes: usize) -> Self {
        Self {
            directory: directory.to_owned(),
            memory_bytes,
            items: Items::default(),
            spool: None,
            runs: Vec::new(),
        }
    }

    /// Takes in one item, given in parts.
    pub(crate) fn push(&mut self, parts: &[&[u8]]) -> Result<(), Error> {
        self.items.push(parts);
        if self.items.memory_bytes() >= self.memory_bytes {
            self.spill()?;
        }
        Ok(())
    }

    /// Ends the input and returns the items in order.
    pub(crate) fn finish(mut self) -> Result<Sorted, Error> {
        if self.runs.is_empty() {
            self.items.sort();
            return Sorted::new(vec![Source::Memory(self.items, 0)], &self.directory);
        }
        self.spill()?;
        drop(self.items);
        let spool = self.spool.as_ref().map(|spool| &spool.file);
        let sources = sources(spool, &self.runs);
        Sorted::new(sources, &self.directory)
    }

    fn spill(&mut self) -> Result<(), Error> {
        if self.items.slots.is_empty() {
            return Ok(());
        }
        self.items.sort();
        let items = std::mem::take(&mut self.items);
        let mut sorted = Sorted::new(vec![Source::Memory(items, 0)], &self.directory)?;
        self.write_run(&mut sorted)?;
        if let Some(Source::Memory(mut items, _)) = sorted.finished {
            // The allocations are used again for the next run.
            items.bytes.clear();
            items.slots.clear();
            self.items = items;
        }
        if self.runs.len() >= FAN_IN {
            self.merge_runs()?;
        }
        Ok(())
    }

    fn merge_runs(&mut self) -> Result<(), Error> {
        let runs = std::mem::take(&mut self.runs);
        let spool = self.spool.as_ref().map(|spool| &spool.file);
        let mut sorted = Sorted::new(sources(spool, &runs), &self.directory)?;
        self.write_run(&mut sorted)
    }

    fn write_run(&mut self, sorted: &mut Sorted) -> Result<(), Error> {
        let spool = match &mut self.spool {
            Some(spool) => spool,
            none => none.insert(Spool {
                file: Arc::new(
                    tempfile::tempfile_in(&self.directory)
                        .map_err(Error::io("make a temporary file", &self.directory))?,
                ),
                position: 0,
            }),
        };
        let start = spool.position;
        let mut writer = BufWriter::with_capacity(
            WRITE_BUFFER_BYTES,
            Appender {
                file: Arc::clone(&spool.file),
                position: start,
            },
        );
        let mut end = start;
        let mut write = |bytes: &[u8]| {
            end += bytes.len() as u64;
            writer
                .write_all(bytes)
                .map_err(Error::io("write a temporary file", &self.directory))
        };
        while let Some(item) = sorted.next()? {
            let length = u32::try_from(item.len()).unwrap_or(u32::MAX);
            write(&length.to_le_bytes())?;
            write(item)?;
        }
        writer
            .flush()
            .map_err(Error::io("write a temporary file", &self.directory))?;
        spool.position = end;
        self.runs.push(Run { start, end });
        Ok(())
    }
}

fn sources(spool: Option<&Arc<File>>, runs: &[Run]) -> Vec<Source> {
    spool.map_or_else(Vec::new, |file| {
        runs.iter()
            .map(|run| {
                let part = Part {
                    file: Arc::clone(file),
                    position: run.start,
                    end: run.end,
                };
                Source::Spooled(BufReader::with_capacity(READ_BUFFER_BYTES, part))
            })
            .collect()
    })
}

/// Writes to a file at its own position.
struct Appender {
    file: Arc<File>,
    position: u64,
}

impl Write for Appender {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write_at(bytes, self.position)?;
        self.position += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Reads a part of a file at its own position.
struct Part {
    file: Arc<File>,
    position: u64,
    end: u64,
}

impl Read for Part {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end - self.position).unwrap_or(usize::MAX);
        let wanted = buffer.len().min(left);
        let read = match buffer.get_mut(..wanted) {
            Some(buffer) => self.file.read_at(buffer, self.position)?,
            None => 0,
        };
        self.position += read as u64;
        Ok(read)
    }
}

/// Where sorted items come from.
enum Source {
    Memory(Items, usize),
    Spooled(BufReader<Part>),
}

impl Source {
    /// Puts the next item into `item`; returns false at the end.
    fn read(&mut self, item: &mut Vec<u8>) -> io::Result<bool> {
        item.clear();
        match self {
            Self::Memory(items, next) => {
                let Some(slot) = items.slots.get(*next) else {
                    return Ok(false);
                };
                *next += 1;
                item.extend_from_slice(items.get(*slot));
            }
            Self::Spooled(reader) => {
                if reader.fill_buf()?.is_empty() {
                    return Ok(false);
                }
                let mut length = [0; 4];
                reader.read_exact(&mut length)?;
                // The length is our own: it was an item's length when the run was written.
                item.resize(u32::from_le_bytes(length) as usize, 0);
                reader.read_exact(item)?;
            }
        }
        Ok(true)
    }
}

/// The items of a [`Sorter`], ascending, each once.
pub(crate) struct Sorted {
    heads: BinaryHeap<Head>,
    /// The item that was returned last.
    current: Vec<u8>,
    started: bool,
    directory: PathBuf,
    /// The source that ended last.
    finished: Option<Source>,
}

/// The next item of one source. The greatest head is the one with the least item, as a
/// [`BinaryHeap`] wants it.
struct Head {
    item: Vec<u8>,
    source: Source,
}

impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.item == other.item
    }
}

impl Eq for Head {}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Head {
    fn cmp(&self, other: &Self) -> Ordering {
        other.item.cmp(&self.item)
    }
}

impl Sorted {
    fn new(sources: Vec<Source>, directory: &Path) -> Result<Self, Error> {
        let mut sorted = Self {
            heads: BinaryHeap::new(),
            current: Vec::new(),
            started: false,
            directory: directory.to_owned(),
            finished: None,
        };
        for mut source in sources {
            let mut item = Vec::new();
            if source
                .read(&mut item)
                .map_err(Error::io("read a temporary file", directory))?
            {
                sorted.heads.push(Head { item, source });
            }
        }
        Ok(sorted)
    }

    /// Returns the next item.
    pub(crate) fn next(&mut self) -> Result<Option<&[u8]>, Error> {
        while let Some(mut head) = self.heads.peek_mut() {
            let repeated = self.started && head.item == self.current;
            if !repeated {
                std::mem::swap(&mut self.current, &mut head.item);
            }
            let Head { item, source } = &mut *head;
            let more = source
                .read(item)
                .map_err(Error::io("read a temporary file", &self.directory))?;
            if !more {
                self.finished = Some(PeekMut::pop(head).source);
            }
            if !repeated {
                self.started = true;
                return Ok(Some(&self.current));
            }
        }
        Ok(None)
    }

    /// Makes the error for an item that is not what was put in.
    pub(crate) fn damaged(cause: &'static str) -> Error {
        Section::Spool.corrupt(0, cause)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn sort(items: &[Vec<u8>], memory_bytes: usize) -> Vec<Vec<u8>> {
        let mut input = Sorter::new(&std::env::temp_dir(), memory_bytes);
        for item in items {
            input.push(&[item]).unwrap();
        }
        let mut sorted = input.finish().unwrap();
        let mut out = Vec::new();
        while let Some(item) = sorted.next().unwrap() {
            out.push(item.to_vec());
        }
        out
    }

    proptest! {
        #[test]
        fn sorts_as_a_set_does_whatever_the_memory(
            items in proptest::collection::vec(proptest::collection::vec(0_u8..3, 0..12), 0..200),
            memory_bytes in 1_usize..2000,
        ) {
            let expected: Vec<_> = items.iter().cloned().collect::<BTreeSet<_>>().into_iter().collect();
            prop_assert_eq!(sort(&items, memory_bytes), expected);
        }
    }

    #[test]
    fn more_runs_than_can_be_merged_at_once_are_merged_in_steps() {
        let items: Vec<_> = (0..FAN_IN * 3)
            .rev()
            .map(|n| vec![0, u8::try_from(n).unwrap()])
            .collect();
        let expected: Vec<_> = items.iter().rev().cloned().collect();
        assert_eq!(sort(&items, 1), expected);
    }
}
