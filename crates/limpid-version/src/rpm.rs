//! rpm's versions: `[epoch:]version[-release]`, and package names that hold them.
//!
//! Epochs are numbers, and an absent one is zero. Versions and releases are read
//! as segments of letters or of digits and ordered by the first segments that
//! differ; all other characters only separate, save `~`, which is below the end
//! of the text, and `^`, which is above it but below any segment.
//!
//! [`Evr::compare`] is rpm's `rpmverCmp`, a total order, in which an absent
//! release is below every release. A range is another matter: there rpm compares
//! releases only if both sides have one, so a bound without a release speaks of
//! every release of its version; see [`Evr::compare_bound`]. The reverse is not
//! followed: a version without a release stays below a bound that has one, as
//! nothing says that it has the fix.

use std::cmp::Ordering;

use crate::cursor::Cursor;
use crate::key::KeyWriter;
use crate::number::Number;
use crate::scheme::{Version, read};
use crate::{Scheme, SortKey, VersionError};

mod nevra;

pub use nevra::Nevra;

/// An epoch, a version and a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evr<'a> {
    /// The digits before the first colon, if the text starts so.
    pub epoch: Option<&'a str>,
    /// The version of the packaged software.
    pub version: &'a str,
    /// The text after the last dash.
    pub release: Option<&'a str>,
}

impl<'a> Evr<'a> {
    /// Reads `[epoch:]version[-release]`.
    pub fn parse(text: &'a str) -> Result<Self, VersionError> {
        read(Scheme::Rpm, text, Self::read)
    }

    /// Orders totally: by epoch, version and release, an absent release being lowest.
    pub fn compare(&self, other: &Self) -> Ordering {
        self.compare_version(other)
            .then_with(|| match (self.release, other.release) {
                (Some(own), Some(other)) => compare_segments(own, other),
                (own, other) => own.is_some().cmp(&other.is_some()),
            })
    }

    /// Orders against the bound of a range, which without a release equals every release.
    pub fn compare_bound(&self, bound: &Self) -> Ordering {
        match bound.release {
            None | Some("") => self.compare_version(bound),
            Some(_) => self.compare(bound),
        }
    }

    /// Orders by epoch and version.
    fn compare_version(&self, other: &Self) -> Ordering {
        let by_epoch = self.epoch_number().cmp(&other.epoch_number());
        by_epoch.then_with(|| compare_segments(self.version, other.version))
    }

    /// Returns the epoch as a number.
    pub(crate) fn epoch_number(&self) -> Number<'a> {
        Number::new(self.epoch.unwrap_or_default().as_bytes())
    }

    /// Splits at the dash and the colon; a colon that does not follow digits is part of the version.
    pub(crate) fn split(text: &'a str) -> Self {
        let (epoch, rest) = match text.split_once(':') {
            Some((epoch, rest)) if epoch.bytes().all(|byte| byte.is_ascii_digit()) => {
                (Some(epoch), rest)
            }
            _ => (None, text),
        };
        let (version, release) = match rest.rsplit_once('-') {
            Some((version, release)) => (version, Some(release)),
            None => (rest, None),
        };
        Self {
            epoch,
            version,
            release,
        }
    }
}

impl<'a> Version<'a> for Evr<'a> {
    fn read(text: &'a str) -> Result<Self, &'static str> {
        Ok(Self::split(text))
    }

    fn compare(&self, other: &Self) -> Ordering {
        self.compare(other)
    }

    fn compare_bound(&self, bound: &Self) -> Ordering {
        self.compare_bound(bound)
    }

    fn sort_key(&self) -> Option<SortKey> {
        let release = self.release.unwrap_or_default();
        let mut key = KeyWriter::for_length(self.version.len() + release.len());
        key.number(self.epoch_number());
        write_segments(&mut key, self.version);
        key.tag(u8::from(self.release.is_some()));
        write_segments(&mut key, release);
        Some(key.finish())
    }
}

/// A piece of a version or release. The order of the variants is the order of versions.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Segment<'a> {
    Tilde,
    End,
    Caret,
    Letters(&'a [u8]),
    Number(Number<'a>),
}

impl Segment<'_> {
    fn write(self, key: &mut KeyWriter) {
        match self {
            Self::Tilde => key.tag(1),
            Self::End => key.tag(2),
            Self::Caret => key.tag(3),
            Self::Letters(letters) => {
                key.tag(4);
                key.text(letters);
            }
            Self::Number(number) => {
                key.tag(5);
                key.number(number);
            }
        }
    }
}

fn next_segment<'a>(cursor: &mut Cursor<'a>) -> Segment<'a> {
    cursor.take_while(|byte| !byte.is_ascii_alphanumeric() && !matches!(byte, b'~' | b'^'));
    match cursor.peek() {
        None => Segment::End,
        Some(b'~') => {
            cursor.skip();
            Segment::Tilde
        }
        Some(b'^') => {
            cursor.skip();
            Segment::Caret
        }
        Some(b'0'..=b'9') => Segment::Number(cursor.number()),
        Some(_) => Segment::Letters(cursor.take_while(|byte| byte.is_ascii_alphabetic())),
    }
}

/// Orders two versions, or two releases, as `rpmvercmp` does.
fn compare_segments(left: &str, right: &str) -> Ordering {
    let mut left = Cursor::new(left.as_bytes());
    let mut right = Cursor::new(right.as_bytes());
    loop {
        let (left, right) = (next_segment(&mut left), next_segment(&mut right));
        let order = left.cmp(&right);
        if order.is_ne() || left == Segment::End {
            return order;
        }
    }
}

fn write_segments(key: &mut KeyWriter, text: &str) {
    let mut cursor = Cursor::new(text.as_bytes());
    loop {
        let segment = next_segment(&mut cursor);
        segment.write(key);
        if segment == Segment::End {
            return;
        }
    }
}
