use std::fmt;

use jiff::Timestamp;
use limpid_types::{Vulnerability, ZERO_TIME};
use serde::de::{Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::extract::Describe;

/// How many vulnerabilities a question may have; Clair's own client sends 1000. Three bytes of a
/// body can be one of them, which takes hundreds of bytes, so that a limit on bytes is none here.
const LARGEST: usize = 10_000;

/// Vulnerabilities to look up manifests for: `{"vulnerabilities": [..]}`, which is what Clair
/// reads, or a bare list, which is what its document shows.
#[derive(Debug)]
pub(super) struct Question(pub(super) Vec<Vulnerability>);

impl Describe for Question {
    const FAILURE: &'static str = "failed to deserialize vulnerabilities";
}

impl<'de> Deserialize<'de> for Question {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EitherForm).map(Self)
    }
}

struct EitherForm;

impl<'de> Visitor<'de> for EitherForm {
    type Value = Vec<Vulnerability>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with vulnerabilities, or a list of them")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
        List.visit_seq(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut vulnerabilities = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            if name == "vulnerabilities" {
                let list: Option<Bounded> = map.next_value()?;
                vulnerabilities = list.map_or_else(Vec::new, |list| list.0);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(vulnerabilities)
    }
}

/// A list of not too many vulnerabilities.
struct Bounded(Vec<Vulnerability>);

impl<'de> Deserialize<'de> for Bounded {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(List).map(Self)
    }
}

struct List;

impl<'de> Visitor<'de> for List {
    type Value = Vec<Vulnerability>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of vulnerabilities")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut vulnerabilities = Vec::new();
        while let Some(vulnerability) = list.next_element::<Vulnerability>()? {
            if vulnerabilities.len() == LARGEST {
                let message = format!("too many vulnerabilities, limit: {LARGEST}");
                return Err(A::Error::custom(message));
            }
            vulnerabilities.push(with_time(vulnerability)?);
        }
        Ok(vulnerabilities)
    }
}

/// Refuses a time that is none, and gives the one that stands for none to a vulnerability without:
/// what is asked about is answered again, and other clients than the one who asks read it there.
fn with_time<E: serde::de::Error>(mut vulnerability: Vulnerability) -> Result<Vulnerability, E> {
    let issued = &mut vulnerability.issued;
    if issued.is_empty() {
        ZERO_TIME.clone_into(issued);
    } else if let Err(error) = issued.parse::<Timestamp>() {
        return Err(E::custom(format!("invalid issued time: {error}")));
    }
    Ok(vulnerability)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<usize, String> {
        let read = serde_json::from_str::<Question>(text);
        read.map(|question| question.0.len())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn either_form_is_read_and_nothing_is_an_empty_list() {
        for (text, length) in [
            ("[{},{\"id\":\"1\"}]", 2),
            ("{\"more\":[1],\"vulnerabilities\":[{}]}", 1),
            ("{\"vulnerabilities\":null}", 0),
            ("{}", 0),
            ("[]", 0),
            ("null", 0),
        ] {
            assert_eq!(read(text), Ok(length), "{text}");
        }
        assert!(read("\"CVE-1\"").is_err());
    }

    #[test]
    fn a_time_that_is_none_is_refused_and_one_that_is_missing_is_the_zero_time() {
        for issued in ["yesterday", "2026-01-01", "2026-13-01T00:00:00Z", "0"] {
            let refused = read(&format!(r#"[{{"issued":"{issued}"}}]"#)).unwrap_err();
            assert!(refused.starts_with("invalid issued time: "), "{refused}");
        }
        for (json, expected) in [
            (
                r#"{"issued":"2026-01-01T02:03:04.5+01:00"}"#,
                "2026-01-01T02:03:04.5+01:00",
            ),
            (r#"{"issued":"0001-01-01T00:00:00Z"}"#, ZERO_TIME),
            ("{}", ZERO_TIME),
        ] {
            let Question(read) = serde_json::from_str(&format!("[{json}]")).unwrap();
            assert_eq!(read[0].issued, expected);
        }
    }

    #[test]
    fn many_are_refused_before_they_are_all_in_memory() {
        let list = |count: usize| format!("[{}]", vec!["{}"; count].join(","));
        assert_eq!(read(&list(LARGEST)), Ok(LARGEST));
        // What comes behind the limit is not even looked at.
        let many = list(LARGEST + 1).replace(']', ",!");
        for text in [many.clone(), format!("{{\"vulnerabilities\":{many}}}")] {
            let refused = read(&text).unwrap_err();
            let message = "too many vulnerabilities, limit: 10000";
            assert!(refused.starts_with(message), "{refused}");
        }
    }
}
