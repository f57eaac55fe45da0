//! Bounds on the texts of a record. One record becomes many advisories that repeat its texts, so
//! long texts would multiply.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

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

/// Returns a date in UTC, or nothing when it is none. One without a time zone (`2015-06-11`,
/// `2019-10-23 18:15:00 UTC`) is in UTC.
pub(crate) fn date(text: Option<&str>) -> String {
    let Some(text) = text.map(str::trim) else {
        return String::new();
    };
    let timestamp = text.parse::<Timestamp>().or_else(|_| {
        let civil: DateTime = text.trim_end_matches(" UTC").parse()?;
        TimeZone::UTC.to_timestamp(civil)
    });
    timestamp.map_or_else(|_| String::new(), |timestamp| timestamp.to_string())
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
    fn dates_are_in_utc_or_nothing() {
        for (text, expected) in [
            ("2024-01-01T01:00:00+01:00", "2024-01-01T00:00:00Z"),
            ("2019-10-23 18:15:00 UTC", "2019-10-23T18:15:00Z"),
            ("2015-06-11", "2015-06-11T00:00:00Z"),
            ("", ""),
            ("unknown", ""),
            ("2015-13-11", ""),
        ] {
            assert_eq!(date(Some(text)), expected, "{text}");
        }
    }

    #[test]
    fn names_are_short_and_printable() {
        assert_eq!(name_fault("libstdc++6"), None);
        for name in ["", " a", "a\n", "a\0b", &"a".repeat(513)] {
            assert!(name_fault(name).is_some(), "{name:?}");
        }
    }
}
