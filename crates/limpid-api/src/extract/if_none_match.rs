use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::HeaderValue;
use axum::http::header::IF_NONE_MATCH;
use axum::http::request::Parts;

/// The tag of a representation, as it stands in the header `ETag`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntityTag(HeaderValue);

impl EntityTag {
    /// Makes a strong tag of a token. What may not stand in a tag is left out.
    pub fn strong(token: &str) -> Self {
        let token = token
            .chars()
            .filter(|c| ('!'..='~').contains(c) && *c != '"');
        let quoted = format!("\"{}\"", token.collect::<String>());
        // Only visible ASCII is left.
        Self(HeaderValue::try_from(quoted).unwrap_or_else(|_| HeaderValue::from_static("\"\"")))
    }

    /// Returns the value of the header, quotes included.
    pub fn header(&self) -> HeaderValue {
        self.0.clone()
    }

    fn opaque(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// The header `If-None-Match` of a request: which representations the client has already.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IfNoneMatch(Vec<HeaderValue>);

impl IfNoneMatch {
    /// Tells whether the client has what a tag stands for. Weak tags are compared without their
    /// mark (RFC 9110 section 13.1.2); `*` stands for anything there is.
    pub fn matches(&self, tag: &EntityTag) -> bool {
        self.0.iter().any(|line| {
            let line = line.as_bytes().trim_ascii();
            line == b"*" || Tags(line).any(|listed| listed == tag.opaque())
        })
    }
}

impl<S: Sync> FromRequestParts<S> for IfNoneMatch {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let lines = parts.headers.get_all(IF_NONE_MATCH);
        Ok(Self(lines.into_iter().cloned().collect()))
    }
}

/// Yields the tags of a list with their quotes. A tag may hold commas, so that the list cannot be
/// split by them. What is no tag ends the list.
struct Tags<'a>(&'a [u8]);

impl<'a> Iterator for Tags<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let begin = self.0.iter().position(|byte| !b" \t,".contains(byte))?;
        let rest = self.0.get(begin..)?;
        let rest = rest.strip_prefix(b"W/").unwrap_or(rest);
        let inner = rest.strip_prefix(b"\"")?;
        let end = inner.iter().position(|byte| *byte == b'"')?;
        let (tag, rest) = rest.split_at_checked(end + 2)?;
        self.0 = rest;
        Some(tag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(lines: &[&'static str]) -> bool {
        let lines = lines.iter().map(|line| HeaderValue::from_static(line));
        IfNoneMatch(lines.collect()).matches(&EntityTag::strong("a,b"))
    }

    #[test]
    fn a_tag_is_found_in_lists_and_in_further_lines() {
        assert!(matches(&["\"a,b\""]));
        assert!(matches(&["\"x\", \"a,b\" , \"y\""]));
        assert!(matches(&["\"x\"", "W/\"y\",W/\"a,b\""]));
        assert!(matches(&[" * "]));
    }

    #[test]
    fn what_is_no_tag_matches_nothing() {
        assert!(!matches(&[]));
        for line in [
            "",
            "a,b",
            "\"a\", \"b\"",
            "\"a,b",
            "*, \"x\"",
            "w/\"a,b\"",
            "\"\"",
        ] {
            assert!(!matches(&[line]), "{line}");
        }
    }

    #[test]
    fn a_tag_is_always_a_header() {
        assert_eq!(EntityTag::strong("s\u{e9}\n\"t").header(), "\"st\"");
    }
}
