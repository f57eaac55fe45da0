use std::borrow::Cow;
use std::fs::File;
use std::marker::PhantomData;
use std::os::unix::fs::FileExt as _;

use limpid_layer::Content;
use object::pod::{Pod, slice_from_bytes};

/// The most that is read at once, in bytes, so that no length in a file decides about memory.
pub(super) const MOST_AT_ONCE: usize = 1 << 20;

/// The bytes of a file, or of a part of it, read at positions. Bytes in memory are not copied.
#[derive(Clone, Copy)]
pub(super) struct Bytes<'a> {
    source: Source<'a>,
    /// Where the part begins in the file.
    start: u64,
    /// How many bytes it has.
    length: u64,
}

#[derive(Clone, Copy)]
enum Source<'a> {
    Memory(&'a [u8]),
    File(&'a File),
}

impl<'a> Bytes<'a> {
    /// Takes the whole of a content. A file whose size cannot be had counts as empty.
    pub(super) fn new(content: &Content<'a>) -> Self {
        let (source, length) = match *content {
            Content::Memory(bytes) => (Source::Memory(bytes), bytes.len() as u64),
            Content::Spooled(file) => {
                let length = file.metadata().map_or(0, |metadata| metadata.len());
                (Source::File(file), length)
            }
        };
        Self {
            source,
            start: 0,
            length,
        }
    }

    /// Returns a part; none when it is not all there.
    pub(super) fn part(&self, offset: u64, length: u64) -> Option<Self> {
        let end = offset.checked_add(length)?;
        (end <= self.length).then_some(Self {
            source: self.source,
            start: self.start.checked_add(offset)?,
            length,
        })
    }

    /// Reads so many bytes; none when they are not all there, or more than [`MOST_AT_ONCE`].
    pub(super) fn read(&self, offset: u64, length: usize) -> Option<Cow<'a, [u8]>> {
        if length > MOST_AT_ONCE {
            return None;
        }
        let part = self.part(offset, length as u64)?;
        match part.source {
            Source::Memory(bytes) => {
                let start = usize::try_from(part.start).ok()?;
                let bytes = bytes.get(start..)?.get(..length)?;
                Some(Cow::Borrowed(bytes))
            }
            Source::File(file) => {
                let mut bytes = vec![0; length];
                file.read_exact_at(&mut bytes, part.start).ok()?;
                Some(Cow::Owned(bytes))
            }
        }
    }

    /// Reads as many bytes as there are, at most so many and at most [`MOST_AT_ONCE`].
    pub(super) fn read_up_to(&self, offset: u64, most: u64) -> Cow<'a, [u8]> {
        let length = self.length.saturating_sub(offset).min(most);
        let length = length.min(MOST_AT_ONCE as u64);
        self.read(offset, usize::try_from(length).unwrap_or(0))
            .unwrap_or_default()
    }
}

/// Rows of a fixed size that follow each other in a file.
pub(super) struct Table<'a, T> {
    bytes: Cow<'a, [u8]>,
    rows: PhantomData<T>,
}

impl<'a, T: Pod> Table<'a, T> {
    /// Reads as many rows as there are, at most so many and at most [`MOST_AT_ONCE`] bytes of them.
    pub(super) fn read(bytes: Bytes<'a>, offset: u64, most: u64) -> Self {
        let most = most.saturating_mul(size_of::<T>() as u64);
        Self {
            bytes: bytes.read_up_to(offset, most),
            rows: PhantomData,
        }
    }

    /// Returns the rows.
    pub(super) fn rows(&self) -> &[T] {
        let count = self.bytes.len() / size_of::<T>();
        slice_from_bytes(&self.bytes, count).map_or(&[], |(rows, _)| rows)
    }
}
