//! Versions of PHP's packages, as Composer compares them.
//!
//! A version is a sequence of numbers and words, which need nothing between them. The order of two is
//! that of their first pieces that differ; `Piece` lists them from low to high. This is the order of
//! PHP's `version_compare`, with numbers of any size and without a leading `v`. A word is known by how
//! it begins, so `patch` is `p`.
//!
//! Composer normalizes versions before it compares them, and so does this scheme with the ends of
//! ranges:
//!
//! | text | `version_compare` | Composer |
//! |---|---|---|
//! | `1.0` | below `1.0.0` | equal to it: every version has four numbers |
//! | `1.0-BETA` | an unknown word, since case matters but in `RC` | `1.0-beta` |
//! | `1.0-stable` | an unknown word | `1.0` |
//! | `1.0+build` | an unknown word | `1.0` |
//!
//! A number sign is refused. For `version_compare` it stands for any number, and what equals
//! both `1` and `2` has no place in an order.

use std::cmp::Ordering;

use crate::SortKey;
use crate::cursor::Cursor;
use crate::key::KeyWriter;
use crate::number::Number;
use crate::scheme::Version;

/// How many numbers Composer gives a version.
const NUMBERS: usize = 4;

/// A version as Composer reads it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ComposerVersion<'a> {
    text: &'a str,
}

impl ComposerVersion<'_> {
    fn compare_as(&self, other: &Self, rules: Rules) -> Ordering {
        let mut left = Pieces::new(self.text, rules);
        let mut right = Pieces::new(other.text, rules);
        loop {
            let (left, right) = (left.next(), right.next());
            let order = left.cmp(&right);
            if order.is_ne() || left == Piece::End {
                return order;
            }
        }
    }
}

impl<'a> Version<'a> for ComposerVersion<'a> {
    fn read(text: &'a str) -> Result<Self, &'static str> {
        if text.contains('#') {
            return Err("number sign");
        }
        let rest = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let is_number = rest.starts_with(|first: char| first.is_ascii_digit());
        let text = if is_number { rest } else { text };
        if Pieces::new(text, Rules::Php).next() == Piece::End {
            return Err("neither numbers nor words");
        }
        Ok(Self { text })
    }

    fn compare(&self, other: &Self) -> Ordering {
        self.compare_as(other, Rules::Php)
    }

    fn compare_bound(&self, bound: &Self) -> Ordering {
        self.compare_as(bound, Rules::Composer)
    }

    fn sort_key(&self) -> Option<SortKey> {
        let mut key = KeyWriter::for_length(self.text.len());
        let mut pieces = Pieces::new(self.text, Rules::Php);
        loop {
            let piece = pieces.next();
            piece.write(&mut key);
            if piece == Piece::End {
                return Some(key.finish());
            }
        }
    }
}

/// Who reads a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rules {
    /// `version_compare` takes it as it is.
    Php,
    /// Composer normalizes it.
    Composer,
}

/// A piece of a version. The order of the variants is the order of versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Piece<'a> {
    /// A word that PHP does not know; all of these are equal.
    Unknown,
    Dev,
    Alpha,
    Beta,
    Candidate,
    End,
    Number(Number<'a>),
    Patch,
}

impl Piece<'_> {
    fn write(self, key: &mut KeyWriter) {
        match self {
            Self::Unknown => key.tag(1),
            Self::Dev => key.tag(2),
            Self::Alpha => key.tag(3),
            Self::Beta => key.tag(4),
            Self::Candidate => key.tag(5),
            Self::End => key.tag(6),
            Self::Number(number) => {
                key.tag(7);
                key.number(number);
            }
            Self::Patch => key.tag(8),
        }
    }

    /// Tells what a word means by how it begins.
    fn of_word(word: &[u8], rules: Rules) -> Self {
        let begins_with = |start: &[u8]| match word.get(..start.len()) {
            Some(own) if rules == Rules::Composer => own.eq_ignore_ascii_case(start),
            own => own == Some(start),
        };
        match () {
            () if begins_with(b"dev") => Self::Dev,
            () if begins_with(b"a") => Self::Alpha,
            () if begins_with(b"b") => Self::Beta,
            () if begins_with(b"rc") || begins_with(b"RC") => Self::Candidate,
            () if begins_with(b"p") => Self::Patch,
            () => Self::Unknown,
        }
    }
}

/// Cuts a version into pieces, with ends for ever after the last.
struct Pieces<'a> {
    cursor: Cursor<'a>,
    rules: Rules,
    /// How many zeros come when the first numbers are over.
    zeros: usize,
}

impl<'a> Pieces<'a> {
    fn new(text: &'a str, rules: Rules) -> Self {
        let mut cursor = Cursor::new(text.as_bytes());
        let starts_with_number = matches!(cursor.peek(), Some(b'0'..=b'9'));
        let mut zeros = 0;
        if rules == Rules::Composer {
            cursor = Cursor::new(cursor.take_while(|byte| byte != b'+'));
            if starts_with_number {
                zeros = NUMBERS;
            }
        }
        Self {
            cursor,
            rules,
            zeros,
        }
    }

    fn next(&mut self) -> Piece<'a> {
        loop {
            let before = self.cursor;
            self.cursor.take_while(|byte| !is_number_or_word(byte));
            let piece = match self.cursor.peek() {
                Some(b'0'..=b'9') => {
                    self.zeros = self.zeros.saturating_sub(1);
                    return Piece::Number(self.cursor.number());
                }
                Some(_) => {
                    let word = self
                        .cursor
                        .take_while(|byte| is_number_or_word(byte) && !byte.is_ascii_digit());
                    if self.rules == Rules::Composer && word.eq_ignore_ascii_case(b"stable") {
                        continue;
                    }
                    Piece::of_word(word, self.rules)
                }
                None => Piece::End,
            };
            if self.zeros > 0 {
                self.zeros -= 1;
                self.cursor = before;
                return Piece::Number(Number::ZERO);
            }
            return piece;
        }
    }
}

/// Tells pieces from what separates them.
const fn is_number_or_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || !byte.is_ascii()
}
