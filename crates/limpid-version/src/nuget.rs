//! `NuGet`'s versions: up to four numbers, and the rest as in a semantic version.
//!
//! The order is that of `NuGet.Versioning`'s `VersionComparer.Default`: numbers that are missing
//! are zero, identifiers of a pre-release do not differ by the case of their letters, and build
//! metadata does not count.

use std::cmp::Ordering;

use crate::SortKey;
use crate::identifiers::{Dialect, Parts};
use crate::key::KeyWriter;
use crate::scheme::Version;

const DIALECT: Dialect = Dialect {
    glued: false,
    glued_words: false,
    lone_dash: false,
    case: false,
};

/// How many numbers a version has at most.
const NUMBERS: usize = 4;

/// A version as `NuGet` reads it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NugetVersion<'a>(Parts<'a>);

impl<'a> Version<'a> for NugetVersion<'a> {
    fn read(text: &'a str) -> Result<Self, &'static str> {
        let parts = Parts::read(text, DIALECT)?;
        if parts.number_count() > NUMBERS {
            return Err("more than four numbers");
        }
        Ok(Self(parts))
    }

    fn compare(&self, other: &Self) -> Ordering {
        self.0.compare(&other.0)
    }

    fn sort_key(&self) -> Option<SortKey> {
        let mut key = KeyWriter::for_length(self.0.length());
        self.0.write(&mut key);
        Some(key.finish())
    }
}
