//! Decodes a document into typed structures, as strictly as Clair does.
//!
//! Keys of structures are found in any case. A key that a structure does not have is a fault, and
//! does not hide further ones. A key whose value is null counts as absent.

use std::cell::RefCell;
use std::fmt;

use serde::de::value::StringDeserializer;
use serde::de::{
    self, Deserialize, DeserializeSeed, Deserializer, Expected, MapAccess, SeqAccess, Unexpected,
    Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::{Map, Value};

use crate::error::Fault;
use crate::key_path::KeyPath;
use crate::limits;
use crate::suggestion::nearest;

/// Decodes a whole document, or names every fault that could be found.
pub(crate) fn decode<T: for<'de> Deserialize<'de>>(document: Value) -> Result<T, Vec<Fault>> {
    let unknown = RefCell::new(Vec::new());
    let root = Node {
        value: document,
        path: KeyPath::default(),
        unknown: &unknown,
    };
    let decoded = T::deserialize(root);
    let mut faults = unknown.into_inner();
    match decoded {
        Ok(decoded) if faults.is_empty() => Ok(decoded),
        Ok(_) => Err(faults),
        Err(error) => {
            faults.push(Fault::new(error.path.unwrap_or_default(), error.text));
            Err(faults)
        }
    }
}

/// One value of the document, and where it stands.
struct Node<'a> {
    value: Value,
    path: KeyPath,
    unknown: &'a RefCell<Vec<Fault>>,
}

/// A value that does not fit.
#[derive(Debug)]
struct Mismatch {
    path: Option<KeyPath>,
    text: String,
}

impl Mismatch {
    /// Adds the place, unless a deeper one is known.
    fn at(mut self, path: &KeyPath) -> Self {
        self.path.get_or_insert_with(|| path.clone());
        self
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Mismatch {}

impl de::Error for Mismatch {
    fn custom<T: fmt::Display>(text: T) -> Self {
        Self {
            path: None,
            text: text.to_string(),
        }
    }

    /// Names what was found by its kind only: the value may be a secret.
    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let found = match found {
            Unexpected::Bool(_) => "a boolean",
            Unexpected::Unsigned(_) | Unexpected::Signed(_) => "a whole number",
            Unexpected::Float(_) => "a fractional number",
            Unexpected::Str(_) => "a text",
            Unexpected::Unit | Unexpected::Option => "null",
            Unexpected::Seq => "a list",
            Unexpected::Map => "a mapping",
            _ => "something else",
        };
        Self::custom(format_args!("expected {expected}, found {found}"))
    }
}

impl<'de> Deserializer<'de> for Node<'_> {
    type Error = Mismatch;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        match self.value {
            Value::Object(object) => visit_entries(object, &self.path, self.unknown, visitor),
            Value::Array(items) => {
                let items = Items {
                    rest: items.into_iter().enumerate(),
                    path: &self.path,
                    unknown: self.unknown,
                };
                visitor
                    .visit_seq(items)
                    .map_err(|error| error.at(&self.path))
            }
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(value),
            Value::String(value) => visitor.visit_string(value),
            Value::Number(number) => {
                if let Some(value) = number.as_u64() {
                    visitor.visit_u64(value)
                } else if let Some(value) = number.as_i64() {
                    visitor.visit_i64(value)
                } else {
                    visitor.visit_f64(number.as_f64().unwrap_or(f64::NAN))
                }
            }
        }
        .map_err(|error: Mismatch| error.at(&self.path))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        match self.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        let Value::Object(object) = self.value else {
            // Structures would also take their fields from lists.
            let error: Mismatch = de::Error::invalid_type(kind(&self.value), &"a mapping");
            return Err(error.at(&self.path));
        };
        let known = known_entries(object, fields, &self.path, self.unknown);
        visit_entries(known, &self.path, self.unknown, visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

fn kind(value: &Value) -> Unexpected<'_> {
    match value {
        Value::Null => Unexpected::Unit,
        Value::Bool(value) => Unexpected::Bool(*value),
        Value::Number(number) => match number.as_u64() {
            Some(number) => Unexpected::Unsigned(number),
            None => Unexpected::Float(0.0),
        },
        Value::String(text) => Unexpected::Str(text),
        Value::Array(_) => Unexpected::Seq,
        Value::Object(_) => Unexpected::Map,
    }
}

fn visit_entries<'de, V: Visitor<'de>>(
    object: Map<String, Value>,
    path: &KeyPath,
    unknown: &RefCell<Vec<Fault>>,
    visitor: V,
) -> Result<V::Value, Mismatch> {
    let entries = Entries {
        rest: object.into_iter(),
        pending: None,
        path,
        unknown,
    };
    visitor.visit_map(entries).map_err(|error| error.at(path))
}

/// Keeps what the structure has, under the structure's spelling, and notes what it has not.
fn known_entries(
    object: Map<String, Value>,
    fields: &[&str],
    path: &KeyPath,
    unknown: &RefCell<Vec<Fault>>,
) -> Map<String, Value> {
    let mut known = Map::new();
    for (key, value) in object {
        let field = fields.iter().find(|field| field.eq_ignore_ascii_case(&key));
        let Some(field) = field else {
            if unknown.borrow().len() >= limits::UNKNOWN_KEYS {
                continue;
            }
            let text = match nearest(&key, fields) {
                Some(near) => format!("unknown key, did you mean {near}?"),
                None => "unknown key".to_owned(),
            };
            unknown.borrow_mut().push(Fault::new(path.key(&key), text));
            continue;
        };
        // The exact spelling wins over others.
        if !value.is_null() && (key == *field || !known.contains_key(*field)) {
            known.insert((*field).to_owned(), value);
        }
    }
    known
}

struct Entries<'a> {
    rest: serde_json::map::IntoIter,
    pending: Option<(KeyPath, Value)>,
    path: &'a KeyPath,
    unknown: &'a RefCell<Vec<Fault>>,
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Mismatch;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Mismatch> {
        let Some((key, value)) = self.rest.next() else {
            return Ok(None);
        };
        self.pending = Some((self.path.key(&key), value));
        let key: StringDeserializer<Mismatch> = de::IntoDeserializer::into_deserializer(key);
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Mismatch> {
        let (path, value) = self
            .pending
            .take()
            .ok_or_else(|| de::Error::custom("value asked for before its key"))?;
        let unknown = self.unknown;
        let at = path.clone();
        seed.deserialize(Node {
            value,
            path,
            unknown,
        })
        .map_err(|error| error.at(&at))
    }
}

struct Items<'a> {
    rest: std::iter::Enumerate<std::vec::IntoIter<Value>>,
    path: &'a KeyPath,
    unknown: &'a RefCell<Vec<Fault>>,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Mismatch;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Mismatch> {
        let Some((index, value)) = self.rest.next() else {
            return Ok(None);
        };
        let path = self.path.index(index);
        let unknown = self.unknown;
        let at = path.clone();
        seed.deserialize(Node {
            value,
            path,
            unknown,
        })
        .map(Some)
        .map_err(|error| error.at(&at))
    }
}
