use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

/// The least severity that is logged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogLevel {
    /// Everything, as coloured prose instead of JSON.
    DebugColor,
    /// Everything.
    Debug,
    /// What operators want to know.
    #[default]
    Info,
    /// What may be wrong.
    Warn,
    /// What is wrong.
    Error,
    /// What ends the process.
    Fatal,
    /// Next to nothing.
    Panic,
}

const NAMES: [(&str, LogLevel); 7] = [
    ("debug-color", LogLevel::DebugColor),
    ("debug", LogLevel::Debug),
    ("info", LogLevel::Info),
    ("warn", LogLevel::Warn),
    ("error", LogLevel::Error),
    ("fatal", LogLevel::Fatal),
    ("panic", LogLevel::Panic),
];

/// Levels are read in any case.
impl<'de> Deserialize<'de> for LogLevel {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        NAMES
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(&word))
            .map(|(_, level)| *level)
            .ok_or_else(|| {
                let names = NAMES.map(|(name, _)| name).join(", ");
                D::Error::custom(format_args!("invalid log level, expected {names}: {word}"))
            })
    }
}
