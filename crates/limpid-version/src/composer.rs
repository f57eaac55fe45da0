//! Versions of PHP's packages, as Composer compares them.
//!
//! A version is a sequence of numbers and words, which need nothing between them. The order of two is
//! that of their first pieces that differ; `Piece` lists them from low to high. This is the order of
//! PHP's `version_compare`, with numbers of any size; a word is known by how it begins, so `patch` is
//! `p`. As Composer takes them, letters may have any case, a leading `v` does not count, and neither
//! does the word `stable` or what follows a plus.
//!
//! In PHP's order `1.0` is below `1.0.0`. Composer itself gives every version four numbers before it
//! compares, and so does this scheme with the ends of ranges: there the two are equal.
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
    /// Orders versions whose first numbers are made as many as told, by zeros.
    fn compare_padded(&self, other: &Self, numbers: usize) -> Ordering {
        let mut left = Pieces::padded(self.text, numbers);
        let mut right = Pieces::padded(other.text, numbers);
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
        let text = text.split('+').next().unwrap_or(text);
        if Pieces::padded(text, 0).next() == Piece::End {
            return Err("neither numbers nor words");
        }
        Ok(Self { text })
    }

    fn compare(&self, other: &Self) -> Ordering {
        self.compare_padded(other, 0)
    }

    fn compare_bound(&self, bound: &Self) -> Ordering {
        self.compare_padded(bound, NUMBERS)
    }

    fn sort_key(&self) -> Option<SortKey> {
        let mut key = KeyWriter::for_length(self.text.len());
        let mut pieces = Pieces::padded(self.text, 0);
        loop {
            let piece = pieces.next();
            piece.write(&mut key);
            if piece == Piece::End {
                return Some(key.finish());
            }
        }
    }
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

    /// Tells what a word means by how it begins; a longer beginning comes first.
    fn of_word(word: &[u8]) -> Self {
        let begins_with = |start: &[u8]| {
            let own = word.get(..start.len());
            own.is_some_and(|own| own.eq_ignore_ascii_case(start))
        };
        match () {
            () if begins_with(b"dev") => Self::Dev,
            () if begins_with(b"a") => Self::Alpha,
            () if begins_with(b"b") => Self::Beta,
            () if begins_with(b"rc") => Self::Candidate,
            () if begins_with(b"p") => Self::Patch,
            () => Self::Unknown,
        }
    }
}

/// Cuts a version into pieces, with ends for ever after the last.
struct Pieces<'a> {
    cursor: Cursor<'a>,
    /// How many zeros come when the first numbers are over.
    zeros: usize,
}

impl<'a> Pieces<'a> {
    /// Starts with numbers made as many as told; a version that starts with a word gets none.
    fn padded(text: &'a str, numbers: usize) -> Self {
        let cursor = Cursor::new(text.as_bytes());
        let zeros = match cursor.peek() {
            Some(b'0'..=b'9') => numbers,
            _ => 0,
        };
        Self { cursor, zeros }
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
                    if word.eq_ignore_ascii_case(b"stable") {
                        continue;
                    }
                    Piece::of_word(word)
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
