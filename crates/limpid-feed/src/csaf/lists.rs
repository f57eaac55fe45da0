//! Reads JSON arrays an element at a time, so that memory does not grow with them.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// A text that is copied only where it has escapes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize)]
#[serde(transparent)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

/// Hands the elements of an array over, each on its own: what is wrong with one is its own error.
///
/// The whole fails only when it is no array. Nothing at all, or null, is an array without elements.
pub(super) fn each<'a, T: Deserialize<'a>>(
    array: Option<&'a RawValue>,
    mut take: impl FnMut(Result<T, serde_json::Error>),
) -> Result<(), serde_json::Error> {
    let Some(array) = array else {
        return Ok(());
    };
    let mut take = |element: &'a RawValue| take(serde_json::from_str(element.get()));
    let mut deserializer = serde_json::Deserializer::from_str(array.get());
    deserializer.deserialize_any(Elements {
        take: &mut take,
        lifetime: PhantomData,
    })
}

struct Elements<'t, 'a, F: FnMut(&'a RawValue)> {
    take: &'t mut F,
    lifetime: PhantomData<&'a ()>,
}

impl<'a, F: FnMut(&'a RawValue)> Visitor<'a> for Elements<'_, 'a, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut sequence: A) -> Result<(), A::Error> {
        while let Some(element) = sequence.next_element()? {
            (self.take)(element);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(array: &str) -> Vec<Option<String>> {
        let raw: Box<RawValue> = serde_json::from_str(array).unwrap();
        let mut found = Vec::new();
        each::<Text<'_>>(Some(&raw), |text| {
            found.push(text.ok().map(|text| text.0.into_owned()));
        })
        .unwrap();
        found
    }

    #[test]
    fn an_element_of_another_type_costs_itself() {
        let expected = [Some("a".to_owned()), None, Some("b\"c".to_owned())];
        assert_eq!(texts(r#"["a", 1, "b\"c"]"#), expected);
        assert!(texts("null").is_empty());
    }
}
