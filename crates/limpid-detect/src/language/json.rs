//! JSON documents of any size, read member by member and never held.

use std::borrow::Cow;
use std::fmt;
use std::io::{BufRead, Read};

use limpid_layer::Content;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{File, Found};
use crate::detector::reader as content_reader;

/// Takes the parts of one value of a document. What it does not ask for is passed over, and so is
/// a value of another sort than it expects.
pub(super) trait Reader {
    /// Takes one member of an object: its value, exactly once.
    fn member<'de, A: MapAccess<'de>>(
        &mut self,
        _key: &str,
        values: &mut A,
    ) -> Result<(), A::Error> {
        skip(values)
    }

    /// Takes one element of an array; false at its end.
    fn element<'de, A: SeqAccess<'de>>(&mut self, elements: &mut A) -> Result<bool, A::Error> {
        Ok(elements.next_element::<IgnoredAny>()?.is_some())
    }
}

/// Gives the value of one member of an object to a reader and passes over the others.
pub(super) struct Only<'n, R>(pub(super) &'n str, pub(super) R);

impl<R: Reader> Reader for Only<'_, R> {
    fn member<'de, A: MapAccess<'de>>(
        &mut self,
        key: &str,
        values: &mut A,
    ) -> Result<(), A::Error> {
        if key == self.0 {
            value(values, &mut self.1)
        } else {
            skip(values)
        }
    }
}

/// Reads the document that a file is. What was found before an error counts.
///
/// Objects and arrays that are nested more deeply than `serde_json` allows are such an error.
pub(super) fn read(
    file: &File<'_>,
    found: &mut Found<'_>,
    read: impl FnOnce(Source<'_>, &mut Found<'_>) -> Result<(), serde_json::Error>,
) {
    let size = size(&file.content);
    let lease = (size > SMALL).then(|| found.lease(size));
    if let Some(None) = lease {
        return found.unreadable("the memory budget has no room for it");
    }
    if let Err(error) = read(Source(&file.content), found) {
        found.unreadable(error.to_string());
    }
}

/// Above this size memory is taken for a document: one of its texts may be as long as all of it,
/// and a text with escapes is copied.
const SMALL: u64 = 1 << 20;

/// What some editors put before UTF-8.
const MARK: &[u8] = b"\xEF\xBB\xBF";

/// A document that is to be read.
pub(super) struct Source<'a>(&'a Content<'a>);

impl Source<'_> {
    /// Reads the whole of it.
    pub(super) fn into(self, reader: &mut impl Reader) -> Result<(), serde_json::Error> {
        match *self.0 {
            Content::Memory(bytes) => read_bytes(bytes, reader),
            Content::Spooled(_) => {
                let mut content = content_reader(self.0);
                if content
                    .fill_buf()
                    .is_ok_and(|start| start.starts_with(MARK))
                {
                    content.consume(MARK.len());
                }
                document(serde_json::Deserializer::from_reader(content), reader)
            }
        }
    }
}

/// Reads a document that is in memory.
pub(super) fn read_bytes(bytes: &[u8], reader: &mut impl Reader) -> Result<(), serde_json::Error> {
    let bytes = bytes.strip_prefix(MARK).unwrap_or(bytes);
    document(serde_json::Deserializer::from_slice(bytes), reader)
}

/// Reads a document that comes out of a decoder.
pub(super) fn read_stream(
    content: impl Read,
    reader: &mut impl Reader,
) -> Result<(), serde_json::Error> {
    document(serde_json::Deserializer::from_reader(content), reader)
}

fn document<'de, R: serde_json::de::Read<'de>>(
    mut document: serde_json::Deserializer<R>,
    reader: &mut impl Reader,
) -> Result<(), serde_json::Error> {
    Fill(reader).deserialize(&mut document)?;
    document.end()
}

fn size(content: &Content<'_>) -> u64 {
    match *content {
        Content::Memory(bytes) => bytes.len() as u64,
        // A size that cannot be had is taken for a large one, for which there is no memory.
        Content::Spooled(file) => file.metadata().map_or(u64::MAX, |metadata| metadata.len()),
    }
}

/// Gives the value of a member to a reader.
pub(super) fn value<'de, A: MapAccess<'de>>(
    values: &mut A,
    reader: &mut impl Reader,
) -> Result<(), A::Error> {
    values.next_value_seed(Fill(reader))
}

/// Gives the next element of an array to a reader; false when there is none.
pub(super) fn next<'de, A: SeqAccess<'de>>(
    elements: &mut A,
    reader: &mut impl Reader,
) -> Result<bool, A::Error> {
    Ok(elements.next_element_seed(Fill(reader))?.is_some())
}

/// Passes over the value of a member.
pub(super) fn skip<'de, A: MapAccess<'de>>(values: &mut A) -> Result<(), A::Error> {
    values.next_value::<IgnoredAny>().map(drop)
}

/// Returns the value of a member if it is a text, else an empty one.
pub(super) fn text<'de, A: MapAccess<'de>>(values: &mut A) -> Result<String, A::Error> {
    let Scalar { text, .. } = values.next_value()?;
    Ok(text.trim().to_owned())
}

/// Returns whether the value of a member is true.
pub(super) fn flag<'de, A: MapAccess<'de>>(values: &mut A) -> Result<bool, A::Error> {
    Ok(values.next_value::<Scalar<'_>>()?.is_true)
}

/// A text or a flag; anything else is neither.
#[derive(Default)]
pub(super) struct Scalar<'a> {
    /// The text, or empty.
    pub(super) text: Cow<'a, str>,
    /// Whether it is true.
    pub(super) is_true: bool,
}

impl<'de> Deserialize<'de> for Scalar<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

/// Implements what a visitor does with values that its reader has no use for.
macro_rules! pass_over_numbers {
    ($nothing:expr) => {
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok($nothing)
        }

        fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
            Ok($nothing)
        }

        fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
            Ok($nothing)
        }

        fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
            Ok($nothing)
        }
    };
}

struct ScalarVisitor;

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = Scalar<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Scalar {
            text: Cow::Borrowed(text),
            is_true: false,
        })
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Scalar {
            text: Cow::Owned(text.to_owned()),
            is_true: false,
        })
    }

    fn visit_bool<E>(self, is_true: bool) -> Result<Self::Value, E> {
        Ok(Scalar {
            text: Cow::Borrowed(""),
            is_true,
        })
    }

    pass_over_numbers!(Scalar::default());

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        while elements.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar::default())
    }
}

/// Gives a value to a reader.
struct Fill<'a, R>(&'a mut R);

impl<'de, R: Reader> DeserializeSeed<'de> for Fill<'_, R> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, R: Reader> Visitor<'de> for Fill<'_, R> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    pass_over_numbers!(());

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        while self.0.element(&mut elements)? {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(key) = members.next_key::<Scalar<'_>>()? {
            self.0.member(&key.text, &mut members)?;
        }
        Ok(())
    }
}
