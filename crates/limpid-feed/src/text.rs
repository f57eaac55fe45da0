//! Bounds on the texts of a record. One record becomes many advisories that repeat its texts, so
//! long texts would multiply.

use jiff::Timestamp;

/// Bytes of a description that are kept; real ones are below 10 KiB.
pub(crate) const DESCRIPTION_BYTES: usize = 64 << 10;

/// Bytes of a reference. Longer ones are left out, since half an address leads nowhere.
pub(crate) const REFERENCE_BYTES: usize = 2048;

/// Bytes of the name of a package, a release or a vulnerability.
const NAME_BYTES: usize = 512;

/// Cuts a text off at a number of bytes, on a character boundary.
pub(crate) fn clip(mut text: String, max_bytes: usize) -> String {
    if text.len() > max_bytes {
        let end = (0..=max_bytes)
            .rev()
            .find(|&end| text.is_char_boundary(end))
            .unwrap_or(0);
        text.truncate(end);
    }
    text
}

/// Says what is wrong with a text that should be a name; nothing when it can be one.
pub(crate) fn name_fault(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        return Some("empty name");
    }
    if name.len() > NAME_BYTES {
        return Some("name longer than 512 bytes");
    }
    if name != name.trim() || name.chars().any(char::is_control) {
        return Some("name with blanks around it or control characters in it");
    }
    None
}

/// Returns a date in UTC, or nothing when it is none.
pub(crate) fn date(text: Option<&str>) -> String {
    text.and_then(|text| text.parse::<Timestamp>().ok())
        .map(|timestamp| timestamp.to_string())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(clip("größer".into(), 3), "gr");
        assert_eq!(clip("größer".into(), 4), "grö");
        assert_eq!(clip("größer".into(), 100), "größer");
    }

    #[test]
    fn names_are_short_and_printable() {
        assert_eq!(name_fault("libstdc++6"), None);
        for name in ["", " a", "a\n", "a\0b", &"a".repeat(513)] {
            assert!(name_fault(name).is_some(), "{name:?}");
        }
    }
}
