//! pacman's versions: `[epoch:]pkgver[-pkgrel]`.
//!
//! The parts are those of rpm, and each is read as segments of letters or of digits as there, but
//! separators count and neither `~` nor `^` is special. Two texts are ordered by the first pieces
//! that differ, a piece being a segment with the separators before it:
//!
//! | piece | example |
//! |---|---|
//! | letters without a separator | `1.0rc` |
//! | the end of the text | `1.0` |
//! | digits without a separator | `1.0rc2` against `1.0rc` |
//! | a separator and letters | `1.0.a` |
//! | a separator and digits | `1.0.1` |
//! | two separators, and so on | `1.0..a` |
//!
//! This is the order of libalpm (`lib/libalpm/version.c`), except that separators at the end of a
//! text mean nothing here: libalpm's answers about those contradict each other (`1.` < `1.1` <
//! `1..a` < `1.`). As with rpm, the order is total, with an absent pkgrel below all others, and a
//! bound without one speaks of every pkgrel.

use std::cmp::Ordering;

use crate::cursor::Cursor;
use crate::key::KeyWriter;
use crate::number::Number;
use crate::scheme::Version;
use crate::{Evr, SortKey};

/// A version as pacman reads it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AlpmVersion<'a>(Evr<'a>);

impl AlpmVersion<'_> {
    /// Orders by epoch and version.
    fn compare_version(&self, other: &Self) -> Ordering {
        let by_epoch = self.0.epoch_number().cmp(&other.0.epoch_number());
        by_epoch.then_with(|| compare_pieces(self.0.version, other.0.version))
    }
}

impl<'a> Version<'a> for AlpmVersion<'a> {
    fn read(text: &'a str) -> Result<Self, &'static str> {
        Ok(Self(Evr::split(text)))
    }

    fn compare(&self, other: &Self) -> Ordering {
        self.compare_version(other)
            .then_with(|| match (self.0.release, other.0.release) {
                (Some(own), Some(other)) => compare_pieces(own, other),
                (own, other) => own.is_some().cmp(&other.is_some()),
            })
    }

    fn compare_bound(&self, bound: &Self) -> Ordering {
        match bound.0.release {
            None | Some("") => self.compare_version(bound),
            Some(_) => self.compare(bound),
        }
    }

    fn sort_key(&self) -> Option<SortKey> {
        let release = self.0.release.unwrap_or_default();
        let mut key = KeyWriter::for_length(self.0.version.len() + release.len());
        key.number(self.0.epoch_number());
        write_pieces(&mut key, self.0.version);
        key.tag(u8::from(self.0.release.is_some()));
        write_pieces(&mut key, release);
        Some(key.finish())
    }
}

/// A segment of one kind. Digits are above letters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Segment<'a> {
    Letters(&'a [u8]),
    Number(Number<'a>),
}

/// A segment with what is before it. The order of the variants is the order of versions.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Piece<'a> {
    Letters(&'a [u8]),
    End,
    Number(Number<'a>),
    /// How many separators there are, and what follows.
    Separated(usize, Segment<'a>),
}

impl Segment<'_> {
    fn write(self, key: &mut KeyWriter) {
        match self {
            Self::Letters(letters) => {
                key.tag(1);
                key.text(letters);
            }
            Self::Number(number) => {
                key.tag(2);
                key.number(number);
            }
        }
    }
}

impl Piece<'_> {
    fn write(self, key: &mut KeyWriter) {
        match self {
            Self::Letters(letters) => {
                key.tag(1);
                key.text(letters);
            }
            Self::End => key.tag(2),
            Self::Number(number) => {
                key.tag(3);
                key.number(number);
            }
            Self::Separated(count, segment) => {
                key.tag(4);
                key.number(Number::new(count.to_string().as_bytes()));
                segment.write(key);
            }
        }
    }
}

fn next_piece<'a>(cursor: &mut Cursor<'a>) -> Piece<'a> {
    let separators = cursor.take_while(|byte| !byte.is_ascii_alphanumeric());
    let segment = match cursor.peek() {
        None => return Piece::End,
        Some(b'0'..=b'9') => Segment::Number(cursor.number()),
        Some(_) => Segment::Letters(cursor.take_while(|byte| byte.is_ascii_alphabetic())),
    };
    match (separators.len(), segment) {
        (0, Segment::Letters(letters)) => Piece::Letters(letters),
        (0, Segment::Number(number)) => Piece::Number(number),
        (count, segment) => Piece::Separated(count, segment),
    }
}

/// Orders two pkgvers, or two pkgrels.
fn compare_pieces(left: &str, right: &str) -> Ordering {
    let mut left = Cursor::new(left.as_bytes());
    let mut right = Cursor::new(right.as_bytes());
    loop {
        let (left, right) = (next_piece(&mut left), next_piece(&mut right));
        let order = left.cmp(&right);
        if order.is_ne() || left == Piece::End {
            return order;
        }
    }
}

fn write_pieces(key: &mut KeyWriter, text: &str) {
    let mut cursor = Cursor::new(text.as_bytes());
    loop {
        let piece = next_piece(&mut cursor);
        piece.write(key);
        if piece == Piece::End {
            return;
        }
    }
}
