//! Everything that listens to what the program says.

use std::io::Write;
use std::time::Duration;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::trace::SdkTracerProvider;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;
use thiserror::Error;
use tracing::Dispatch;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::log::{LogLayer, LogSettings, Logs};
use crate::otlp::OtlpError;
use crate::trace::{self, TraceSettings};

/// How long the end may wait for what is still to be sent, as in Clair.
const FLUSH: Duration = Duration::from_secs(5);

/// How long the end may wait for a reader of the logs.
const LOG_FLUSH: Duration = Duration::from_secs(1);

/// What is said, and to whom.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TelemetrySettings {
    /// Who says it: Clair's dashboards know `clairv4/MODE`.
    pub service: String,
    /// Logs.
    pub logs: LogSettings,
    /// Traces.
    pub traces: TraceSettings,
}

/// Why telemetry did not start.
#[derive(Debug, Error)]
pub enum TelemetryError {
    /// The thread that writes logs could not be started.
    #[error("cannot start the thread that writes logs")]
    Thread {
        /// Why it could not be started.
        #[source]
        source: std::io::Error,
    },
    /// Traces cannot be sent.
    #[error("cannot send traces")]
    Traces {
        /// Why they cannot be sent.
        #[source]
        source: OtlpError,
    },
    /// Telemetry was installed before.
    #[error("telemetry is installed already")]
    Installed,
}

/// The logs and traces of the process.
#[derive(Debug)]
pub struct Telemetry {
    logs: Logs,
    provider: SdkTracerProvider,
    failures: Counter,
}

impl Telemetry {
    /// Makes logs, to some output, and traces, and returns what `tracing` is to be given.
    pub fn new(
        settings: &TelemetrySettings,
        log_output: impl Write + Send + 'static,
    ) -> Result<(Self, Dispatch), TelemetryError> {
        let failures = Counter::default();
        let provider = trace::provider(&settings.traces, &settings.service, failures.clone())
            .map_err(|source| TelemetryError::Traces { source })?;
        let (layer, logs) = LogLayer::new(&settings.logs, log_output)
            .map_err(|source| TelemetryError::Thread { source })?;
        let traces = tracing_opentelemetry::layer()
            .with_tracer(provider.tracer("limpid"))
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false);
        let subscriber = tracing_subscriber::registry()
            .with(settings.logs.level.filter())
            .with(traces)
            .with(layer);
        let telemetry = Self {
            logs,
            provider,
            failures,
        };
        Ok((telemetry, Dispatch::new(subscriber)))
    }

    /// Makes logs and traces for the whole process.
    pub fn install(
        settings: &TelemetrySettings,
        log_output: impl Write + Send + 'static,
    ) -> Result<Self, TelemetryError> {
        let (telemetry, dispatch) = Self::new(settings, log_output)?;
        tracing::dispatcher::set_global_default(dispatch).map_err(|_| TelemetryError::Installed)?;
        Ok(telemetry)
    }

    /// Returns the logs.
    pub fn logs(&self) -> &Logs {
        &self.logs
    }

    /// Adds what telemetry knows of itself to a registry: `limpid_log_lines_dropped_total` and
    /// `limpid_trace_export_failures_total`.
    pub fn register(&self, registry: &mut Registry) {
        self.logs.register(registry);
        registry.register(
            "limpid_trace_export_failures",
            "Batches of spans that were not sent",
            self.failures.clone(),
        );
    }

    /// Sends and writes what is left, in a bounded time. Later events are still logged.
    pub async fn shutdown(self) {
        let Self { logs, provider, .. } = self;
        let rest = tokio::task::spawn_blocking(move || {
            if let Err(error) = provider.shutdown_with_timeout(FLUSH) {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the last spans were not sent"
                );
            }
            logs.flush(LOG_FLUSH)
        });
        // The thread is left behind when it takes longer; the process is about to end.
        let _ = tokio::time::timeout(FLUSH + LOG_FLUSH, rest).await;
    }
}
