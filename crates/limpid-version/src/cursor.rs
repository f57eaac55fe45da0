use crate::number::Number;

/// The part of a version text that has not been read yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(crate) const fn new(rest: &'a [u8]) -> Self {
        Self { rest }
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.rest.is_empty()
    }

    /// Returns the next byte without taking it.
    pub(crate) fn peek(self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// Takes one byte.
    pub(crate) fn skip(&mut self) {
        self.rest = self.rest.get(1..).unwrap_or_default();
    }

    /// Returns so many bytes without taking them, or all that there are.
    pub(crate) fn first(self, length: usize) -> &'a [u8] {
        self.rest.get(..length).unwrap_or(self.rest)
    }

    /// Takes the text if it comes next.
    pub(crate) fn skip_text(&mut self, text: &[u8]) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// Takes everything that is left.
    pub(crate) const fn skip_all(&mut self) {
        self.rest = &[];
    }

    /// Takes the bytes up to the first that does not satisfy the test.
    pub(crate) fn take_while(&mut self, test: impl Fn(u8) -> bool) -> &'a [u8] {
        let end = self.rest.iter().position(|&byte| !test(byte));
        let (taken, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        taken
    }

    /// Takes digits; none at all are the number zero.
    pub(crate) fn number(&mut self) -> Number<'a> {
        Number::new(self.take_while(|byte| byte.is_ascii_digit()))
    }
}
