use std::io::{self, Read};

use crate::DocumentFault;

const CHUNK_BYTES: usize = 64 << 10;

/// How far into a document its XML declaration is looked for.
const DECLARATION_BYTES: usize = 512;

const UTF8_MARK: &[u8] = b"\xef\xbb\xbf";

/// The bytes of a document as UTF-8, whatever they were.
///
/// Bytes that are no UTF-8 in a document that should be UTF-8 become U+FFFD: a description with a
/// stray byte is worth more than none.
pub(super) struct Characters {
    input: Box<dyn Read>,
    encoding: Encoding,
    /// Bytes that were read and not yet converted.
    raw: Vec<u8>,
    has_begun: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Latin1,
}

impl Characters {
    pub(super) fn new(input: Box<dyn Read>) -> Self {
        Self {
            input,
            encoding: Encoding::Utf8,
            raw: Vec::new(),
            has_begun: false,
        }
    }

    /// Replaces the content of a buffer by the next part of the document; by nothing at its end.
    /// The first part contains the XML declaration.
    pub(super) fn read(&mut self, text: &mut Vec<u8>) -> Result<(), ReadFault> {
        text.clear();
        // A part may hold nothing but the beginning of a character.
        while text.is_empty() {
            let missing = CHUNK_BYTES.saturating_sub(self.raw.len()) as u64;
            let length = (&mut self.input)
                .take(missing)
                .read_to_end(&mut self.raw)
                .map_err(ReadFault::Io)?;
            if !self.has_begun {
                self.begin()?;
            }
            if self.raw.is_empty() {
                return Ok(());
            }
            self.convert(length == 0, text);
        }
        Ok(())
    }

    fn begin(&mut self) -> Result<(), ReadFault> {
        self.has_begun = true;
        if self.raw.starts_with(b"\xfe\xff") || self.raw.starts_with(b"\xff\xfe") {
            return Err(ReadFault::Document(DocumentFault::Encoding(
                "UTF-16".into(),
            )));
        }
        if self.raw.starts_with(UTF8_MARK) {
            self.raw.drain(..UTF8_MARK.len());
            return Ok(());
        }
        let Some(name) = declared_encoding(&self.raw) else {
            return Ok(());
        };
        self.encoding = match name.to_ascii_lowercase().as_str() {
            "utf-8" | "utf8" | "us-ascii" | "ascii" => Encoding::Utf8,
            "iso-8859-1" | "latin1" | "iso_8859-1" => Encoding::Latin1,
            _ => return Err(ReadFault::Document(DocumentFault::Encoding(name))),
        };
        Ok(())
    }

    fn convert(&mut self, is_last: bool, text: &mut Vec<u8>) {
        match self.encoding {
            Encoding::Utf8 if std::str::from_utf8(&self.raw).is_ok() => {
                std::mem::swap(&mut self.raw, text);
            }
            Encoding::Utf8 => self.repair(is_last, text),
            Encoding::Latin1 => {
                let mut bytes = [0; 2];
                for &byte in &self.raw {
                    text.extend_from_slice(char::from(byte).encode_utf8(&mut bytes).as_bytes());
                }
                self.raw.clear();
            }
        }
    }

    /// Replaces what is no UTF-8. A character that is only begun is left for the next part.
    fn repair(&mut self, is_last: bool, text: &mut Vec<u8>) {
        let mut begun = 0;
        let mut chunks = self.raw.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            text.extend_from_slice(chunk.valid().as_bytes());
            let invalid = chunk.invalid();
            let may_go_on = std::str::from_utf8(invalid).is_err_and(|e| e.error_len().is_none());
            if chunks.peek().is_none() && may_go_on && !is_last {
                begun = invalid.len();
            } else if !invalid.is_empty() {
                text.extend_from_slice("\u{fffd}".as_bytes());
            }
        }
        self.raw.drain(..self.raw.len() - begun);
    }
}

/// Why the next part of a document cannot be had.
pub(super) enum ReadFault {
    Io(io::Error),
    Document(DocumentFault),
}

/// Returns the encoding that the XML declaration names.
fn declared_encoding(bytes: &[u8]) -> Option<String> {
    let start = bytes.get(..DECLARATION_BYTES).unwrap_or(bytes);
    let start = String::from_utf8_lossy(start);
    let (declaration, _) = start.trim_start().strip_prefix("<?xml")?.split_once("?>")?;
    let (_, value) = declaration.split_once("encoding")?;
    let value = value.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let (name, _) = value.get(1..)?.split_once(quote)?;
    Some(name.trim().to_owned())
}
