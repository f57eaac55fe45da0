//! Versions of numbers, pre-release identifiers and build metadata, as Semantic Versioning 2.0.0
//! writes them and several ecosystems vary them.
//!
//! | part | read |
//! |---|---|
//! | numbers | digits between dots, one or more; those that are missing at the end are zero |
//! | pre-release | after a `-`, or glued to the numbers where the scheme allows that: identifiers between dots |
//! | build | after a `+`: whatever follows |
//!
//! A pre-release is below its release. Identifiers are ordered one by one: numbers below texts,
//! numbers by value, texts by their bytes, and fewer identifiers below more.

use std::cmp::Ordering;

use crate::cursor::Cursor;
use crate::key::KeyWriter;
use crate::number::Number;
use crate::release::Release;

/// What a scheme allows in its versions.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a rule of its own")]
pub(crate) struct Dialect {
    /// A pre-release may follow the numbers without a dash, as in `1.0.0rc1`.
    pub(crate) glued: bool,
    /// A glued pre-release is cut between letters and digits, as if dots were there.
    pub(crate) glued_words: bool,
    /// A dash without an identifier after it is one itself, as in `1.0.0-.1`.
    pub(crate) lone_dash: bool,
    /// Letters of identifiers differ by case.
    pub(crate) case: bool,
}

/// A version cut into its parts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parts<'a> {
    release: Release<'a>,
    pre_release: &'a [u8],
    /// Identifiers of the pre-release end between letters and digits too.
    words: bool,
    /// What follows the plus, if there is one.
    build: Option<&'a [u8]>,
    case: bool,
}

impl<'a> Parts<'a> {
    /// Cuts a version, without the prefix that its scheme may have.
    pub(crate) fn read(text: &'a str, dialect: Dialect) -> Result<Self, &'static str> {
        let mut cursor = Cursor::new(text.as_bytes());
        let before_build = cursor.take_while(|byte| byte != b'+');
        let build = cursor.skip_text(b"+").then(|| cursor.take_while(|_| true));
        let mut cursor = Cursor::new(before_build);
        let numbers = cursor.take_while(|byte| byte.is_ascii_digit() || byte == b'.');
        if numbers.split(|&byte| byte == b'.').any(<[u8]>::is_empty) {
            return Err("number expected");
        }
        let rest = cursor.first(usize::MAX);
        let has_dash = match rest {
            // Nothing follows the dash, so it is an identifier itself.
            [b'-'] | [b'-', b'.', ..] => !dialect.lone_dash,
            rest => rest.first() == Some(&b'-'),
        };
        if has_dash {
            cursor.skip();
        }
        let pre_release = cursor.take_while(|_| true);
        if has_dash || !pre_release.is_empty() {
            check_identifiers(pre_release)?;
        }
        if !has_dash && !pre_release.is_empty() && !dialect.glued {
            return Err("unexpected character");
        }
        Ok(Self {
            release: Release::new(numbers),
            pre_release,
            words: !has_dash && dialect.glued_words,
            build,
            case: dialect.case,
        })
    }

    /// Counts the numbers.
    pub(crate) fn number_count(&self) -> usize {
        self.release.numbers().count()
    }

    /// Orders by numbers and pre-release.
    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        self.release
            .compare(other.release)
            .then_with(|| self.compare_pre_release(other))
    }

    /// Orders by build metadata, of which any is above none.
    pub(crate) fn compare_build(&self, other: &Self) -> Ordering {
        match (self.build, other.build) {
            (Some(left), Some(right)) => {
                compare_identifiers(self.identifiers(left), other.identifiers(right))
            }
            (left, right) => left.is_some().cmp(&right.is_some()),
        }
    }

    fn compare_pre_release(&self, other: &Self) -> Ordering {
        match (self.pre_release, other.pre_release) {
            ([], right) => (!right.is_empty()).cmp(&false),
            (_, []) => Ordering::Less,
            (left, right) => compare_identifiers(
                self.pre_release_identifiers(left),
                other.pre_release_identifiers(right),
            ),
        }
    }

    fn pre_release_identifiers(&self, text: &'a [u8]) -> Identifiers<'a> {
        Identifiers {
            words: self.words,
            ..self.identifiers(text)
        }
    }

    const fn identifiers(&self, text: &'a [u8]) -> Identifiers<'a> {
        Identifiers {
            cursor: Cursor::new(text),
            words: false,
            case: self.case,
        }
    }

    /// Writes what [`Parts::compare`] orders by.
    pub(crate) fn write(&self, key: &mut KeyWriter) {
        self.release.write(key);
        if self.pre_release.is_empty() {
            key.tag(2);
        } else {
            key.tag(1);
            self.pre_release_identifiers(self.pre_release).write(key);
        }
    }

    /// Writes what [`Parts::compare_build`] orders by.
    pub(crate) fn write_build(&self, key: &mut KeyWriter) {
        match self.build {
            None => key.tag(1),
            Some(build) => {
                key.tag(2);
                self.identifiers(build).write(key);
            }
        }
    }

    /// Returns how many bytes the numbers and the pre-release have.
    pub(crate) const fn length(&self) -> usize {
        self.release.length() + self.pre_release.len()
    }
}

fn check_identifiers(text: &[u8]) -> Result<(), &'static str> {
    if text.split(|&byte| byte == b'.').any(<[u8]>::is_empty) {
        return Err("empty pre-release identifier");
    }
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    if text.iter().all(allowed) {
        Ok(())
    } else {
        Err("unexpected character")
    }
}

/// A piece of a pre-release. The order of the variants is the order of versions.
#[derive(Clone, Copy, Debug)]
enum Identifier<'a> {
    Number(Number<'a>),
    Text(&'a [u8]),
}

/// Cuts a pre-release, or build metadata.
#[derive(Clone, Copy, Debug)]
struct Identifiers<'a> {
    cursor: Cursor<'a>,
    words: bool,
    case: bool,
}

impl<'a> Identifiers<'a> {
    fn next(&mut self) -> Option<Identifier<'a>> {
        if self.cursor.is_empty() {
            return None;
        }
        let text = if self.words {
            let digits = self.cursor.peek().is_some_and(|byte| byte.is_ascii_digit());
            self.cursor
                .take_while(|byte| byte != b'.' && byte.is_ascii_digit() == digits)
        } else {
            self.cursor.take_while(|byte| byte != b'.')
        };
        self.cursor.skip_text(b".");
        Some(if !text.is_empty() && text.iter().all(u8::is_ascii_digit) {
            Identifier::Number(Number::new(text))
        } else {
            Identifier::Text(text)
        })
    }

    const fn fold(self) -> impl Fn(u8) -> u8 {
        move |byte| {
            if self.case {
                byte
            } else {
                byte.to_ascii_lowercase()
            }
        }
    }

    fn write(mut self, key: &mut KeyWriter) {
        while let Some(identifier) = self.next() {
            match identifier {
                Identifier::Number(number) => {
                    key.tag(2);
                    key.number(number);
                }
                Identifier::Text(text) => {
                    key.tag(3);
                    key.bytes(text.iter().copied().map(self.fold()));
                }
            }
        }
        key.tag(1);
    }
}

fn compare_identifiers(mut left: Identifiers<'_>, mut right: Identifiers<'_>) -> Ordering {
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (Some(Identifier::Number(left)), Some(Identifier::Number(right))) => left.cmp(&right),
            (None, Some(_)) | (Some(Identifier::Number(_)), Some(Identifier::Text(_))) => {
                Ordering::Less
            }
            (Some(_), None) | (Some(Identifier::Text(_)), Some(Identifier::Number(_))) => {
                Ordering::Greater
            }
            (Some(Identifier::Text(own)), Some(Identifier::Text(other))) => {
                let own = own.iter().copied().map(left.fold());
                own.cmp(other.iter().copied().map(right.fold()))
            }
        };
        if order.is_ne() {
            return order;
        }
    }
}
