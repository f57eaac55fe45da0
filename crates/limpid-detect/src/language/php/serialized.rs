//! PHP's serialisation of values, as a flat run of texts and other values with their depths.
//!
//! | value | form |
//! |---|---|
//! | text | `s:LENGTH:"…";` |
//! | number, flag | `i:1;` `d:0.5;` `b:1;` |
//! | null | `N;` |
//! | array | `a:COUNT:{KEY VALUE …}` |
//! | object | `O:LENGTH:"CLASS":COUNT:{KEY VALUE …}` |
//!
//! Lengths are of bytes. Nothing else stands in records of packages.

/// A text, number or flag.
pub(super) struct Event<'a> {
    /// In how many arrays and objects it is.
    pub(super) depth: usize,
    /// Whether it is the key of a value.
    pub(super) key: bool,
    /// A text, or how the number is written.
    pub(super) text: &'a [u8],
}

/// What is read is no serialised value.
pub(super) struct Broken;

/// Reads the parts of a value.
pub(super) struct Events<'a> {
    rest: &'a [u8],
    /// For each array or object that is open, whether a key is next.
    open: Vec<bool>,
    is_begun: bool,
}

/// Records are nested less than ten times.
const DEEPEST: usize = 64;

impl<'a> Events<'a> {
    pub(super) fn new(content: &'a [u8]) -> Self {
        Self {
            rest: content,
            open: Vec::new(),
            is_begun: false,
        }
    }

    /// Returns the next part; none at the end.
    pub(super) fn next(&mut self) -> Result<Option<Event<'a>>, Broken> {
        while !self.is_begun || !self.open.is_empty() {
            self.is_begun = true;
            let (&kind, rest) = self.rest.split_first().ok_or(Broken)?;
            match kind {
                b'}' => {
                    self.rest = rest;
                    self.open.pop().ok_or(Broken)?;
                    self.ends_value();
                }
                b'a' => {
                    self.until(b'{')?;
                    self.opens()?;
                }
                b'O' => {
                    self.quoted()?;
                    self.until(b'{')?;
                    self.opens()?;
                }
                b's' => {
                    let text = self.quoted()?;
                    self.rest = self.rest.strip_prefix(b";").ok_or(Broken)?;
                    return Ok(Some(self.event(text)));
                }
                b'i' | b'd' | b'b' | b'N' | b'r' | b'R' => {
                    let text = self.until(b';')?;
                    return Ok(Some(self.event(text)));
                }
                _ => return Err(Broken),
            }
        }
        Ok(None)
    }

    fn event(&mut self, text: &'a [u8]) -> Event<'a> {
        let key = self.open.last().is_some_and(|&is_key| is_key);
        let depth = self.open.len();
        self.ends_value();
        Event { depth, key, text }
    }

    /// After a key comes a value, and after a value a key.
    fn ends_value(&mut self) {
        if let Some(is_key) = self.open.last_mut() {
            *is_key = !*is_key;
        }
    }

    fn opens(&mut self) -> Result<(), Broken> {
        // An array is no key.
        let is_key = self.open.last().is_some_and(|&is_key| is_key);
        if is_key || self.open.len() >= DEEPEST {
            return Err(Broken);
        }
        self.open.push(true);
        Ok(())
    }

    /// Takes everything up to a byte, and the byte.
    fn until(&mut self, end: u8) -> Result<&'a [u8], Broken> {
        let at = self.rest.iter().position(|&byte| byte == end);
        let (text, rest) = self
            .rest
            .split_at_checked(at.ok_or(Broken)?)
            .ok_or(Broken)?;
        self.rest = rest.get(1..).ok_or(Broken)?;
        Ok(text)
    }

    /// Takes `X:LENGTH:"…"`, and returns what is quoted.
    fn quoted(&mut self) -> Result<&'a [u8], Broken> {
        let head = self.until(b'"')?;
        let (text, rest) = length(head)
            .and_then(|length| self.rest.split_at_checked(length))
            .ok_or(Broken)?;
        self.rest = rest.strip_prefix(b"\"").ok_or(Broken)?;
        Ok(text)
    }
}

/// Returns the length in `X:LENGTH:`.
fn length(head: &[u8]) -> Option<usize> {
    let digits = head.get(2..)?.strip_suffix(b":")?;
    str::from_utf8(digits).ok()?.parse().ok()
}
