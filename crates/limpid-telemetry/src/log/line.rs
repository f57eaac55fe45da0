//! What is in a line, whatever its shape.

use jiff::Timestamp;
use opentelemetry::trace::{SpanContext, TraceContextExt as _};
use tracing::{Level, Metadata};

use super::fields::Fields;

/// A line before it is text.
pub(super) struct Line {
    pub(super) level: &'static str,
    pub(super) source: &'static str,
    pub(super) time: Timestamp,
    pub(super) message: String,
    /// The trace and the span, when the event happened in one.
    pub(super) trace: Option<SpanContext>,
    pub(super) fields: Fields,
}

impl Line {
    pub(super) fn new(metadata: &Metadata<'static>, mut fields: Fields) -> Self {
        // The layer that makes traces activates the context of the span that is entered.
        let trace = opentelemetry::Context::map_current(|context| {
            context
                .has_active_span()
                .then(|| context.span().span_context().clone())
        });
        Self {
            level: level(*metadata.level()),
            source: metadata.target(),
            time: Timestamp::now(),
            message: fields.take_message(),
            trace: trace.filter(SpanContext::is_valid),
            fields,
        }
    }
}

/// Clair's words for levels; it has no trace.
fn level(level: Level) -> &'static str {
    match level {
        Level::ERROR => "ERROR",
        Level::WARN => "WARN",
        Level::INFO => "INFO",
        _ => "DEBUG",
    }
}
