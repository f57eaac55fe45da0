//! Versions of Go's modules and of Go itself.
//!
//! | text | reading | after |
//! |---|---|---|
//! | `v1.2.3-rc.1`, `v1.2` | a semantic version; numbers that are missing are zero | golang.org/x/mod/semver |
//! | `v0.0.0-20210101000000-abcdef123456` | a pseudo-version is the pre-release that it looks like | the same |
//! | `v2.0.0+incompatible` | what follows the plus does not count | the same |
//! | `1.21rc2`, `go1.21rc10` | a pre-release of Go, the same as `1.21.0-rc.2`, as Go's advisories write it | go/version |
//! | `go1.22.1-vendor` | a vendor's build of Go is the release that it names | go/version |
//!
//! Unlike in go/version, `1.21` is not the language below all of its releases but the release
//! `1.21.0`, as it is for a module.

use std::cmp::Ordering;

use crate::SortKey;
use crate::identifiers::{Dialect, Parts};
use crate::key::KeyWriter;
use crate::scheme::Version;

const DIALECT: Dialect = Dialect {
    glued: true,
    glued_words: true,
    lone_dash: false,
    case: true,
};

/// A version of a module or of Go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GoVersion<'a>(Parts<'a>);

impl<'a> Version<'a> for GoVersion<'a> {
    fn read(text: &'a str) -> Result<Self, &'static str> {
        let text = match text.strip_prefix("go") {
            Some(release) => release.split('-').next().unwrap_or(release),
            None => text.strip_prefix('v').unwrap_or(text),
        };
        Parts::read(text, DIALECT).map(Self)
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
