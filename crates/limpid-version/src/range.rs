use std::cmp::Ordering;

use crate::{Scheme, VersionError};

/// An interval of versions: from `introduced` (inclusive) to `end`.
///
/// The default has no ends and holds every version.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Range {
    /// First version inside; none means from the beginning.
    pub introduced: Option<String>,
    /// Where the interval ends; none means never.
    pub end: Option<RangeEnd>,
}

/// The upper end of a [`Range`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RangeEnd {
    /// The first version that is outside again: the one with the fix.
    Fixed(String),
    /// The last version that is still inside.
    LastAffected(String),
}

impl Range {
    /// Makes the range of every version below a fix.
    pub fn below(fixed: impl Into<String>) -> Self {
        Self {
            introduced: None,
            end: Some(RangeEnd::Fixed(fixed.into())),
        }
    }

    /// Tells whether a version is inside.
    pub fn contains(&self, scheme: Scheme, version: &str) -> Result<bool, VersionError> {
        if let Some(introduced) = &self.introduced
            && scheme.compare_bound(version, introduced)? == Ordering::Less
        {
            return Ok(false);
        }
        match &self.end {
            None => Ok(true),
            Some(RangeEnd::Fixed(fixed)) => {
                Ok(scheme.compare_bound(version, fixed)? == Ordering::Less)
            }
            Some(RangeEnd::LastAffected(last)) => {
                Ok(scheme.compare_bound(version, last)? != Ordering::Greater)
            }
        }
    }
}
