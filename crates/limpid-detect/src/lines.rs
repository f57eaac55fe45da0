use std::io::{self, BufRead};

/// Reads lines of hostile text: bounded in length, with the offset of each.
///
/// A longer line is cut at the limit and the rest of it passed over, since no field that matters
/// is that long. Line ends (`\n`, `\r\n`) are taken off.
pub(crate) struct Lines<R> {
    reader: R,
    limit: usize,
    line: Vec<u8>,
    offset: u64,
    next_offset: u64,
}

/// The longest line that is kept whole, in bytes. dpkg's `Conffiles` and `Depends` stay far below.
pub(crate) const LONGEST_LINE: usize = 64 << 10;

impl<R: BufRead> Lines<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self {
            reader,
            limit: LONGEST_LINE,
            line: Vec::new(),
            offset: 0,
            next_offset: 0,
        }
    }

    /// Moves to the next line; false at the end.
    pub(crate) fn advance(&mut self) -> io::Result<bool> {
        self.line.clear();
        self.offset = self.next_offset;
        loop {
            let available = match self.reader.fill_buf() {
                Ok(available) => available,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if available.is_empty() {
                self.trim();
                return Ok(self.next_offset > self.offset);
            }
            let end = available.iter().position(|&byte| byte == b'\n');
            let taken = end.unwrap_or(available.len());
            let room = self.limit.saturating_sub(self.line.len()).min(taken);
            self.line
                .extend_from_slice(available.get(..room).unwrap_or_default());
            let consumed = taken + usize::from(end.is_some());
            self.reader.consume(consumed);
            self.next_offset += consumed as u64;
            if end.is_some() {
                self.trim();
                return Ok(true);
            }
        }
    }

    /// Returns the current line.
    pub(crate) fn line(&self) -> &[u8] {
        &self.line
    }

    /// Returns the offset of the current line in bytes.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    fn trim(&mut self) {
        if self.line.last() == Some(&b'\r') {
            self.line.pop();
        }
    }
}

/// Returns text as a string, invalid UTF-8 replaced, blanks around it taken off.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.trim_ascii()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(input: &[u8]) -> Vec<(u64, String)> {
        let mut lines = Lines::new(input);
        let mut found = Vec::new();
        while lines.advance().unwrap() {
            found.push((lines.offset(), text(lines.line())));
        }
        found
    }

    #[test]
    fn the_last_line_needs_no_newline() {
        assert_eq!(
            all(b"a\r\n\nb"),
            [(0, "a".into()), (3, String::new()), (4, "b".into())]
        );
    }

    #[test]
    fn a_long_line_is_cut_and_the_next_one_is_whole() {
        let mut input = vec![b'x'; LONGEST_LINE * 3];
        input.extend_from_slice(b"\nnext\n");
        let found = all(&input);
        assert_eq!(found[0].1.len(), LONGEST_LINE);
        assert_eq!(found[1].1, "next");
    }
}
