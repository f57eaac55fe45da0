//! How names relate to each other, by NISTIR 7696.

use super::value::without_wildcards;
use super::{Cpe, CpeAttribute, CpeValue};

/// How one set of products lies to another: the first is a superset of the second, and so on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Relation {
    /// They are the same.
    Equal,
    /// The first has all of the second, and more.
    Superset,
    /// The second has all of the first, and more.
    Subset,
    /// They have nothing in common.
    Disjoint,
    /// The specification gives no answer: both have wildcards, or some attributes are wider and
    /// others narrower.
    Undefined,
}

impl Relation {
    /// Tells whether the first has all of the second.
    pub fn is_superset_or_equal(self) -> bool {
        matches!(self, Self::Superset | Self::Equal)
    }
}

impl Cpe {
    /// Compares one attribute of two names (table 6-2 of NISTIR 7696).
    pub fn compare_attribute(&self, other: &Self, attribute: CpeAttribute) -> Relation {
        compare_values(self.get(attribute), other.get(attribute))
    }

    /// Compares two names (table 6-4 of NISTIR 7696).
    pub fn compare(&self, other: &Self) -> Relation {
        let mut whole = Relation::Equal;
        for (own, other) in self.0.iter().zip(&other.0) {
            whole = match (whole, compare_values(own, other)) {
                (_, Relation::Disjoint) => return Relation::Disjoint,
                (whole, Relation::Equal) => whole,
                (Relation::Equal, relation) => relation,
                (whole, relation) if whole == relation => whole,
                _ => Relation::Undefined,
            };
        }
        whole
    }
}

fn compare_values(own: &CpeValue, other: &CpeValue) -> Relation {
    match (own, other) {
        _ if own == other => Relation::Equal,
        (CpeValue::Any, _) => Relation::Superset,
        (_, CpeValue::Any) => Relation::Subset,
        (CpeValue::Text(own), CpeValue::Text(other)) => compare_texts(own, other),
        _ => Relation::Disjoint,
    }
}

fn compare_texts(own: &str, other: &str) -> Relation {
    match (has_wildcards(own), has_wildcards(other)) {
        (true, false) if matches(own, other) => Relation::Superset,
        (false, true) if matches(other, own) => Relation::Subset,
        (true, true) => Relation::Undefined,
        _ => Relation::Disjoint,
    }
}

fn has_wildcards(text: &str) -> bool {
    without_wildcards(text).len() < text.len()
}

/// Tells whether a text without wildcards is one that a pattern stands for.
///
/// `*` is any number of characters, and each `?` is one character or none (section 6.3). A quoted
/// character is one.
fn matches(pattern: &str, text: &str) -> bool {
    let middle = without_wildcards(pattern);
    let start = pattern.find(middle).unwrap_or_default();
    let before = freedom(pattern.get(..start).unwrap_or_default());
    let after = freedom(pattern.get(start + middle.len()..).unwrap_or_default());
    (0..=text.len()).any(|index| {
        let Some((first, rest)) = text.split_at_checked(index) else {
            return false;
        };
        let Some(rest) = rest.strip_prefix(middle) else {
            return false;
        };
        // A match must not begin behind the backslash that quotes its first character.
        characters(first).is_some_and(|count| count <= before)
            && characters(rest).is_some_and(|count| count <= after)
    })
}

/// Returns how many characters some wildcards stand for at most.
fn freedom(wildcards: &str) -> usize {
    if wildcards == "*" {
        usize::MAX
    } else {
        wildcards.len()
    }
}

/// Counts the characters of a part of a text; none when it ends in the middle of a quoted one.
fn characters(part: &str) -> Option<usize> {
    let mut count = 0;
    let mut bytes = part.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'\\' {
            bytes.next()?;
        }
        count += 1;
    }
    Some(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relation(own: &str, other: &str) -> Relation {
        compare_values(
            &CpeValue::parse(own).unwrap(),
            &CpeValue::parse(other).unwrap(),
        )
    }

    #[test]
    fn wildcards_at_either_end_match() {
        for (pattern, text) in [
            (r"*\.el8", r"4\.el8"),
            (r"*soft*", "microsoft"),
            ("sr*", "sr"),
            (r"4\.*", r"4\.13"),
            ("?a?", "a"),
            ("??a", "bba"),
            ("*1", "121"),
        ] {
            assert_eq!(
                relation(pattern, text),
                Relation::Superset,
                "{pattern} {text}"
            );
            assert_eq!(
                relation(text, pattern),
                Relation::Subset,
                "{pattern} {text}"
            );
        }
    }

    #[test]
    fn wildcards_do_not_match_more_than_they_stand_for() {
        for (pattern, text) in [
            (r"*\.el8", r"4\.el80"),
            (r"4\.*", r"5\.1"),
            (r"4\.*", "4"),
            ("?a", "bba"),
            ("a?", "abb"),
            // Two characters, one of them quoted.
            ("a?", r"a\.b"),
            // The dot of the pattern is quoted: it is not the end of a quoted backslash.
            (r"*\\", r"a\."),
        ] {
            assert_eq!(
                relation(pattern, text),
                Relation::Disjoint,
                "{pattern} {text}"
            );
        }
    }

    #[test]
    fn two_patterns_have_no_defined_relation_unless_they_are_the_same() {
        assert_eq!(relation("a*", "a*"), Relation::Equal);
        assert_eq!(relation("a*", "ab*"), Relation::Undefined);
    }
}
