use std::fmt::Write as _;

use anstyle::{AnsiColor, Effects};
use limpid_types::Severity;

/// How a table looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// Whether to write colours.
    pub colour: bool,
    /// Width of the terminal in columns; none when there is no terminal.
    pub width: Option<u16>,
}

impl Style {
    /// Appends a text in a paint, if there are colours.
    pub(crate) fn paint(self, line: &mut String, paint: anstyle::Style, text: &str) {
        if self.colour && !paint.is_plain() {
            // Writing to a String cannot fail.
            let _ = write!(line, "{paint}{text}{paint:#}");
        } else {
            line.push_str(text);
        }
    }
}

/// The paint of column titles.
pub(crate) fn title() -> anstyle::Style {
    anstyle::Style::new().effects(Effects::BOLD)
}

/// The paint of what somebody has to look at.
pub(crate) fn warning() -> anstyle::Style {
    AnsiColor::Yellow.on_default().effects(Effects::BOLD)
}

/// The paint of a good result.
pub(crate) fn good() -> anstyle::Style {
    AnsiColor::Green.on_default()
}

/// The paint of a severity.
pub(crate) fn severity(severity: Severity) -> anstyle::Style {
    match severity {
        Severity::Critical => AnsiColor::Red.on_default().effects(Effects::BOLD),
        Severity::High => AnsiColor::Red.on_default(),
        Severity::Medium => AnsiColor::Yellow.on_default(),
        Severity::Low => AnsiColor::Cyan.on_default(),
        Severity::Negligible => anstyle::Style::new().effects(Effects::DIMMED),
        Severity::Unknown => anstyle::Style::new(),
    }
}
