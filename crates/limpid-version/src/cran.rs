//! Versions of R's packages, on CRAN and Bioconductor: numbers between dots and dashes.
//!
//! The order is that of R's `numeric_version`: dots and dashes are alike, numbers go by their value,
//! and `1.0` is below `1.0.0`.

use std::cmp::Ordering;

use crate::SortKey;
use crate::number_list::NumberList;
use crate::scheme::Version;

/// A version as R reads it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CranVersion<'a>(NumberList<'a>);

impl<'a> Version<'a> for CranVersion<'a> {
    fn read(text: &'a str) -> Result<Self, &'static str> {
        NumberList::read(text, b".-").map(Self)
    }

    fn compare(&self, other: &Self) -> Ordering {
        self.0.compare(&other.0)
    }

    fn sort_key(&self) -> Option<SortKey> {
        Some(self.0.sort_key())
    }
}
