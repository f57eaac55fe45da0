//! The fields of spans and events.

use std::error::Error;
use std::fmt::{self, Write as _};

use serde_json::Value;
use tracing::field::{Field, Visit};

/// A text may be this long; what is behind it is left out, because much of it is written by others.
const TEXT_BYTES: usize = 8 << 10;

/// A chain of errors is followed so far.
const CAUSES: usize = 16;

/// Names and values in the order of their coming. A value replaces an earlier one of its name.
#[derive(Debug, Default)]
pub(super) struct Fields(Vec<(&'static str, Value)>);

impl Fields {
    /// Adds all fields of a span within.
    pub(super) fn add(&mut self, others: &Self) {
        for (name, value) in &others.0 {
            self.set(name, value.clone());
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        self.0.iter().map(|(name, value)| (*name, value))
    }

    /// Takes the text of the event out.
    pub(super) fn take_message(&mut self) -> String {
        let place = self.0.iter().position(|(name, _)| *name == "message");
        match place.map(|place| self.0.remove(place).1) {
            Some(Value::String(text)) => text,
            Some(other) => other.to_string(),
            None => String::new(),
        }
    }

    fn set(&mut self, name: &'static str, value: Value) {
        // Fields with this prefix are for the layer that makes traces.
        if name.starts_with("otel.") {
            return;
        }
        let name = name_in_line(name);
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = value,
            None => self.0.push((name, value)),
        }
    }
}

/// Clair has errors under `reason`. What every line has must not come twice.
fn name_in_line(name: &'static str) -> &'static str {
    match name {
        "error" | "err" => "reason",
        "level" => "field.level",
        "source" => "field.source",
        "time" => "field.time",
        "msg" => "field.msg",
        "TraceID" => "field.TraceID",
        "SpanID" => "field.SpanID",
        other => other,
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        // JSON has no infinities.
        let value = serde_json::Number::from_f64(value)
            .map_or_else(|| Value::String(value.to_string()), Value::Number);
        self.set(field.name(), value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field.name(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field.name(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field.name(), value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(
            field.name(),
            Value::String(Text::of(format_args!("{value}"))),
        );
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        let mut text = Text::default();
        // Writing to a text does not fail.
        let _ = write!(text, "{value}");
        let mut cause = value.source();
        for _ in 0..CAUSES {
            let Some(error) = cause else { break };
            let _ = write!(text, ": {error}");
            cause = error.source();
        }
        self.set(field.name(), Value::String(text.finish()));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.set(
            field.name(),
            Value::String(Text::of(format_args!("{value:?}"))),
        );
    }
}

/// A text that stops growing.
#[derive(Default)]
struct Text {
    text: String,
    is_cut: bool,
}

impl Text {
    fn of(arguments: fmt::Arguments<'_>) -> String {
        let mut text = Self::default();
        let _ = text.write_fmt(arguments);
        text.finish()
    }

    fn finish(mut self) -> String {
        if self.is_cut {
            self.text.push('…');
        }
        self.text
    }
}

impl fmt::Write for Text {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        if self.is_cut {
            return Ok(());
        }
        let room = TEXT_BYTES.saturating_sub(self.text.len());
        let kept = more.floor_char_boundary(room);
        self.text.push_str(more.get(..kept).unwrap_or_default());
        self.is_cut = kept < more.len();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_between_characters() {
        let text = Text::of(format_args!("{}", "é".repeat(TEXT_BYTES)));
        assert_eq!(text.len(), TEXT_BYTES + "…".len());
        assert!(text.ends_with("é…"));
        let exact = "a".repeat(TEXT_BYTES);
        assert_eq!(Text::of(format_args!("{exact}")), exact);
    }
}
