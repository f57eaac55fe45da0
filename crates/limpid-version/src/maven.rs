//! Maven's versions, as its `ComparableVersion` orders them up to Maven 3.8.6.
//!
//! Any text is a version: numbers and words between dots, dashes, and changes from digits to
//! letters or back. Dashes and changes open a list inside the list, and as nothing comes after an
//! inner list, a version is one sequence of items:
//!
//! | item | against a smaller kind | against nothing |
//! |---|---|---|
//! | word | below everything else | by `Qualifier`, where the release is nothing |
//! | begin of a list | above words | equal |
//! | number | above everything else | equal if zero, else above |
//!
//! Zeros and words for a release at the end of a list do not count, nor do lists of nothing else.
//! The letters `a`, `b` and `m` are short for words only before a digit.
//!
//! This is the order by which OSV's tables for Maven were made. Later Mavens read a word after a dot as
//! one after a dash, which changes the place of versions such as `2.9.0.RC1` against `2.9.0-1`. One
//! thing is as Maven's documentation has it and not as the class does: `1-ga-1` equals `1-1`,
//! since a list that begins with a list is that list.

use std::cmp::Ordering;

use crate::SortKey;
use crate::cursor::Cursor;
use crate::number::Number;
use crate::scheme::Version;

/// A version as Maven reads it.
#[derive(Clone, Debug)]
pub(crate) struct MavenVersion<'a> {
    items: Vec<Item<'a>>,
}

impl<'a> Version<'a> for MavenVersion<'a> {
    fn read(text: &'a str) -> Result<Self, &'static str> {
        let mut cursor = Cursor::new(text.as_bytes());
        let mut items = Vec::new();
        while let Some(item) = next_item(&mut cursor) {
            items.push(item);
            match cursor.peek() {
                Some(b'.') => cursor.skip(),
                Some(b'-') => {
                    cursor.skip();
                    open_list(&mut items);
                }
                Some(_) => open_list(&mut items),
                None => {}
            }
        }
        remove_nothings(&mut items);
        if items.last() == Some(&Item::List) {
            items.pop();
        }
        Ok(Self { items })
    }

    fn compare(&self, other: &Self) -> Ordering {
        let (mut left, mut right) = (self.items.iter(), other.items.iter());
        loop {
            let order = match (left.next(), right.next()) {
                (None, None) => return Ordering::Equal,
                (Some(own), None) => own.compare_to_nothing(),
                (None, Some(other)) => other.compare_to_nothing().reverse(),
                (Some(own), Some(other)) => own.cmp(other),
            };
            if order.is_ne() {
                return order;
            }
        }
    }

    /// Returns none: no bytes can be in an order that is not transitive.
    fn sort_key(&self) -> Option<SortKey> {
        None
    }
}

/// An item of a version. The order of the variants is the order of versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Item<'a> {
    Word(Qualifier<'a>),
    /// The begin of a list, which holds all that follows.
    List,
    Number(Number<'a>),
}

/// What a word says about a release. The order of the variants is the order of versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Qualifier<'a> {
    Alpha,
    Beta,
    Milestone,
    Candidate,
    Snapshot,
    Release,
    ServicePack,
    Other(Lower<'a>),
}

/// A word that is ordered as if in lower case.
#[derive(Clone, Copy, Debug)]
struct Lower<'a>(&'a [u8]);

impl Item<'_> {
    /// The number that stands where a separator follows another.
    const ZERO: Self = Self::Number(Number::ZERO);

    fn compare_to_nothing(self) -> Ordering {
        match self {
            Self::Word(qualifier) => qualifier.cmp(&Qualifier::Release),
            Self::List => Ordering::Equal,
            Self::Number(number) => number.cmp(&Number::ZERO),
        }
    }
}

impl<'a> Qualifier<'a> {
    fn of_word(word: &'a [u8], before_digit: bool) -> Self {
        const WORDS: [(&[u8], Qualifier<'_>); 10] = [
            (b"alpha", Qualifier::Alpha),
            (b"beta", Qualifier::Beta),
            (b"milestone", Qualifier::Milestone),
            (b"rc", Qualifier::Candidate),
            (b"cr", Qualifier::Candidate),
            (b"snapshot", Qualifier::Snapshot),
            (b"ga", Qualifier::Release),
            (b"final", Qualifier::Release),
            (b"release", Qualifier::Release),
            (b"sp", Qualifier::ServicePack),
        ];
        match word {
            [b'a' | b'A'] if before_digit => Self::Alpha,
            [b'b' | b'B'] if before_digit => Self::Beta,
            [b'm' | b'M'] if before_digit => Self::Milestone,
            _ => WORDS
                .iter()
                .find(|(known, _)| known.eq_ignore_ascii_case(word))
                .map_or(Self::Other(Lower(word)), |&(_, qualifier)| qualifier),
        }
    }
}

impl Ord for Lower<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let own = self.0.iter().map(u8::to_ascii_lowercase);
        own.cmp(other.0.iter().map(u8::to_ascii_lowercase))
    }
}

impl PartialOrd for Lower<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Lower<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Lower<'_> {}

/// Takes a number or a word, or sees a zero before a separator.
fn next_item<'a>(cursor: &mut Cursor<'a>) -> Option<Item<'a>> {
    Some(match cursor.peek()? {
        b'.' | b'-' => Item::ZERO,
        b'0'..=b'9' => Item::Number(cursor.number()),
        _ => {
            let word = cursor.take_while(|byte| !matches!(byte, b'.' | b'-' | b'0'..=b'9'));
            let before_digit = cursor.peek().is_some_and(|byte| byte.is_ascii_digit());
            Item::Word(Qualifier::of_word(word, before_digit))
        }
    })
}

/// Ends a list by beginning another in it, unless it is empty and inside another itself.
fn open_list(items: &mut Vec<Item<'_>>) {
    remove_nothings(items);
    if items.last() != Some(&Item::List) {
        items.push(Item::List);
    }
}

/// Removes what equals nothing from the end of the innermost list.
fn remove_nothings(items: &mut Vec<Item<'_>>) {
    while let Some(last) = items.last()
        && *last != Item::List
        && last.compare_to_nothing().is_eq()
    {
        items.pop();
    }
}
