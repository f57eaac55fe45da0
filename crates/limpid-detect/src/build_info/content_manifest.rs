//! Content manifests: the repositories that a layer of a Red Hat image was made from.
//!
//! | member | type | meaning |
//! |---|---|---|
//! | `content_sets` | strings | repository ids, such as `rhel-9-for-x86_64-baseos-rpms` |
//! | `from_dnf_hint` | boolean | dnf's history in the image knows better |
//!
//! The schema is `content_manifest.json` of the atomic-reactor build system; Konflux added the
//! hint. Other members are passed over.

use std::fmt;

use limpid_types::ContentManifest;
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// The most ids that a manifest may have. Real ones have some thirty at most.
const MOST_CONTENT_SETS: usize = 10_000;

#[derive(Deserialize)]
struct Document {
    content_sets: Option<ContentSets>,
    from_dnf_hint: Option<bool>,
}

/// Ids that are not empty.
#[derive(Default)]
struct ContentSets(Vec<String>);

impl<'de> Deserialize<'de> for ContentSets {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ContentSetsVisitor)
    }
}

struct ContentSetsVisitor;

impl<'de> Visitor<'de> for ContentSetsVisitor {
    type Value = ContentSets;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of repository ids")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<ContentSets, A::Error> {
        let mut ids = Vec::new();
        while let Some(id) = sequence.next_element::<String>()? {
            if ids.len() == MOST_CONTENT_SETS {
                let why = format_args!("more than {MOST_CONTENT_SETS} content sets");
                return Err(A::Error::custom(why));
            }
            if !id.is_empty() {
                ids.push(id);
            }
        }
        Ok(ContentSets(ids))
    }
}

/// Parses a manifest; an error says what is wrong with it.
pub fn parse(path: &str, json: &[u8]) -> Result<ContentManifest, String> {
    let document: Document = serde_json::from_slice(json)
        .map_err(|error| format!("is not a content manifest: {error}"))?;
    Ok(ContentManifest {
        path: path.to_owned(),
        content_sets: document.content_sets.unwrap_or_default().0,
        from_dnf_hint: document.from_dnf_hint.unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_sets_and_the_hint_are_read() {
        let json = r#"{"metadata":{"image_layer_index":0},"from_dnf_hint":true,
            "content_sets":["ubi-9-baseos-rpms",""],"image_contents":[]}"#;
        let manifest = parse("a.json", json.as_bytes()).unwrap();
        assert_eq!(manifest.content_sets, ["ubi-9-baseos-rpms"]);
        assert!(manifest.from_dnf_hint);
    }

    #[test]
    fn absent_members_are_empty() {
        let manifest = parse("a.json", br#"{"content_sets":null}"#).unwrap();
        assert!(manifest.content_sets.is_empty() && !manifest.from_dnf_hint);
    }

    #[test]
    fn wrong_types_bad_syntax_and_deep_nesting_are_errors() {
        let deep = format!("{{\"a\":{}", "[".repeat(100_000));
        let many = format!("{{\"content_sets\":[{}\"z\"]}}", "\"a\",".repeat(10_000));
        for json in [
            r#"{"content_sets":"one"}"#,
            r#"{"content_sets":[1]}"#,
            r#"{"from_dnf_hint":"yes"}"#,
            "[]",
            "File replaced",
            "",
            &deep,
            &many,
        ] {
            assert!(parse("a.json", json.as_bytes()).is_err(), "{json:.40}");
        }
    }
}
