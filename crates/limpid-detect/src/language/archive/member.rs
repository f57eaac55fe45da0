use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::DeflateDecoder;

use super::{Bounds, Window, damaged};

/// A member of an archive, as its header has it.
#[derive(Default)]
pub(super) struct Member {
    /// Its name: a path with slashes, in UTF-8 or an old code page.
    pub(super) name: Vec<u8>,
    /// Bit 0: encrypted. Bit 3: the sizes follow the data.
    pub(super) flags: u16,
    /// How it is packed.
    pub(super) method: u16,
    /// Packed size in bytes.
    pub(super) packed: u64,
    /// Where its local header is.
    pub(super) header: u64,
}

/// How a member is packed, of what is supported.
#[derive(Clone, Copy)]
pub(super) enum Method {
    /// Not at all.
    Stored,
    /// By "deflate".
    Deflated,
}

/// What a local header starts with.
pub(super) const LOCAL: [u8; 4] = *b"PK\x03\x04";

/// The length of a local header without name and extra fields, in bytes.
pub(super) const LOCAL_BYTES: usize = 30;

/// The extra field with sizes of 64 bits.
const ZIP64: u16 = 1;

/// The size that says that the true one is in the extra field.
pub(super) const SEE_EXTRA: u64 = 0xffff_ffff;

impl Member {
    /// Returns how it is packed, or why it cannot be read.
    pub(super) fn readable(&self) -> io::Result<Method> {
        match self.method {
            _ if self.flags & 1 != 0 => Err(damaged("it is encrypted")),
            0 => Ok(Method::Stored),
            8 => Ok(Method::Deflated),
            method => Err(damaged(format!("unknown compression method: {method}"))),
        }
    }

    /// Tells whether the sizes follow the data and the header has none.
    pub(super) fn has_descriptor(&self) -> bool {
        self.flags & 8 != 0
    }

    /// Finds the data of a member that the central directory lists.
    pub(super) fn data<'a>(&self, archive: Window<'a>) -> io::Result<Window<'a>> {
        let local: [u8; LOCAL_BYTES] = archive.array(self.header)?;
        if !local.starts_with(&LOCAL) {
            return Err(damaged("there is no member where the directory says"));
        }
        let before =
            LOCAL_BYTES as u64 + u64::from(u16_at(&local, 26)) + u64::from(u16_at(&local, 28));
        Ok(archive.part(self.header.saturating_add(before), self.packed))
    }
}

/// Puts the true numbers in the place of those that say that they are in the extra fields. They
/// are there in this order, and only those that are wanted.
pub(super) fn widen(extra: &[u8], numbers: &mut [&mut u64]) {
    let mut rest = extra;
    while let Some((head, tail)) = rest.split_at_checked(4) {
        let (id, len) = (u16_at(head, 0), usize::from(u16_at(head, 2)));
        let Some((field, next)) = tail.split_at_checked(len) else {
            return;
        };
        if id == ZIP64 {
            let wide = field
                .as_chunks::<8>()
                .0
                .iter()
                .map(|bytes| u64::from_le_bytes(*bytes));
            let wanted = numbers.iter_mut().filter(|number| ***number == SEE_EXTRA);
            for (number, wide) in wanted.zip(wide) {
                **number = wide;
            }
            return;
        }
        rest = next;
    }
}

/// Returns what deflated data inflates to.
pub(super) fn inflated<'a, R: BufRead + 'a>(packed: R, bounds: &'a Bounds) -> impl BufRead + 'a {
    BufReader::new(Inflated {
        decoder: DeflateDecoder::new(packed),
        bounds,
    })
}

struct Inflated<'a, R> {
    decoder: DeflateDecoder<R>,
    bounds: &'a Bounds,
}

impl<R: BufRead> Read for Inflated<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.decoder.read(buffer)?;
        self.bounds.count_bytes(read)?;
        Ok(read)
    }
}

/// Reads a number of 16 bits; 0 when it is not there.
pub(super) fn u16_at(bytes: &[u8], offset: usize) -> u16 {
    let number = bytes.get(offset..).and_then(|bytes| bytes.first_chunk());
    number.map_or(0, |number| u16::from_le_bytes(*number))
}

/// Reads a number of 32 bits; 0 when it is not there.
pub(super) fn u32_at(bytes: &[u8], offset: usize) -> u64 {
    let number = bytes.get(offset..).and_then(|bytes| bytes.first_chunk());
    number.map_or(0, |number| u64::from(u32::from_le_bytes(*number)))
}

/// Reads a number of 64 bits; 0 when it is not there.
pub(super) fn u64_at(bytes: &[u8], offset: usize) -> u64 {
    let number = bytes.get(offset..).and_then(|bytes| bytes.first_chunk());
    number.map_or(0, |number| u64::from_le_bytes(*number))
}
