//! Versions of Ruby's gems.
//!
//! A version is a sequence of segments: numbers and words of letters, which need nothing between
//! them, and a dash is the word `pre`. A word is below any number, so a version with one is a
//! pre-release. Zeros before the first word and at the end do not count, and two versions are ordered
//! by the first segments that differ, where a missing segment is zero.
//!
//! This is the order of `Gem::Version`, and what that calls malformed is refused, with one exception:
//! the first number may have letters after it, as in `1beta`, which OSV's records hold.

use std::cmp::Ordering;

use crate::SortKey;
use crate::cursor::Cursor;
use crate::key::KeyWriter;
use crate::number::Number;
use crate::scheme::Version;

/// A version as `RubyGems` reads it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GemVersion<'a> {
    text: &'a str,
}

impl<'a> Version<'a> for GemVersion<'a> {
    fn read(text: &'a str) -> Result<Self, &'static str> {
        let (release, pre_release) = match text.split_once('-') {
            Some((release, pre_release)) => (release, Some(pre_release)),
            None => (text, None),
        };
        if !text.starts_with(|first: char| first.is_ascii_digit()) {
            return Err("number expected");
        }
        check_parts(release, |byte| byte.is_ascii_alphanumeric())?;
        if let Some(pre_release) = pre_release {
            check_parts(pre_release, |byte| {
                byte.is_ascii_alphanumeric() || byte == b'-'
            })?;
        }
        Ok(Self { text })
    }

    fn compare(&self, other: &Self) -> Ordering {
        let (mut left, mut right) = (Segments::new(self.text), Segments::new(other.text));
        loop {
            let (left, right) = (left.next(), right.next());
            let order = left.cmp(&right);
            if order.is_ne() || left == Segment::End {
                return order;
            }
        }
    }

    fn sort_key(&self) -> Option<SortKey> {
        let mut key = KeyWriter::for_length(self.text.len());
        let mut segments = Segments::new(self.text);
        loop {
            let segment = segments.next();
            segment.write(&mut key);
            if segment == Segment::End {
                return Some(key.finish());
            }
        }
    }
}

/// Checks the parts between dots, none of which may be empty.
fn check_parts(text: &str, allowed: impl Fn(u8) -> bool) -> Result<(), &'static str> {
    if text.split('.').any(str::is_empty) {
        return Err("empty segment");
    }
    if !text.bytes().all(|byte| byte == b'.' || allowed(byte)) {
        return Err("unexpected character");
    }
    Ok(())
}

/// A segment with the zeros before it, or the end with all zeros before it.
///
/// The end is zeros without end, so a word after more zeros is nearer to it from below, and a number
/// after more zeros from above.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Segment<'a> {
    Word(usize, &'a [u8]),
    End,
    Number(usize, Number<'a>),
}

impl Segment<'_> {
    const fn rank(self) -> u8 {
        match self {
            Self::Word(..) => 1,
            Self::End => 2,
            Self::Number(..) => 3,
        }
    }

    fn write(self, key: &mut KeyWriter) {
        key.tag(self.rank());
        match self {
            Self::Word(zeros, word) => {
                key.count(zeros);
                key.text(word);
            }
            Self::End => {}
            Self::Number(zeros, number) => {
                key.count(usize::MAX - zeros);
                key.number(number);
            }
        }
    }
}

impl Ord for Segment<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        match (*self, *other) {
            (Self::Word(zeros, word), Self::Word(other_zeros, other)) => {
                zeros.cmp(&other_zeros).then_with(|| word.cmp(other))
            }
            (Self::Number(zeros, number), Self::Number(other_zeros, other)) => {
                other_zeros.cmp(&zeros).then_with(|| number.cmp(&other))
            }
            (own, other) => own.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for Segment<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Cuts a version into segments, with ends for ever after the last.
struct Segments<'a> {
    cursor: Cursor<'a>,
    word_seen: bool,
}

impl<'a> Segments<'a> {
    const fn new(text: &'a str) -> Self {
        Self {
            cursor: Cursor::new(text.as_bytes()),
            word_seen: false,
        }
    }

    fn next(&mut self) -> Segment<'a> {
        let mut zeros = 0;
        loop {
            self.cursor.skip_text(b".");
            match self.cursor.peek() {
                None => return Segment::End,
                Some(b'.') => {}
                Some(b'0'..=b'9') => match self.cursor.number() {
                    Number::ZERO => zeros += 1,
                    number => return Segment::Number(zeros, number),
                },
                Some(first) => {
                    let word = if first == b'-' {
                        self.cursor.skip();
                        b"pre"
                    } else {
                        self.cursor.take_while(|byte| byte.is_ascii_alphabetic())
                    };
                    let zeros = if self.word_seen { zeros } else { 0 };
                    self.word_seen = true;
                    return Segment::Word(zeros, word);
                }
            }
        }
    }
}
