//! Values of attributes, by section 5.3.2 of NISTIR 7695.
//!
//! Letters, digits and `_` stand for themselves and other printable characters have a backslash
//! before them. At either end there may be one unquoted `*` or any number of unquoted `?`.

use super::{CpeError, CpeValue};

impl CpeValue {
    /// Reads a text with quoted punctuation; an empty text is any value.
    pub fn parse(text: &str) -> Result<Self, CpeError> {
        Self::checked(text.to_owned()).map_err(|cause| CpeError {
            cause,
            name: text.chars().take(200).collect(),
        })
    }

    /// Makes a value of a text that was quoted.
    pub(super) fn checked(mut text: String) -> Result<Self, &'static str> {
        if text.is_empty() {
            return Ok(Self::Any);
        }
        let literal = without_wildcards(&text);
        if literal.is_empty() && text.contains('*') {
            return Err("nothing but a wildcard");
        }
        if text == r"\-" {
            return Err("a single hyphen, which means that there is no value");
        }
        let mut bytes = literal.bytes();
        while let Some(byte) = bytes.next() {
            match byte {
                b'\\' => match bytes.next() {
                    Some(quoted) if quoted.is_ascii_punctuation() => {}
                    _ => return Err("a backslash without punctuation after it"),
                },
                b'*' | b'?' => return Err("a wildcard where none may be"),
                b'_' => {}
                _ if byte.is_ascii_alphanumeric() => {}
                _ if byte.is_ascii_punctuation() => return Err("punctuation that is not quoted"),
                _ => return Err("a character that is not printable ASCII"),
            }
        }
        text.make_ascii_lowercase();
        Ok(Self::Text(text.into_boxed_str()))
    }

    /// Returns the text without its quotes, if it is one without wildcards.
    pub fn literal(&self) -> Option<String> {
        match self {
            Self::Text(text) if without_wildcards(text) == &**text => Some(unquoted(text)),
            _ => None,
        }
    }
}

/// Returns a text without the wildcards at its ends.
pub(super) fn without_wildcards(text: &str) -> &str {
    let start = text
        .strip_prefix('*')
        .unwrap_or_else(|| text.trim_start_matches('?'));
    if let Some(end) = start.strip_suffix('*') {
        return if ends_quoting(end) { start } else { end };
    }
    let end = start.trim_end_matches('?');
    // The first question mark is no wildcard when it is quoted, but those after it are.
    if end.len() < start.len() && ends_quoting(end) {
        return start.get(..=end.len()).unwrap_or(start);
    }
    end
}

/// Tells whether the last character is a backslash that quotes what follows.
fn ends_quoting(text: &str) -> bool {
    text.bytes().rev().take_while(|&byte| byte == b'\\').count() % 2 == 1
}

fn unquoted(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => plain.extend(characters.next()),
            _ => plain.push(character),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_marks_at_the_end_are_no_wildcards() {
        for (text, literal) in [
            (r"a\*", r"a\*"),
            (r"a\\*", r"a\\"),
            (r"a\?", r"a\?"),
            (r"a\??", r"a\?"),
            (r"??a?", "a"),
            (r"*a", "a"),
        ] {
            assert_eq!(without_wildcards(text), literal, "{text}");
        }
        assert_eq!(CpeValue::parse(r"8\.\*").unwrap().literal().unwrap(), "8.*");
        assert_eq!(CpeValue::parse(r"8\.*").unwrap().literal(), None);
    }

    #[test]
    fn values_of_only_question_marks_stand_for_their_number_of_characters() {
        assert!(CpeValue::parse("??").is_ok());
        for text in ["*", "**", "*?", "?*", r"\-", r"a\", "a b", "ä", "a*b"] {
            assert!(CpeValue::parse(text).is_err(), "{text}");
        }
    }
}
