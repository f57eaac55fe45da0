use std::collections::BTreeMap;
use std::fmt;

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::{Digest, Vulnerability};

/// Vulnerabilities for which manifests are looked up, in Clair v4's wire shape.
///
/// Clair reads `{"vulnerabilities": [..]}`, its documents show a bare list. Both are read; the
/// former is written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct VulnerabilitySummaries {
    /// The vulnerabilities.
    pub vulnerabilities: Vec<Vulnerability>,
}

/// Which manifests are affected by which vulnerabilities, in Clair v4's wire shape.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AffectedManifests {
    /// All vulnerabilities that were asked for, by their ids.
    pub vulnerabilities: BTreeMap<String, Vulnerability>,
    /// By manifest the ids of what affects it, most severe first.
    pub vulnerable_manifests: BTreeMap<Digest, Vec<String>>,
}

impl<'de> Deserialize<'de> for VulnerabilitySummaries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EitherForm;

        impl<'de> Visitor<'de> for EitherForm {
            type Value = Vec<Vulnerability>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with vulnerabilities, or a list of them")
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Vec::new())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut vulnerabilities = Vec::new();
                while let Some(vulnerability) = list.next_element()? {
                    vulnerabilities.push(vulnerability);
                }
                Ok(vulnerabilities)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut vulnerabilities = Vec::new();
                while let Some(name) = map.next_key::<String>()? {
                    if name == "vulnerabilities" {
                        vulnerabilities = map
                            .next_value::<Option<Vec<Vulnerability>>>()?
                            .unwrap_or_default();
                    } else {
                        map.next_value::<serde::de::IgnoredAny>()?;
                    }
                }
                Ok(vulnerabilities)
            }
        }

        let vulnerabilities = deserializer.deserialize_any(EitherForm)?;
        Ok(Self { vulnerabilities })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<usize, serde_json::Error> {
        serde_json::from_str::<VulnerabilitySummaries>(text).map(|read| read.vulnerabilities.len())
    }

    #[test]
    fn the_object_and_the_bare_list_are_read() {
        let one = r#"{"id":"1","updater":"u","name":"CVE-1","description":"","issued":"0001-01-01T00:00:00Z",
            "links":"","severity":"high","normalized_severity":"High","fixed_in_version":"",
            "package":{"name":"a"},"distribution":{},"repository":{}}"#;
        let other_fields = format!(r#"{{"more":[1],"vulnerabilities":[{one},{one}]}}"#);
        assert_eq!(read(&other_fields).unwrap(), 2);
        assert_eq!(read(&format!("[{one}]")).unwrap(), 1);
    }

    #[test]
    fn nothing_is_an_empty_list() {
        for text in ["{}", "[]", "null", r#"{"vulnerabilities":null}"#] {
            assert_eq!(read(text).unwrap(), 0, "{text}");
        }
    }

    #[test]
    fn a_text_is_refused() {
        assert!(read(r#""CVE-1""#).is_err());
    }
}
