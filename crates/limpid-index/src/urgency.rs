use std::fmt;

use serde::{Deserialize, Serialize};

/// How urgent a request is, as RFC 9218 counts: 0 is the most urgent, 7 the least. Default: 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Urgency(u8);

impl Urgency {
    /// The most urgent.
    pub const HIGHEST: Self = Self(0);
    /// The least urgent.
    pub const LOWEST: Self = Self(7);

    /// Makes an urgency; a number beyond 7 counts as 7.
    pub fn new(number: u8) -> Self {
        Self(number.min(Self::LOWEST.0))
    }

    /// Returns the number.
    pub fn number(self) -> u8 {
        self.0
    }
}

impl Default for Urgency {
    fn default() -> Self {
        Self(3)
    }
}

impl fmt::Display for Urgency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
