//! A line as a JSON object.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::line::Line;

/// Returns the line with its line break.
pub(super) fn line(line: &Line) -> String {
    // Writing to memory does not fail, and all keys are texts.
    let mut text = serde_json::to_string(&Object(line)).unwrap_or_default();
    text.push('\n');
    text
}

struct Object<'a>(&'a Line);

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let line = self.0;
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("level", line.level)?;
        object.serialize_entry("source", line.source)?;
        object.serialize_entry("time", &format_args!("{:.9}", line.time))?;
        object.serialize_entry("msg", &line.message)?;
        if let Some(trace) = &line.trace {
            object.serialize_entry("TraceID", &format_args!("{}", trace.trace_id()))?;
            object.serialize_entry("SpanID", &format_args!("{}", trace.span_id()))?;
        }
        for (name, value) in line.fields.iter() {
            object.serialize_entry(name, value)?;
        }
        object.end()
    }
}
