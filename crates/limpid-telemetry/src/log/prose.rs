//! A line for people.

use std::fmt::{self, Write as _};

use anstyle::{AnsiColor, Style};
use serde_json::Value;

use super::line::Line;

/// Returns the line with its line break.
pub(super) fn line(line: &Line, colors: bool) -> String {
    let mut text = String::new();
    // Writing to a text does not fail.
    let _ = write(&mut text, line, colors);
    text.push('\n');
    text
}

fn write(text: &mut String, line: &Line, colors: bool) -> fmt::Result {
    let style = |style: Style| if colors { style } else { Style::new() };
    let faint = style(Style::new().dimmed());
    let level = style(of_level(line.level));
    write!(text, "{faint}{:.3}{faint:#} ", line.time)?;
    write!(text, "{level}{:5}{level:#} ", line.level)?;
    write!(text, "{faint}{}{faint:#} ", line.source)?;
    escape(text, &line.message)?;
    for (name, value) in line.fields.iter() {
        write!(text, " {faint}{name}={faint:#}")?;
        match value {
            Value::String(value) if is_plain(value) => text.push_str(value),
            Value::String(value) => {
                text.push('"');
                escape(text, value)?;
                text.push('"');
            }
            other => write!(text, "{other}")?,
        }
    }
    Ok(())
}

fn of_level(level: &str) -> Style {
    match level {
        "ERROR" => AnsiColor::Red.on_default().bold(),
        "WARN" => AnsiColor::Yellow.on_default(),
        "INFO" => AnsiColor::Green.on_default(),
        _ => AnsiColor::Blue.on_default(),
    }
}

/// Tells whether a text can stand without quotes.
fn is_plain(text: &str) -> bool {
    !text.is_empty()
        && !text
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || matches!(c, '"' | '=' | '\\'))
}

/// A line stays a line, and a terminal gets no orders from what others wrote.
fn escape(text: &mut String, other: &str) -> fmt::Result {
    for character in other.chars() {
        if character.is_control() || matches!(character, '\u{2028}' | '\u{2029}') {
            write!(text, "{}", character.escape_default())?;
        } else {
            text.push(character);
        }
    }
    Ok(())
}
