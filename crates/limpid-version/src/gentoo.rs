//! Gentoo's versions: `number{.number}{letter}{_suffix{number}}{-rN}`.
//!
//! The grammar and the order are those of the Package Manager Specification, sections 3.2 and 3.3.
//! A version is a sequence of tokens that ends with its revision, zero if it has none, and two
//! versions are ordered by the first tokens that differ; `Token` lists them from low to high.
//!
//! What is no version by the specification is refused, since no ebuild can have it.

use std::cmp::Ordering;

use crate::SortKey;
use crate::cursor::Cursor;
use crate::key::KeyWriter;
use crate::number::Number;
use crate::scheme::Version;

/// A version as a Gentoo package manager reads it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GentooVersion<'a> {
    text: &'a str,
}

impl<'a> Version<'a> for GentooVersion<'a> {
    fn read(text: &'a str) -> Result<Self, &'static str> {
        let mut tokens = Tokens::new(text);
        while !matches!(tokens.next()?, Token::Revision(_)) {}
        Ok(Self { text })
    }

    fn compare(&self, other: &Self) -> Ordering {
        let (mut left, mut right) = (Tokens::new(self.text), Tokens::new(other.text));
        loop {
            // Both texts were read to the end before.
            let left = left.next().unwrap_or(Token::NONE);
            let right = right.next().unwrap_or(Token::NONE);
            let order = left.cmp(&right);
            if order.is_ne() || matches!(left, Token::Revision(_)) {
                return order;
            }
        }
    }

    fn sort_key(&self) -> Option<SortKey> {
        let mut key = KeyWriter::for_length(self.text.len());
        let mut tokens = Tokens::new(self.text);
        loop {
            let token = tokens.next().unwrap_or(Token::NONE);
            token.write(&mut key);
            if matches!(token, Token::Revision(_)) {
                return Some(key.finish());
            }
        }
    }
}

/// A piece of a version. The order of the variants is the order of versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Token<'a> {
    Alpha(Number<'a>),
    Beta(Number<'a>),
    Pre(Number<'a>),
    Rc(Number<'a>),
    /// The end of every version.
    Revision(Number<'a>),
    P(Number<'a>),
    Letter(u8),
    /// A number after the first that starts with a zero: a fraction, whose zeros at the end do not
    /// count, ordered as text.
    Fraction(&'a [u8]),
    Number(Number<'a>),
}

impl Token<'_> {
    /// The end of a version without a revision.
    const NONE: Self = Token::Revision(Number::ZERO);

    fn write(self, key: &mut KeyWriter) {
        match self {
            Self::Alpha(number) => write_number(key, 1, number),
            Self::Beta(number) => write_number(key, 2, number),
            Self::Pre(number) => write_number(key, 3, number),
            Self::Rc(number) => write_number(key, 4, number),
            Self::Revision(number) => write_number(key, 5, number),
            Self::P(number) => write_number(key, 6, number),
            Self::Letter(letter) => write_text(key, 7, &[letter]),
            Self::Fraction(text) => write_text(key, 8, text),
            Self::Number(number) => write_number(key, 9, number),
        }
    }
}

fn write_number(key: &mut KeyWriter, tag: u8, number: Number<'_>) {
    key.tag(tag);
    key.number(number);
}

fn write_text(key: &mut KeyWriter, tag: u8, text: &[u8]) {
    key.tag(tag);
    key.text(text);
}

/// What was read last, in the order in which a version holds it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Start,
    Number,
    Letter,
    Suffix,
}

/// Cuts a version into tokens. After the revision there are none.
struct Tokens<'a> {
    cursor: Cursor<'a>,
    place: Place,
}

impl<'a> Tokens<'a> {
    const fn new(text: &'a str) -> Self {
        Self {
            cursor: Cursor::new(text.as_bytes()),
            place: Place::Start,
        }
    }

    fn next(&mut self) -> Result<Token<'a>, &'static str> {
        if self.place == Place::Start {
            self.place = Place::Number;
            return self.required_number().map(Token::Number);
        }
        match self.cursor.peek() {
            None => Ok(Token::NONE),
            Some(b'.') if self.place == Place::Number => self.component(),
            Some(letter @ b'a'..=b'z') if self.place == Place::Number => {
                self.cursor.skip();
                self.place = Place::Letter;
                Ok(Token::Letter(letter))
            }
            Some(b'_') => self.suffix(),
            Some(b'-') => self.revision(),
            Some(_) => Err("unexpected character"),
        }
    }

    fn component(&mut self) -> Result<Token<'a>, &'static str> {
        self.cursor.skip();
        if self.cursor.peek() == Some(b'0') {
            let digits = self.cursor.take_while(|byte| byte.is_ascii_digit());
            let zeros = digits.iter().rev().take_while(|&&digit| digit == b'0');
            let kept = digits.len().saturating_sub(zeros.count());
            return Ok(Token::Fraction(digits.get(..kept).unwrap_or_default()));
        }
        self.required_number().map(Token::Number)
    }

    fn suffix(&mut self) -> Result<Token<'a>, &'static str> {
        self.cursor.skip();
        self.place = Place::Suffix;
        let suffix = self.cursor.take_while(|byte| byte.is_ascii_lowercase());
        let number = self.cursor.number();
        match suffix {
            b"alpha" => Ok(Token::Alpha(number)),
            b"beta" => Ok(Token::Beta(number)),
            b"pre" => Ok(Token::Pre(number)),
            b"rc" => Ok(Token::Rc(number)),
            b"p" => Ok(Token::P(number)),
            _ => Err("unknown suffix"),
        }
    }

    fn revision(&mut self) -> Result<Token<'a>, &'static str> {
        if !self.cursor.skip_text(b"-r") {
            return Err("dash without a revision");
        }
        let number = self.required_number()?;
        if self.cursor.is_empty() {
            Ok(Token::Revision(number))
        } else {
            Err("text after the revision")
        }
    }

    fn required_number(&mut self) -> Result<Number<'a>, &'static str> {
        match self.cursor.peek() {
            Some(b'0'..=b'9') => Ok(self.cursor.number()),
            _ => Err("number expected"),
        }
    }
}
