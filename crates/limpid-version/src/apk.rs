//! apk-tools' versions: `number{.number}{letter}{_suffix{number}}{~hash}{-rN}`.
//!
//! A version is a sequence of tokens, and two versions are ordered by the first
//! tokens that differ; `Token` lists them from low to high. For well-formed
//! versions this is the order of apk-tools 3 (`src/version.c`), with numbers of
//! any length.
//!
//! Alpine's packages and its advisories also hold texts that apk-tools 3 calls
//! invalid, and where it compares nothing after the fault. There this reader
//! goes further, as apk-tools 2 did:
//!
//! | text | reading |
//! |---|---|
//! | `6.6.2p1` | a number may follow a letter, and another letter that |
//! | `1.0.-r1`, `.1`, `a` | a missing number is junk, which is below the end; reading goes on |
//! | `1-r`, `1-r-1` | a missing revision number is zero |
//! | `1.2_blah`, `1.2.0A`, `1-ruff` | junk up to the end of the text, all junk being equal |

use std::cmp::Ordering;

use crate::cursor::Cursor;
use crate::key::KeyWriter;
use crate::number::Number;
use crate::scheme::{Version, read};
use crate::{Scheme, SortKey, VersionError};

/// A version as apk reads it.
#[derive(Clone, Copy, Debug)]
pub struct ApkVersion<'a> {
    text: &'a str,
}

impl<'a> ApkVersion<'a> {
    /// Reads a version.
    pub fn parse(text: &'a str) -> Result<Self, VersionError> {
        read(Scheme::Apk, text, Self::read)
    }

    /// Tells whether apk-tools 3 accepts the version.
    pub fn is_well_formed(&self) -> bool {
        let mut tokens = Tokens::new(self.text);
        while tokens.next() != Token::End {}
        tokens.well_formed
    }

    /// Compares as apk's `~` does: a version that begins with all of the other's tokens equals it.
    pub fn compare_prefix(&self, prefix: &Self) -> Ordering {
        self.compare_until(prefix, |own, other| own == other || other == Token::End)
    }

    /// Compares tokens up to a difference that is not accepted as equality, or to the end.
    fn compare_until(
        &self,
        other: &Self,
        equal: impl Fn(Token<'a>, Token<'_>) -> bool,
    ) -> Ordering {
        let (mut left, mut right) = (Tokens::new(self.text), Tokens::new(other.text));
        loop {
            let (left, right) = (left.next(), right.next());
            if !equal(left, right) {
                return left.cmp(&right);
            }
            if right == Token::End {
                return Ordering::Equal;
            }
        }
    }
}

impl<'a> Version<'a> for ApkVersion<'a> {
    fn read(text: &'a str) -> Result<Self, &'static str> {
        Ok(Self { text })
    }

    fn compare(&self, other: &Self) -> Ordering {
        self.compare_until(other, |own, other| own == other)
    }

    fn sort_key(&self) -> Option<SortKey> {
        let mut key = KeyWriter::for_length(self.text.len());
        let mut tokens = Tokens::new(self.text);
        loop {
            let token = tokens.next();
            token.write(&mut key);
            if token == Token::End {
                return Some(key.finish());
            }
        }
    }
}

/// A piece of a version. The order of the variants is the order of versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Token<'a> {
    Alpha,
    Beta,
    Pre,
    Rc,
    Junk,
    End,
    Revision(Number<'a>),
    Hash(&'a [u8]),
    SuffixNumber(Number<'a>),
    Cvs,
    Svn,
    Git,
    Hg,
    P,
    Letter(u8),
    /// A number after the first that starts with a zero: a fraction of sorts, ordered as text.
    Fraction(&'a [u8]),
    Number(Number<'a>),
    First(Number<'a>),
}

impl Token<'_> {
    fn write(self, key: &mut KeyWriter) {
        match self {
            Self::Alpha => key.tag(1),
            Self::Beta => key.tag(2),
            Self::Pre => key.tag(3),
            Self::Rc => key.tag(4),
            Self::Junk => key.tag(5),
            Self::End => key.tag(6),
            Self::Revision(number) => write_number(key, 7, number),
            Self::Hash(text) => write_text(key, 8, text),
            Self::SuffixNumber(number) => write_number(key, 9, number),
            Self::Cvs => key.tag(10),
            Self::Svn => key.tag(11),
            Self::Git => key.tag(12),
            Self::Hg => key.tag(13),
            Self::P => key.tag(14),
            Self::Letter(letter) => write_text(key, 15, &[letter]),
            Self::Fraction(text) => write_text(key, 16, text),
            Self::Number(number) => write_number(key, 17, number),
            Self::First(number) => write_number(key, 18, number),
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
    SuffixNumber,
    Hash,
    Revision,
}

/// Cuts a version into tokens, with ends for ever after the last.
struct Tokens<'a> {
    cursor: Cursor<'a>,
    place: Place,
    well_formed: bool,
}

impl<'a> Tokens<'a> {
    const fn new(text: &'a str) -> Self {
        Self {
            cursor: Cursor::new(text.as_bytes()),
            place: Place::Start,
            well_formed: true,
        }
    }

    fn next(&mut self) -> Token<'a> {
        if self.place == Place::Start {
            return self.first();
        }
        match self.cursor.peek() {
            None => Token::End,
            Some(letter @ b'a'..=b'z') if self.place == Place::Number => {
                self.cursor.skip();
                self.place = Place::Letter;
                Token::Letter(letter)
            }
            Some(b'.') if self.place == Place::Number => self.component(),
            Some(b'0'..=b'9') if self.place == Place::Letter => {
                self.well_formed = false;
                self.place = Place::Number;
                Token::Number(self.cursor.number())
            }
            Some(b'0'..=b'9') if self.place == Place::Suffix => {
                self.place = Place::SuffixNumber;
                Token::SuffixNumber(self.cursor.number())
            }
            Some(b'_') if self.place <= Place::SuffixNumber => self.suffix(),
            Some(b'~') if self.place < Place::Hash => self.hash(),
            Some(b'-') if self.place < Place::Revision => self.revision(),
            Some(_) => self.junk_to_end(),
        }
    }

    fn next_is_digit(&self) -> bool {
        self.cursor.peek().is_some_and(|byte| byte.is_ascii_digit())
    }

    fn first(&mut self) -> Token<'a> {
        self.place = Place::Number;
        if self.next_is_digit() {
            Token::First(self.cursor.number())
        } else {
            self.missing_number()
        }
    }

    fn component(&mut self) -> Token<'a> {
        self.cursor.skip();
        match self.cursor.peek() {
            Some(b'0') => Token::Fraction(self.cursor.take_while(|byte| byte.is_ascii_digit())),
            Some(b'1'..=b'9') => Token::Number(self.cursor.number()),
            _ => self.missing_number(),
        }
    }

    fn suffix(&mut self) -> Token<'a> {
        self.cursor.skip();
        self.place = Place::Suffix;
        match self.cursor.take_while(|byte| byte.is_ascii_lowercase()) {
            b"alpha" => Token::Alpha,
            b"beta" => Token::Beta,
            b"pre" => Token::Pre,
            b"rc" => Token::Rc,
            b"cvs" => Token::Cvs,
            b"svn" => Token::Svn,
            b"git" => Token::Git,
            b"hg" => Token::Hg,
            b"p" => Token::P,
            _ => self.junk_to_end(),
        }
    }

    fn hash(&mut self) -> Token<'a> {
        self.cursor.skip();
        self.place = Place::Hash;
        let hash = self
            .cursor
            .take_while(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if hash.is_empty() {
            self.junk_to_end()
        } else {
            Token::Hash(hash)
        }
    }

    fn revision(&mut self) -> Token<'a> {
        self.place = Place::Revision;
        if !self.cursor.skip_text(b"-r") {
            return self.junk_to_end();
        }
        match self.cursor.peek() {
            Some(b'0'..=b'9') => {}
            None | Some(b'-') => self.well_formed = false,
            Some(_) => return self.junk_to_end(),
        }
        Token::Revision(self.cursor.number())
    }

    /// Notes a number that is not there; what follows still counts.
    const fn missing_number(&mut self) -> Token<'a> {
        self.well_formed = false;
        Token::Junk
    }

    const fn junk_to_end(&mut self) -> Token<'a> {
        self.well_formed = false;
        self.cursor.skip_all();
        Token::Junk
    }
}
