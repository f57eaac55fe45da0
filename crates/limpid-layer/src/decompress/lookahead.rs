use std::io::{self, BufRead, Read};

/// Bytes that the head of any supported stream has at most, as far as it is looked at: a zstd
/// frame header.
const HEAD: u64 = 18;

/// A reader whose next few bytes can be looked at, wherever its buffers happen to end.
#[derive(Debug)]
pub(crate) struct Lookahead<R> {
    head: Vec<u8>,
    at: usize,
    inner: R,
    consumed: u64,
}

impl<R: BufRead> Lookahead<R> {
    pub(crate) fn new(inner: R) -> Self {
        Self {
            head: Vec::new(),
            at: 0,
            inner,
            consumed: 0,
        }
    }

    /// Returns the next bytes without consuming them; fewer than 18 only before the end.
    pub(crate) fn peek(&mut self) -> io::Result<&[u8]> {
        self.head.drain(..self.at);
        self.at = 0;
        let missing = HEAD.saturating_sub(self.head.len() as u64);
        self.inner
            .by_ref()
            .take(missing)
            .read_to_end(&mut self.head)?;
        Ok(&self.head)
    }

    /// Returns how many bytes were consumed.
    pub(crate) fn consumed(&self) -> u64 {
        self.consumed
    }

    pub(crate) fn fill_buf(&mut self) -> io::Result<&[u8]> {
        match self.head.get(self.at..) {
            Some(rest) if !rest.is_empty() => Ok(rest),
            _ => self.inner.fill_buf(),
        }
    }

    pub(crate) fn consume(&mut self, count: usize) {
        self.consumed += count as u64;
        if self.at < self.head.len() {
            self.at += count;
        } else {
            self.inner.consume(count);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    #[test]
    fn peeked_bytes_come_again_even_across_buffers() {
        let bytes: Vec<u8> = (0..100).collect();
        let mut reader = Lookahead::new(BufReader::with_capacity(7, bytes.as_slice()));
        assert_eq!(reader.peek().unwrap(), &bytes[..18]);
        reader.consume(5);
        assert_eq!(reader.peek().unwrap(), &bytes[5..23]);
        let mut rest = Vec::new();
        loop {
            let chunk = reader.fill_buf().unwrap().to_vec();
            if chunk.is_empty() {
                break;
            }
            reader.consume(chunk.len());
            rest.extend(chunk);
        }
        assert_eq!(rest, &bytes[5..]);
        assert_eq!(reader.consumed(), 100);
    }
}
