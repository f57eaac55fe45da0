use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// How bad a vulnerability is, on the one scale that limpid and Clair share.
///
/// The order is ascending, so `severity >= Severity::High` reads as it sounds.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Severity {
    /// The source does not say.
    #[default]
    Unknown,
    /// Technically a vulnerability, of no practical weight.
    Negligible,
    /// Low.
    Low,
    /// Medium.
    Medium,
    /// High.
    High,
    /// Critical.
    Critical,
}

impl Severity {
    /// All severities, ascending.
    pub const ALL: [Self; 6] = [
        Self::Unknown,
        Self::Negligible,
        Self::Low,
        Self::Medium,
        Self::High,
        Self::Critical,
    ];

    /// Returns the name as Clair writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unknown => "Unknown",
            Self::Negligible => "Negligible",
            Self::Low => "Low",
            Self::Medium => "Medium",
            Self::High => "High",
            Self::Critical => "Critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A text that names no severity.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "unknown severity, expected one of unknown, negligible, low, medium, high, critical: {0:?}"
)]
pub struct UnknownSeverity(pub String);

impl FromStr for Severity {
    type Err = UnknownSeverity;

    /// Parses a whole name, in any case. Parts of a name are refused.
    fn from_str(text: &str) -> Result<Self, UnknownSeverity> {
        Self::ALL
            .into_iter()
            .find(|severity| severity.name().eq_ignore_ascii_case(text))
            .ok_or_else(|| UnknownSeverity(text.chars().take(80).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_name_is_not_a_severity() {
        assert!("gh".parse::<Severity>().is_err());
        assert_eq!("HIGH".parse(), Ok(Severity::High));
    }

    #[test]
    fn severities_ascend() {
        assert!(Severity::ALL.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
