//! What limpid says of itself, and how large the machine is that it may use.
//!
//! * [`Telemetry`] makes logs in Clair's shape and traces of OpenTelemetry out of what the program
//!   says with `tracing`; [`continue_trace`] and [`trace_headers`] carry a trace from process to
//!   process.
//! * [`Metrics`] is the registry, which Prometheus reads as text and which [`MetricsPush`] sends to
//!   a collector. Each part of the program registers its own metrics there.
//! * [`cpu_profile`] and [`heap_profile`] say where time goes and what memory is for.
//! * [`Resources`] says how much of the machine the control groups leave.
//!
//! Only this crate knows OpenTelemetry. Its protocol is spoken with the HTTP client that the rest
//! of the program has too, over HTTP as well as over gRPC.

mod allocator;
mod log;
mod metrics;
mod otlp;
mod profile;
mod resources;
mod telemetry;
mod trace;

#[doc(hidden)]
pub use allocator::Jemalloc;
pub use log::{LogFormat, LogLevel, LogSettings, Logs};
pub use metrics::{BuildInfo, Metrics, PoolMetrics, PoolSnapshot, Rendered};
pub use otlp::metrics::MetricsPush;
pub use otlp::{Destination, JaegerAddress, OtlpError, OtlpSettings, OtlpTls, OtlpTransport};
pub use profile::{LONGEST_PROFILE, ProfileError, cpu_profile, heap_profile};
pub use resources::Resources;
pub use telemetry::{Telemetry, TelemetryError, TelemetrySettings};
pub use trace::{Sampling, TraceSettings, continue_trace, trace_headers};
