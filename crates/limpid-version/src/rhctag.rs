//! Tags of Red Hat's container images: `[v]version[-release]`, as in `v4.6.0-202112140546.p0`.
//!
//! The version is a stream of numbers of which the first two, major and minor, tell which fixes it
//! gets; see [`RhctagVersion::minor_start`]. Newer images have the second of their making instead, a
//! single number. Tags are ordered as rpm orders versions and releases, and an absent release is
//! zero; an epoch they have none.

use std::cmp::Ordering;

use crate::scheme::{Version, read};
use crate::{Evr, Scheme, SortKey, VersionError};

/// A tag of an image in Red Hat's catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RhctagVersion<'a> {
    /// Digits of the first number.
    pub major: &'a str,
    /// Digits of the second number; none when there is no dot, or no number behind it.
    pub minor: Option<&'a str>,
    evr: Evr<'a>,
}

impl<'a> RhctagVersion<'a> {
    /// Reads `[v]version[-release]`, of which the version begins with a number.
    pub fn parse(text: &'a str) -> Result<Self, VersionError> {
        read(Scheme::Rhctag, text, Self::read)
    }

    /// Returns the lowest version of the same stream: `4.6` for `v4.6.0-2021`, and `4` for `4-22`.
    pub fn minor_start(&self) -> String {
        match self.minor {
            Some(minor) => format!("{}.{minor}", self.major),
            None => self.major.to_owned(),
        }
    }

    /// Tells whether it is the second of the image's making since 1970. No number of a version has so
    /// many digits.
    pub fn is_time(&self) -> bool {
        const DIGITS: usize = 10;
        self.minor.is_none()
            && self.major.len() >= DIGITS
            && self.major.len() == self.evr.version.len()
    }

    /// Orders totally.
    pub fn compare(&self, other: &Self) -> Ordering {
        self.evr.compare(&other.evr)
    }
}

impl<'a> Version<'a> for RhctagVersion<'a> {
    fn read(text: &'a str) -> Result<Self, &'static str> {
        let tag = text.strip_prefix('v').unwrap_or(text);
        let (numbers, _) = tag.split_once('-').unwrap_or((tag, ""));
        let mut numbers = numbers.split('.');
        let major = numbers
            .next()
            .filter(|major| is_number(major))
            .ok_or("no number at the beginning")?;
        let minor = numbers.next().filter(|minor| is_number(minor));
        let (version, release) = tag.rsplit_once('-').unwrap_or((tag, "0"));
        Ok(Self {
            major,
            minor,
            evr: Evr {
                epoch: None,
                version,
                release: Some(release),
            },
        })
    }

    fn compare(&self, other: &Self) -> Ordering {
        self.compare(other)
    }

    fn sort_key(&self) -> Option<SortKey> {
        self.evr.sort_key()
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
