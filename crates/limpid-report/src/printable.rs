use std::borrow::Cow;

/// Returns a text in which everything but printable ASCII is written as an escape (`\u{1b}`).
///
/// That takes control sequences, line ends and bidirectional overrides away from a terminal, makes
/// look-alike letters visible, and gives every character the width of one column.
pub fn printable(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_printable) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if is_printable(character) {
            escaped.push(character);
        } else {
            escaped.extend(character.escape_default());
        }
    }
    Cow::Owned(escaped)
}

/// Returns a printable text that is cut to a number of columns.
///
/// A name of a megabyte must not make every row of a table as wide.
pub(crate) fn printable_within(text: &str, columns: usize) -> String {
    let (shown, is_cut) = match text.char_indices().nth(columns) {
        Some((end, _)) => (text.get(..end).unwrap_or_default(), true),
        None => (text, false),
    };
    let mut shown = printable(shown).into_owned();
    if is_cut || shown.len() > columns {
        // Printable text is ASCII, so every index is a border of a character.
        shown.truncate(columns.saturating_sub(3));
        shown.push_str("...");
    }
    shown
}

fn is_printable(character: char) -> bool {
    matches!(character, ' '..='~')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_escaped() {
        let cases = [
            ("libc6", "libc6"),
            ("\u{1b}[2Jclean", r"\u{1b}[2Jclean"),
            ("a\nb\tc\r", r"a\nb\tc\r"),
            ("\u{202e}txt.exe", r"\u{202e}txt.exe"),
            ("\u{9b}31m", r"\u{9b}31m"),
            ("оpenssl", r"\u{43e}penssl"),
        ];
        for (text, expected) in cases {
            assert_eq!(printable(text), expected);
        }
    }

    #[test]
    fn long_texts_are_cut_after_escaping() {
        assert_eq!(printable_within("abcdef", 6), "abcdef");
        assert_eq!(printable_within("abcdefg", 6), "abc...");
        assert_eq!(printable_within("\u{1b}\u{1b}", 8), r"\u{1b...");
        assert_eq!(printable_within("ééé", 2).len(), 3);
    }
}
