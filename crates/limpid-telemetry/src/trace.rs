//! Traces: which requests are traced, and how a trace goes on in another process.

use opentelemetry::KeyValue;
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use prometheus_client::metrics::counter::Counter;
use tokio::runtime::Handle;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use crate::otlp::spans::OtlpSpans;
use crate::otlp::{Destination, OtlpError, Sender, Signal};

/// Which requests are traced, and where to.
///
/// Without a destination spans have identifiers all the same: they stand in the logs, and a trace
/// that came from outside goes on where limpid asks others.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TraceSettings {
    /// Where spans go.
    pub destination: Option<Destination>,
    /// Which requests are traced.
    pub sampling: Sampling,
}

/// Which requests are traced of those that do not bring the decision with them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Sampling {
    /// None.
    #[default]
    Never,
    /// A share of them, from 0 to 1.
    Share(f64),
    /// All requests, even those that bring a decision against it.
    Always,
}

/// Makes the source of spans.
pub(crate) fn provider(
    settings: &TraceSettings,
    service: &str,
    failures: Counter,
) -> Result<SdkTracerProvider, OtlpError> {
    let mut builder = SdkTracerProvider::builder()
        .with_resource(resource(service))
        .with_sampler(sampler(settings.sampling));
    if let Some(destination) = &settings.destination {
        let runtime = Handle::try_current().map_err(|_| OtlpError::NoRuntime)?;
        let sender = Sender::new(destination, Signal::Traces)?;
        builder = builder.with_batch_exporter(OtlpSpans::new(sender, runtime, failures));
    }
    Ok(builder.build())
}

/// Says of whom the telemetry is.
pub(crate) fn resource(service: &str) -> Resource {
    Resource::builder_empty()
        .with_service_name(service.to_owned())
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build()
}

fn sampler(sampling: Sampling) -> Sampler {
    let root = match sampling {
        Sampling::Always => return Sampler::AlwaysOn,
        Sampling::Never => Sampler::AlwaysOff,
        Sampling::Share(share) => Sampler::TraceIdRatioBased(share),
    };
    Sampler::ParentBased(Box::new(root))
}

/// Makes a span the continuation of the trace that headers name, as the W3C's Trace Context has
/// it (<https://www.w3.org/TR/trace-context/>). What is not valid is ignored.
///
/// It must be called before the span is entered for the first time.
pub fn continue_trace<'a>(span: &Span, headers: impl IntoIterator<Item = (&'a str, &'a str)>) {
    let mut carrier = Received::default();
    for (name, value) in headers {
        if name.eq_ignore_ascii_case("traceparent") {
            carrier.parents.push(value);
        } else if name.eq_ignore_ascii_case("tracestate") {
            carrier.states.push(value);
        }
    }
    // Two parents are as good as none.
    if let [parent] = carrier.parents.as_slice() {
        let states = carrier.states.join(",");
        let context = TraceContextPropagator::new().extract_with_context(
            &opentelemetry::Context::new(),
            &Carrier {
                parent,
                state: &states,
            },
        );
        // It fails for a span that is switched off, which needs no parent.
        let _ = span.set_parent(context);
    }
}

/// Returns the headers, `traceparent` and `tracestate`, by which another process continues the
/// trace of a span.
pub fn trace_headers(span: &Span) -> Vec<(String, String)> {
    let mut headers = Sent(Vec::new());
    TraceContextPropagator::new().inject_context(&span.context(), &mut headers);
    headers.0.retain(|(_, value)| !value.is_empty());
    headers.0
}

#[derive(Default)]
struct Received<'a> {
    parents: Vec<&'a str>,
    states: Vec<&'a str>,
}

struct Carrier<'a> {
    parent: &'a str,
    state: &'a str,
}

impl Extractor for Carrier<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        match key {
            "traceparent" => Some(self.parent),
            "tracestate" => Some(self.state).filter(|state| !state.is_empty()),
            _ => None,
        }
    }

    fn keys(&self) -> Vec<&str> {
        vec!["traceparent", "tracestate"]
    }
}

struct Sent(Vec<(String, String)>);

impl Injector for Sent {
    fn set(&mut self, key: &str, value: String) {
        self.0.push((key.to_owned(), value));
    }
}
