//! Logs: one line for each event, in Clair's shape.

use std::io::Write;
use std::time::Duration;

use prometheus_client::registry::Registry;
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use self::fields::Fields;
use self::line::Line;
use self::queue::LogQueue;

mod fields;
mod json;
mod line;
mod prose;
mod queue;

/// How logs are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogSettings {
    /// The least severity that is written.
    pub level: LogLevel,
    /// The shape of a line.
    pub format: LogFormat,
    /// How many bytes may wait for whoever reads the logs; what does not fit is dropped and counted.
    pub queue_bytes: usize,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self {
            level: LogLevel::Info,
            format: LogFormat::Json,
            queue_bytes: 4 << 20,
        }
    }
}

/// The least severity that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    /// Everything. Of what other libraries say, only what operators want to know.
    Debug,
    /// What operators want to know.
    Info,
    /// What may be wrong.
    Warn,
    /// What is wrong.
    Error,
    /// Nothing: Clair's `fatal` and `panic`.
    Silent,
}

/// The shape of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object with `level`, `source`, `time` and `msg`.
    Json,
    /// For people.
    Prose {
        /// Whether levels and names have colours.
        colors: bool,
    },
}

impl LogLevel {
    /// Returns what the filter of all layers lets through.
    ///
    /// Other libraries are held at `info`: the HTTP libraries among them speak of every frame below
    /// that, also of those that carry traces to their collector, which would never end.
    pub(crate) fn filter(self) -> Targets {
        let own = match self {
            Self::Debug => LevelFilter::DEBUG,
            Self::Info => LevelFilter::INFO,
            Self::Warn => LevelFilter::WARN,
            Self::Error => LevelFilter::ERROR,
            Self::Silent => LevelFilter::OFF,
        };
        Targets::new()
            .with_default(own.min(LevelFilter::INFO))
            .with_target("limpid", own)
    }
}

/// Writes events to a queue that another thread empties.
#[derive(Debug)]
pub(crate) struct LogLayer {
    queue: LogQueue,
    format: LogFormat,
}

/// The far end of the logs.
#[derive(Clone, Debug)]
pub struct Logs {
    queue: LogQueue,
}

impl LogLayer {
    pub(crate) fn new(
        settings: &LogSettings,
        output: impl Write + Send + 'static,
    ) -> std::io::Result<(Self, Logs)> {
        let queue = LogQueue::start(output, settings.queue_bytes)?;
        let layer = Self {
            queue: queue.clone(),
            format: settings.format,
        };
        Ok((layer, Logs { queue }))
    }
}

impl Logs {
    /// Returns how many lines were dropped because nobody read the logs fast enough, or at all.
    pub fn dropped(&self) -> u64 {
        self.queue.dropped().get()
    }

    /// Waits until everything is written, but not for longer than some time. Tells whether it is.
    /// It blocks the thread.
    pub fn flush(&self, patience: Duration) -> bool {
        self.queue.flush(patience)
    }

    /// Adds `limpid_log_lines_dropped_total` to a registry.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "limpid_log_lines_dropped",
            "Log lines that nobody read fast enough",
            self.queue.dropped().clone(),
        );
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for LogLayer {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        span.extensions_mut().insert(fields);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(fields) = span.extensions_mut().get_mut::<Fields>() {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        for span in context
            .event_scope(event)
            .into_iter()
            .flat_map(tracing_subscriber::registry::Scope::from_root)
        {
            if let Some(of_span) = span.extensions().get::<Fields>() {
                fields.add(of_span);
            }
        }
        event.record(&mut fields);
        let line = Line::new(event.metadata(), fields);
        let text = match self.format {
            LogFormat::Json => json::line(&line),
            LogFormat::Prose { colors } => prose::line(&line, colors),
        };
        self.queue.push(text.as_bytes());
    }
}
