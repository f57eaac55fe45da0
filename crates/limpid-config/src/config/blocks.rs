use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use crate::secret::{Address, Secret};

/// Settings of single detectors, matchers or feeds, by name; what is inside is up to each.
#[derive(Clone, Default, PartialEq, Deserialize)]
#[serde(transparent)]
pub struct Blocks(pub BTreeMap<String, Value>);

impl Blocks {
    /// Says whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the settings under a name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }
}

impl fmt::Debug for Blocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let blocks = self.0.iter();
        f.debug_map()
            .entries(blocks.map(|(name, value)| (name, shown(name, value))))
            .finish()
    }
}

/// Hides what looks like a secret, as no structure says where secrets are.
impl Serialize for Blocks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(
            self.0
                .iter()
                .map(|(name, value)| (name, shown(name, value))),
        )
    }
}

const SECRET_WORDS: [&str; 5] = ["pass", "secret", "token", "auth", "credential"];

fn shown(key: &str, value: &Value) -> Value {
    let key = key.to_ascii_lowercase();
    match value {
        // Documents are bounded in depth when they are read.
        Value::Object(object) => object
            .iter()
            .map(|(key, value)| (key.clone(), shown(key, value)))
            .collect(),
        Value::Array(items) => items.iter().map(|item| shown(&key, item)).collect(),
        _ if SECRET_WORDS.iter().any(|word| key.contains(word)) => {
            serde_json::to_value(Secret::new(value.to_string())).unwrap_or_default()
        }
        Value::String(text) if text.contains("://") => Address::new(text).redacted().into(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn blocks_hide_what_looks_like_a_secret() {
        let blocks: Blocks = serde_json::from_value(json!({
            "osv": {"url": "https://user:word@mirror/osv", "api_token": "abc", "allow": ["go"]}
        }))
        .unwrap();
        assert_eq!(
            serde_json::to_value(&blocks).unwrap(),
            json!({"osv": {
                "url": "https://redacted@mirror/osv",
                "api_token": "<redacted>",
                "allow": ["go"],
            }})
        );
    }
}
