//! Finds where in the files a key stands, once it is known to be wrong.

use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

use crate::document::{Document, Format, yaml_options};
use crate::error::{Fault, Position};
use crate::key_path::Segment;

/// A file and, if it is a patch, the places that it touched.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) document: Document,
    pub(crate) touched: Option<Vec<String>>,
}

/// Says of each fault which file is to blame: the last one that says something about the key, or
/// else about what the key stands in.
pub(crate) fn locate(faults: &mut [Fault], sources: &[Source]) {
    for fault in faults {
        let mut segments = fault.path.segments();
        while let Some((_, parents)) = segments.split_last() {
            let found = sources
                .iter()
                .rev()
                .find_map(|source| Some((source, source.position(segments)?)));
            if let Some((source, position)) = found {
                fault.file = Some(source.document.path.clone());
                fault.position = position;
                break;
            }
            segments = parents;
        }
    }
}

impl Source {
    /// Returns where the file speaks of a key; the inner option is empty where that is not known.
    #[expect(
        clippy::option_option,
        reason = "a file may be known without a place in it"
    )]
    fn position(&self, segments: &[Segment]) -> Option<Option<Position>> {
        match &self.touched {
            None => position(&self.document, segments).map(Some),
            Some(touched) => touched
                .iter()
                .any(|pointer| is_above(pointer, segments))
                .then_some(None),
        }
    }
}

/// Says whether a JSON pointer names a place or something that the place is in.
fn is_above(pointer: &str, segments: &[Segment]) -> bool {
    let tokens: Vec<&str> = pointer.split('/').skip(1).collect();
    tokens.len() <= segments.len()
        && tokens
            .iter()
            .zip(segments)
            .all(|(token, segment)| match segment {
                Segment::Key(key) => token
                    .replace("~1", "/")
                    .replace("~0", "~")
                    .eq_ignore_ascii_case(key),
                Segment::Index(index) => *token == "-" || token.parse() == Ok(*index),
            })
}

/// Reads the file once more, up to the key, where reading is made to fail: the error has the place.
fn position(document: &Document, segments: &[Segment]) -> Option<Position> {
    match document.format {
        Format::Json => {
            let mut deserializer = serde_json::Deserializer::from_str(&document.text);
            let error = Seek(segments).deserialize(&mut deserializer).err()?;
            is_found(&error).then(|| Position {
                line: error.line() as u64,
                column: error.column() as u64,
            })
        }
        Format::Yaml => {
            let seek = |deserializer: serde_saphyr::Deserializer<'_, '_>| {
                Seek(segments).deserialize(deserializer)
            };
            let result = serde_saphyr::with_deserializer_from_str_with_options(
                &document.text,
                yaml_options(),
                seek,
            );
            let error = result.err()?;
            let location = error.location().filter(|_| is_found(&error))?;
            Some(Position {
                line: location.line(),
                column: location.column(),
            })
        }
    }
}

const FOUND: &str = "the key that is looked for is here";

fn is_found(error: &impl fmt::Display) -> bool {
    error.to_string().contains(FOUND)
}

/// Goes to a place and fails there.
struct Seek<'a>(&'a [Segment]);

impl<'de> DeserializeSeed<'de> for Seek<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match self.0.first() {
            None => {
                deserializer.deserialize_ignored_any(IgnoredAny)?;
                Err(D::Error::custom(FOUND))
            }
            Some(Segment::Key(_)) => deserializer.deserialize_map(self),
            Some(Segment::Index(_)) => deserializer.deserialize_seq(self),
        }
    }
}

impl<'de> Visitor<'de> for Seek<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the key that is looked for")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Some((Segment::Key(wanted), rest)) = self.0.split_first() else {
            return Ok(());
        };
        let seek = SeekKey {
            wanted,
            is_last: rest.is_empty(),
        };
        while let Some(is_wanted) = map.next_key_seed(seek)? {
            if is_wanted {
                map.next_value_seed(Seek(rest))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let Some((Segment::Index(wanted), rest)) = self.0.split_first() else {
            return Ok(());
        };
        for _ in 0..*wanted {
            if seq.next_element::<IgnoredAny>()?.is_none() {
                return Ok(());
            }
        }
        seq.next_element_seed(Seek(rest)).map(drop)
    }
}

/// Compares a key with the wanted one, and fails at it when the place ends there.
#[derive(Clone, Copy)]
struct SeekKey<'a> {
    wanted: &'a str,
    is_last: bool,
}

impl<'de> DeserializeSeed<'de> for SeekKey<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for SeekKey<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: serde::de::Error>(self, key: &str) -> Result<bool, E> {
        let is_wanted = key.eq_ignore_ascii_case(self.wanted);
        if is_wanted && self.is_last {
            return Err(E::custom(FOUND));
        }
        Ok(is_wanted)
    }
}
