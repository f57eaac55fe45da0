//! Versions of Dart's packages: semantic versions whose build metadata counts.
//!
//! The order is that of Dart's package `pub_semver`: of versions that differ in nothing else, one
//! without build metadata is lowest, and others are ordered by its identifiers as by those of a
//! pre-release.

use std::cmp::Ordering;

use crate::SortKey;
use crate::identifiers::{Dialect, Parts};
use crate::key::KeyWriter;
use crate::scheme::Version;

const DIALECT: Dialect = Dialect {
    glued: false,
    glued_words: false,
    lone_dash: false,
    case: true,
};

/// A version as pub reads it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PubVersion<'a>(Parts<'a>);

impl<'a> Version<'a> for PubVersion<'a> {
    fn read(text: &'a str) -> Result<Self, &'static str> {
        let text = text.strip_prefix('v').unwrap_or(text);
        Parts::read(text, DIALECT).map(Self)
    }

    fn compare(&self, other: &Self) -> Ordering {
        let order = self.0.compare(&other.0);
        order.then_with(|| self.0.compare_build(&other.0))
    }

    fn sort_key(&self) -> Option<SortKey> {
        let mut key = KeyWriter::for_length(self.0.length());
        self.0.write(&mut key);
        self.0.write_build(&mut key);
        Some(key.finish())
    }
}
