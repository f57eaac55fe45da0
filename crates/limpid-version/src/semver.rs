//! Semantic versions, as OSV's `SEMVER` ranges and npm's packages have them.
//!
//! The order is that of Semantic Versioning 2.0.0, section 11: build metadata does not count. What
//! is read is more than the specification allows, so that every version that an ecosystem's own
//! tool takes is ordered:
//!
//! | text | reading | after |
//! |---|---|---|
//! | `v1.2.3`, `=v1.2.3` | the prefix does not count | node-semver, loose |
//! | `1.2.3rc1` | a pre-release without its dash | node-semver, loose |
//! | `1.2.3-01` | an identifier of digits is a number | node-semver, loose |
//! | `1.2.3-` | a dash with no identifier after it is one itself | node-semver, loose |
//! | `1`, `1.2` | numbers that are missing are zero | osv-scalibr |
//! | `1.2.3.4` | a fourth number counts | none: refused by both tools |

use std::cmp::Ordering;

use crate::SortKey;
use crate::identifiers::{Dialect, Parts};
use crate::key::KeyWriter;
use crate::scheme::Version;

const DIALECT: Dialect = Dialect {
    glued: true,
    glued_words: false,
    lone_dash: true,
    case: true,
};

/// A semantic version.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SemverVersion<'a>(Parts<'a>);

impl<'a> Version<'a> for SemverVersion<'a> {
    fn read(text: &'a str) -> Result<Self, &'static str> {
        let text = text.trim_start_matches(['v', 'V', '=']);
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
