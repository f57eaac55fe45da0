//! Reads JSON documents that are one large object or array, a member or an element at a time.
//!
//! The reader follows the structure of the outer levels and cuts the values out of it, within a
//! bound and without interpreting them; `serde_json` then interprets each value by itself. So
//! memory does not depend on the document, every record has a byte offset, and a record with
//! nonsense inside costs nothing but itself as long as its quotes and brackets pair up.

mod bounded;
mod extent;

use std::io::Read;

use crate::text::name_fault;
use crate::{DocumentFault, FeedError, ReadSeek};
use extent::Extent;

pub(crate) use bounded::{Elements, Members};

const BUFFER_BYTES: usize = 64 << 10;

/// Bytes of a member name that are read at all; names of records have a tighter limit.
const NAME_BYTES: usize = 4 << 10;

/// How much of a document that is not JSON is quoted.
const QUOTED_CHARS: usize = 40;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A position in a JSON document.
pub(crate) struct JsonReader {
    url: String,
    input: Box<dyn ReadSeek>,
    buffer: Vec<u8>,
    position: usize,
    /// Offset in the document of the first byte of the buffer.
    base: u64,
    /// Whether an object or array was just entered, so that no comma is due.
    is_fresh: bool,
    value: Vec<u8>,
    record_bytes: usize,
}

/// The name of a member.
pub(crate) struct Name {
    /// The name, or what is left of it when it could not be read.
    pub(crate) text: String,
    error: Option<String>,
}

impl Name {
    /// Says why this cannot be the name of a record; nothing when it can be.
    pub(crate) fn fault(&self) -> Option<String> {
        let error = self.error.clone();
        error.or_else(|| name_fault(&self.text).map(str::to_owned))
    }
}

/// A value that was cut out of the document.
pub(crate) enum Value<'a> {
    /// Its bytes.
    Whole(&'a [u8]),
    /// It was longer than the limit on records.
    TooLarge,
}

impl JsonReader {
    /// Starts at the beginning of a document.
    pub(crate) fn new(url: &str, input: Box<dyn ReadSeek>, record_bytes: usize) -> Self {
        Self {
            url: url.to_owned(),
            input,
            buffer: Vec::new(),
            position: 0,
            base: 0,
            is_fresh: true,
            value: Vec::new(),
            record_bytes,
        }
    }

    /// Enters the object that the document is.
    pub(crate) fn enter_document(&mut self) -> Result<(), FeedError> {
        self.begin()?;
        self.expect(b'{', "an object")?;
        self.is_fresh = true;
        Ok(())
    }

    /// Enters the array that the document is.
    pub(crate) fn enter_document_array(&mut self) -> Result<(), FeedError> {
        self.begin()?;
        self.enter_array("an array")
    }

    /// Makes sure that the document looks like JSON at all.
    fn begin(&mut self) -> Result<(), FeedError> {
        self.fill()?;
        if self.rest().starts_with(BYTE_ORDER_MARK) {
            self.position += BYTE_ORDER_MARK.len();
        }
        match self.peek_after_blanks()? {
            Some(b'{' | b'[' | b'"') | None => Ok(()),
            Some(_) => Err(self.fail(DocumentFault::WrongFormat {
                expected: "JSON",
                begins: quote(self.rest()),
            })),
        }
    }

    /// Enters the object that is the next value. If the next value is something else, stays in
    /// front of it and returns false.
    pub(crate) fn enter_object(&mut self) -> Result<bool, FeedError> {
        let is_object = self.peek_after_blanks()? == Some(b'{');
        if is_object {
            self.expect(b'{', "an object")?;
            self.is_fresh = true;
        }
        Ok(is_object)
    }

    /// Enters the array that the next value must be.
    pub(crate) fn enter_array(&mut self, expected: &'static str) -> Result<(), FeedError> {
        self.expect(b'[', expected)?;
        self.is_fresh = true;
        Ok(())
    }

    /// Reads the name of the next member of an object and stops in front of its value. After the
    /// last member leaves the object and returns none.
    pub(crate) fn next_member(&mut self) -> Result<Option<Name>, FeedError> {
        if !self.step(b'}', "`,` or `}`")? {
            return Ok(None);
        }
        let name = self.name()?;
        self.expect(b':', "`:`")?;
        self.peek_after_blanks()?;
        Ok(Some(name))
    }

    /// Stops in front of the next element of an array. After the last one leaves the array and
    /// returns false.
    pub(crate) fn next_element(&mut self) -> Result<bool, FeedError> {
        let has_more = self.step(b']', "`,` or `]`")?;
        if has_more {
            self.peek_after_blanks()?;
        }
        Ok(has_more)
    }

    /// Returns how many bytes lie before the current position.
    pub(crate) fn offset(&self) -> u64 {
        self.base + self.position as u64
    }

    /// Reads the next value.
    pub(crate) fn value(&mut self) -> Result<Value<'_>, FeedError> {
        let fits = self.cut(self.record_bytes)?;
        Ok(if fits {
            Value::Whole(&self.value)
        } else {
            Value::TooLarge
        })
    }

    /// Passes the next value by.
    pub(crate) fn skip_value(&mut self) -> Result<(), FeedError> {
        self.cut(0).map(drop)
    }

    /// Makes sure that nothing follows.
    pub(crate) fn finish(&mut self) -> Result<(), FeedError> {
        match self.peek_after_blanks()? {
            None => Ok(()),
            Some(found) => Err(self.unexpected("the end of the document", found)),
        }
    }

    /// Moves to the next member or element, or out of the container.
    fn step(&mut self, closing: u8, expected: &'static str) -> Result<bool, FeedError> {
        let is_first = std::mem::replace(&mut self.is_fresh, false);
        if self.peek_after_blanks()? == Some(closing) {
            self.position += 1;
            return Ok(false);
        }
        if !is_first {
            self.expect(b',', expected)?;
        }
        Ok(true)
    }

    fn name(&mut self) -> Result<Name, FeedError> {
        match self.peek_after_blanks()? {
            Some(b'"') => {}
            Some(found) => return Err(self.unexpected("a member name", found)),
            None => return Err(self.truncated("a member name")),
        }
        let parsed = if self.cut(NAME_BYTES)? {
            serde_json::from_slice(&self.value).map_err(|error| error.to_string())
        } else {
            Err("name over the size limit".to_owned())
        };
        Ok(match parsed {
            Ok(text) => Name { text, error: None },
            Err(error) => Name {
                text: String::from_utf8_lossy(&self.value).into_owned(),
                error: Some(error),
            },
        })
    }

    /// Copies the next value, or passes it by when it is longer than a limit, and tells which.
    fn cut(&mut self, max_bytes: usize) -> Result<bool, FeedError> {
        self.peek_after_blanks()?;
        self.is_fresh = false;
        self.value.clear();
        let mut extent = Extent::default();
        let mut fits = true;
        loop {
            if self.rest().is_empty() && !self.fill()? {
                return Err(self.truncated("the rest of a value"));
            }
            let (length, is_complete) = extent.advance(self.rest());
            fits = fits && self.value.len() + length <= max_bytes;
            if fits {
                let part = self.buffer.get(self.position..self.position + length);
                self.value.extend_from_slice(part.unwrap_or_default());
            }
            self.position += length;
            if is_complete {
                return Ok(fits);
            }
        }
    }

    fn expect(&mut self, byte: u8, expected: &'static str) -> Result<(), FeedError> {
        match self.peek_after_blanks()? {
            Some(found) if found == byte => {
                self.position += 1;
                Ok(())
            }
            Some(found) => Err(self.unexpected(expected, found)),
            None => Err(self.truncated(expected)),
        }
    }

    fn peek_after_blanks(&mut self) -> Result<Option<u8>, FeedError> {
        loop {
            let rest = self.rest();
            let blanks = rest.iter().take_while(|&&byte| is_blank(byte)).count();
            let next = rest.get(blanks).copied();
            self.position += blanks;
            if next.is_some() || !self.fill()? {
                return Ok(next);
            }
        }
    }

    fn rest(&self) -> &[u8] {
        self.buffer.get(self.position..).unwrap_or_default()
    }

    /// Replaces the buffer, which has been used up, and tells whether there was anything left.
    fn fill(&mut self) -> Result<bool, FeedError> {
        self.base += self.position as u64;
        self.position = 0;
        self.buffer.clear();
        let outcome = (&mut self.input)
            .take(BUFFER_BYTES as u64)
            .read_to_end(&mut self.buffer);
        match outcome {
            Ok(_) => Ok(!self.buffer.is_empty()),
            Err(source) => Err(self.fail(DocumentFault::Unreadable {
                offset: self.base + self.buffer.len() as u64,
                source,
            })),
        }
    }

    fn truncated(&self, expected: &'static str) -> FeedError {
        self.fail(DocumentFault::Truncated {
            offset: self.offset(),
            expected,
        })
    }

    fn unexpected(&self, expected: &'static str, found: u8) -> FeedError {
        self.fail(DocumentFault::Unexpected {
            offset: self.offset(),
            expected,
            found: char::from(found),
        })
    }

    /// Makes the error of this document.
    pub(crate) fn fail(&self, fault: DocumentFault) -> FeedError {
        FeedError::document(&self.url, fault)
    }
}

/// Returns the first characters of a document, to show what it is.
fn quote(bytes: &[u8]) -> String {
    let start = bytes.get(..4 * QUOTED_CHARS).unwrap_or(bytes);
    String::from_utf8_lossy(start)
        .chars()
        .take(QUOTED_CHARS)
        .collect()
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}
