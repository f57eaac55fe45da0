use std::cell::RefCell;
use std::io::{self, Cursor, Read, Write};
use std::rc::Rc;

use zstd::stream::{read, write};

/// Bytes that a copy may take. Documents become some fifteen times smaller, so this is the copy of
/// one of 700 MB.
const MAX_BYTES: usize = 48 << 20;

/// The fastest level that still makes documents much smaller.
const LEVEL: i32 = 1;

/// A packed copy of a document in memory, made while it is read for the first time.
///
/// The documents are read twice, and unpacking bzip2 takes longer than everything else together.
/// Of a document that is too large there is no copy.
#[derive(Clone, Default)]
pub(super) struct Copy(Rc<RefCell<Option<write::Encoder<'static, Vec<u8>>>>>);

impl Copy {
    /// Returns the bytes of a document, of which a copy is made as they are read.
    pub(super) fn record(&self, input: Box<dyn Read>) -> Box<dyn Read> {
        *self.0.borrow_mut() = write::Encoder::new(Vec::new(), LEVEL).ok();
        Box::new(Recorder {
            input,
            copy: self.clone(),
        })
    }

    /// Returns the bytes of the document once more, if it was read to its end.
    pub(super) fn take(&self) -> Option<Box<dyn Read>> {
        let packed = self.0.borrow_mut().take()?.finish().ok()?;
        let decoder = read::Decoder::with_buffer(Cursor::new(packed)).ok()?;
        Some(Box::new(decoder))
    }

    fn add(&self, bytes: &[u8]) {
        let mut encoder = self.0.borrow_mut();
        let is_kept = encoder.as_mut().is_some_and(|encoder| {
            encoder.write_all(bytes).is_ok() && encoder.get_ref().len() <= MAX_BYTES
        });
        if !is_kept {
            *encoder = None;
        }
    }
}

struct Recorder {
    input: Box<dyn Read>,
    copy: Copy,
}

impl Read for Recorder {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.input.read(buffer)?;
        self.copy.add(buffer.get(..length).unwrap_or_default());
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copied(length: u64, of: impl Read + 'static) -> Option<Vec<u8>> {
        let copy = Copy::default();
        let mut input = copy.record(Box::new(of.take(length)));
        io::copy(&mut input, &mut io::sink()).unwrap();
        let mut bytes = Vec::new();
        copy.take()?.read_to_end(&mut bytes).unwrap();
        Some(bytes)
    }

    #[test]
    fn a_copy_is_what_was_read() {
        let text = b"<definition/>".repeat(100_000);
        assert_eq!(copied(u64::MAX, Cursor::new(text.clone())), Some(text));
    }

    #[test]
    fn there_is_no_copy_of_what_is_too_large() {
        /// Bytes that cannot be packed.
        struct Noise(u64);
        impl Read for Noise {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                for chunk in buffer.chunks_mut(8) {
                    self.0 ^= self.0 << 13;
                    self.0 ^= self.0 >> 7;
                    self.0 ^= self.0 << 17;
                    let bytes = self.0.to_le_bytes();
                    chunk.copy_from_slice(bytes.get(..chunk.len()).unwrap_or_default());
                }
                Ok(buffer.len())
            }
        }
        assert!(copied(60 << 20, Noise(88_172_645_463_325_252)).is_none());
    }
}
