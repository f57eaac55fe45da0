//! Versions of Haskell's packages, and of GHC: numbers between dots.
//!
//! The order is that of Haskell's Package Versioning Policy: numbers go by their value, and `1.0` is
//! below `1.0.0`. The tags that versions once could have are refused, as Cabal refuses them.

use std::cmp::Ordering;

use crate::SortKey;
use crate::number_list::NumberList;
use crate::scheme::Version;

/// A version as Cabal reads it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HackageVersion<'a>(NumberList<'a>);

impl<'a> Version<'a> for HackageVersion<'a> {
    fn read(text: &'a str) -> Result<Self, &'static str> {
        NumberList::read(text, b".").map(Self)
    }

    fn compare(&self, other: &Self) -> Ordering {
        self.0.compare(&other.0)
    }

    fn sort_key(&self) -> Option<SortKey> {
        Some(self.0.sort_key())
    }
}
