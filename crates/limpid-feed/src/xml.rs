//! Reads XML documents that are long lists of records, one record at a time.
//!
//! The reader enters the outer elements and hands out each inner one as a [`Record`], within a
//! bound. So memory does not depend on the document, every record has a byte offset in the unpacked
//! document, and a record that is too large, too deep or uses entities costs nothing but itself.
//!
//! | input | outcome |
//! |---|---|
//! | gzip, bzip2, xz, zstd, plain | unpacked, recognised by content |
//! | UTF-8, ISO-8859-1 | read; bytes that are no UTF-8 become U+FFFD |
//! | any other encoding | fault of the document |
//! | the five entities of XML, character references | replaced |
//! | any other entity | fault of the record: nothing is ever expanded |
//! | DOCTYPE that declares something itself | fault of the document |
//! | text over the limit | fault of the record; the rest of the text is passed by |
//! | tag, comment or CDATA section over the limit | fault of the document |
//! | end of the document in the middle of an element | fault of the document |

mod bounded;
mod characters;
mod record;
#[cfg(test)]
mod tests;

use std::io::{BufRead as _, Read};

use quick_xml::Reader;
use quick_xml::errors::Error;
use quick_xml::events::{BytesStart, Event};

use crate::unpack::unpack;
use crate::{DocumentFault, FeedError, Limits, ReadSeek};
use bounded::Bounded;
use record::Tree;

pub(crate) use record::{Element, Record};

/// Levels of elements in a document. What is deeper is no document that was made to be read.
const MAX_DEPTH: usize = 4096;

/// How much of a document that is something else is quoted.
const QUOTED_CHARS: usize = 40;

/// A position in an XML document.
pub(crate) struct XmlReader {
    url: String,
    reader: Reader<Bounded>,
    /// The bytes of the current event.
    buffer: Vec<u8>,
    /// The element in front of which the position is.
    pending: Option<BytesStart<'static>>,
    tree: Tree,
    record_bytes: usize,
    /// The first characters of the document.
    begins: String,
}

/// An element in front of which the reader stopped.
pub(crate) struct Child {
    /// Its name without a namespace prefix.
    pub(crate) name: String,
    /// Where it begins in the unpacked document.
    pub(crate) offset: u64,
}

impl XmlReader {
    /// Starts at the beginning of a document, packed or not.
    pub(crate) fn open(
        url: &str,
        input: Box<dyn ReadSeek>,
        limits: &Limits,
    ) -> Result<Self, FeedError> {
        match unpack(input) {
            Ok(unpacked) => Ok(Self::of_unpacked(url, unpacked, limits)),
            Err(source) => {
                let fault = DocumentFault::Unreadable { offset: 0, source };
                Err(FeedError::document(url, fault))
            }
        }
    }

    /// Starts at the beginning of a document that is not packed.
    pub(crate) fn of_unpacked(url: &str, unpacked: Box<dyn Read>, limits: &Limits) -> Self {
        let bounded = Bounded::new(unpacked, limits.record_bytes, limits.unpacked_bytes);
        let mut reader = Reader::from_reader(bounded);
        let config = reader.config_mut();
        config.expand_empty_elements = true;
        // A stray `&` is an error of whoever wrote the text, and the rest is still worth reading.
        config.allow_dangling_amp = true;
        Self {
            url: url.to_owned(),
            reader,
            buffer: Vec::new(),
            pending: None,
            tree: Tree::default(),
            record_bytes: limits.record_bytes,
            begins: String::new(),
        }
    }

    /// Enters the outermost element, which must have this name.
    pub(crate) fn enter_root(&mut self, name: &'static str) -> Result<(), FeedError> {
        self.peek_beginning()?;
        let root = self.next_start()?;
        if root.is_some_and(|root| root.name == name) {
            self.enter();
            return Ok(());
        }
        Err(self.fail(DocumentFault::WrongFormat {
            expected: name,
            begins: self.begins.clone(),
        }))
    }

    /// Goes into the element in front of which the reader stopped.
    pub(crate) fn enter(&mut self) {
        self.pending = None;
    }

    /// Stops in front of the next element inside the current one. After the last one leaves the
    /// current one and returns none. An element that was neither entered nor read is passed by.
    pub(crate) fn next_child(&mut self) -> Result<Option<Child>, FeedError> {
        self.skip()?;
        self.next_start()
    }

    /// Returns an attribute of the element in front of which the reader stopped.
    pub(crate) fn attribute(&self, name: &str) -> Option<String> {
        let start = self.pending.as_ref()?;
        let attribute = start.try_get_attribute(name).ok()??;
        let value = quick_xml::escape::unescape(&attribute.value).ok()?;
        Some(value.into_owned())
    }

    /// Reads the element in front of which the reader stopped.
    pub(crate) fn record(&mut self) -> Result<Record<'_>, FeedError> {
        let Some(start) = self.pending.take() else {
            return Ok(Record::Faulty("no element".into()));
        };
        self.tree.begin(self.record_bytes);
        self.tree.start(&start);
        self.reader.get_mut().take_cut();
        let mut depth = 1;
        while depth > 0 {
            match read(&mut self.reader, &mut self.buffer, &self.url)? {
                Event::Start(start) => {
                    depth += 1;
                    self.tree.start(&start);
                }
                Event::End(_) => {
                    depth -= 1;
                    self.tree.end();
                }
                Event::Text(text) => self.tree.push_text(&text.xml10_content()),
                Event::CData(text) => self.tree.push_text(&text.xml10_content()),
                Event::GeneralRef(reference) => self.tree.push_reference(&reference),
                Event::Eof => return Err(self.truncated()),
                _ => {}
            }
            if depth > MAX_DEPTH {
                return Err(self.too_deep());
            }
        }
        if self.reader.get_mut().take_cut() {
            self.tree.text_was_cut();
        }
        Ok(self.tree.finish())
    }

    /// Passes the element by in front of which the reader stopped.
    pub(crate) fn skip(&mut self) -> Result<(), FeedError> {
        let mut depth = usize::from(self.pending.take().is_some());
        while depth > 0 {
            match read(&mut self.reader, &mut self.buffer, &self.url)? {
                Event::Start(_) => depth += 1,
                Event::End(_) => depth -= 1,
                Event::Eof => return Err(self.truncated()),
                _ => {}
            }
            if depth > MAX_DEPTH {
                return Err(self.too_deep());
            }
        }
        Ok(())
    }

    /// Makes sure that nothing follows the outermost element.
    pub(crate) fn finish(&mut self) -> Result<(), FeedError> {
        loop {
            let offset = self.offset();
            let found = match read(&mut self.reader, &mut self.buffer, &self.url)? {
                Event::Eof => return Ok(()),
                Event::Text(text) => text.trim_start().chars().next(),
                Event::Start(_) | Event::End(_) | Event::CData(_) => Some('<'),
                Event::GeneralRef(_) => Some('&'),
                _ => None,
            };
            if let Some(found) = found {
                return Err(self.fail(DocumentFault::Unexpected {
                    offset,
                    expected: "the end of the document",
                    found,
                }));
            }
        }
    }

    /// Makes the error of this document.
    pub(crate) fn fail(&self, fault: DocumentFault) -> FeedError {
        FeedError::document(&self.url, fault)
    }

    fn offset(&mut self) -> u64 {
        self.reader.get_mut().offset()
    }

    /// Looks at how the document begins, so that one that is something else can be quoted.
    fn peek_beginning(&mut self) -> Result<(), FeedError> {
        let input = self.reader.get_mut();
        if input.fill_buf().is_err() {
            let fault = input.take_failure().unwrap_or(DocumentFault::Absent);
            return Err(self.fail(fault));
        }
        let start = input.rest();
        let start = start.get(..4 * QUOTED_CHARS).unwrap_or(start);
        let start = String::from_utf8_lossy(start);
        let start = start.trim_start();
        self.begins = start.chars().take(QUOTED_CHARS).collect();
        if start.is_empty() || start.starts_with('<') {
            return Ok(());
        }
        Err(self.fail(DocumentFault::WrongFormat {
            expected: "XML",
            begins: self.begins.clone(),
        }))
    }

    fn next_start(&mut self) -> Result<Option<Child>, FeedError> {
        loop {
            let offset = self.offset();
            match read(&mut self.reader, &mut self.buffer, &self.url)? {
                Event::Start(start) => {
                    let child = Child {
                        name: start.local_name().as_ref().to_owned(),
                        offset,
                    };
                    self.pending = Some(start.into_owned());
                    return Ok(Some(child));
                }
                Event::End(_) => return Ok(None),
                Event::Eof => return Err(self.truncated()),
                _ => {}
            }
        }
    }

    fn truncated(&mut self) -> FeedError {
        let offset = self.offset();
        self.fail(DocumentFault::Truncated {
            offset,
            expected: "the rest of an element",
        })
    }

    fn too_deep(&self) -> FeedError {
        self.fail(DocumentFault::OverLimit {
            what: "levels of elements",
            limit: MAX_DEPTH as u64,
        })
    }
}

/// Reads the next event.
fn read<'b>(
    reader: &mut Reader<Bounded>,
    buffer: &'b mut Vec<u8>,
    url: &str,
) -> Result<Event<'b>, FeedError> {
    buffer.clear();
    reader.get_mut().begin_event();
    let offset = reader.get_mut().offset();
    match reader.read_event_into(buffer) {
        // What a document declares for itself are entities, and default values of attributes that a
        // reader would have to know.
        Ok(Event::DocType(text)) if text.contains('[') => Err(FeedError::document(
            url,
            DocumentFault::Declarations { offset },
        )),
        Ok(event) => Ok(event),
        Err(error) => Err(FeedError::document(url, fault(reader, offset, error))),
    }
}

fn fault(reader: &mut Reader<Bounded>, offset: u64, error: Error) -> DocumentFault {
    let input = reader.get_mut();
    if let Some(failure) = input.take_failure() {
        return failure;
    }
    if input.has_ended() {
        return DocumentFault::Truncated {
            offset: input.offset(),
            expected: "the rest of an element",
        };
    }
    DocumentFault::Malformed {
        offset,
        source: error,
    }
}
