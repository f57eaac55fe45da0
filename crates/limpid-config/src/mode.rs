use std::fmt;
use std::str::FromStr;

/// Which parts of the service one process runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Everything in one process.
    Combo,
    /// Only the indexer.
    Indexer,
    /// Only the matcher and its updates.
    Matcher,
    /// Only the notifier.
    Notifier,
}

/// A word that is no mode.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid mode, expected combo, indexer, matcher or notifier: {word}")]
pub struct InvalidMode {
    /// What was given instead.
    pub word: String,
}

impl Mode {
    /// Says whether this mode runs the indexer.
    pub fn indexes(self) -> bool {
        matches!(self, Self::Combo | Self::Indexer)
    }

    /// Says whether this mode runs the matcher.
    pub fn matches(self) -> bool {
        matches!(self, Self::Combo | Self::Matcher)
    }

    /// Says whether this mode runs the notifier.
    pub fn notifies(self) -> bool {
        matches!(self, Self::Combo | Self::Notifier)
    }
}

impl FromStr for Mode {
    type Err = InvalidMode;

    fn from_str(word: &str) -> Result<Self, InvalidMode> {
        [Self::Combo, Self::Indexer, Self::Matcher, Self::Notifier]
            .into_iter()
            .find(|mode| mode.to_string().eq_ignore_ascii_case(word))
            .ok_or_else(|| InvalidMode {
                word: word.to_owned(),
            })
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Combo => "combo",
            Self::Indexer => "indexer",
            Self::Matcher => "matcher",
            Self::Notifier => "notifier",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_read_in_any_case() {
        assert_eq!("Combo".parse(), Ok(Mode::Combo));
        assert_eq!("NOTIFIER".parse(), Ok(Mode::Notifier));
        assert!("all".parse::<Mode>().is_err());
    }
}
