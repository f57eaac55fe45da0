/// Finds the end of a JSON value in bytes that arrive in pieces.
///
/// Only quotes and brackets are looked at. That the brackets are of the right kinds is left to the
/// parser that reads the value, as is everything else.
#[derive(Default)]
pub(super) struct Extent {
    depth: u64,
    is_in_text: bool,
    is_escaped: bool,
}

impl Extent {
    /// Looks at the next piece. Returns how many of its bytes belong to the value, and whether the
    /// value ends there.
    pub(super) fn advance(&mut self, bytes: &[u8]) -> (usize, bool) {
        for (index, &byte) in bytes.iter().enumerate() {
            if self.is_in_text {
                if self.is_escaped {
                    self.is_escaped = false;
                } else if byte == b'\\' {
                    self.is_escaped = true;
                } else if byte == b'"' {
                    self.is_in_text = false;
                    if self.depth == 0 {
                        return (index + 1, true);
                    }
                }
                continue;
            }
            match byte {
                // A number or a word has no closing mark: it ends in front of what follows.
                b'}' | b']' | b',' | b' ' | b'\t' | b'\r' | b'\n' if self.depth == 0 => {
                    return (index, true);
                }
                b'"' => self.is_in_text = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        return (index + 1, true);
                    }
                }
                _ => {}
            }
        }
        (bytes.len(), false)
    }
}
