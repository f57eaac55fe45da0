//! From the configuration's words to what telemetry wants.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use limpid_config::{Compression, GoDuration, LogLevel, Otlp, Secret, Tls};
use limpid_telemetry::{
    BuildInfo, Destination, JaegerAddress, LogFormat, LogSettings, Metrics, MetricsPush,
    OtlpSettings, OtlpTls, OtlpTransport, Sampling, Telemetry, TelemetrySettings, TraceSettings,
};
use tokio_util::sync::CancellationToken;

use super::Plan;

/// How often metrics are sent to a collector.
const PUSH_PERIOD: Duration = Duration::from_mins(1);

/// Telemetry that listens.
pub(super) struct Started {
    pub(super) logs_and_traces: Telemetry,
}

/// Starts logs and traces.
pub(super) fn start(plan: &Plan) -> anyhow::Result<Started> {
    let settings = TelemetrySettings {
        service: service_name(plan),
        logs: logs(plan),
        traces: traces(plan)?,
    };
    let logs_and_traces = Telemetry::install(&settings, io::stderr())?;
    Ok(Started { logs_and_traces })
}

/// Says which build this is.
pub(super) fn build_info() -> BuildInfo {
    BuildInfo {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..BuildInfo::default()
    }
}

/// Prepares sending metrics to a collector, if the configuration says so.
pub(super) fn push(plan: &Plan, metrics: &Arc<Metrics>) -> anyhow::Result<Option<MetricsPush>> {
    let destination = match plan.config.metrics.name.as_str() {
        // Clair takes the transport of traces where there is none for metrics.
        "otlp" => collector(&plan.config.metrics.otlp, "/v1/metrics")
            .or_else(|| collector(&plan.config.trace.otlp, "/v1/metrics"))
            .context("metrics.name is otlp, but metrics.otlp has neither http nor grpc")?,
        "stdout" => Destination::Stdout,
        _ => return Ok(None),
    };
    let push = MetricsPush::new(Arc::clone(metrics), &service_name(plan), &destination)?;
    Ok(Some(push))
}

/// Sends metrics until the token is cancelled.
pub(super) async fn run_push(push: Option<MetricsPush>, stop: CancellationToken) {
    if let Some(push) = push {
        push.run(PUSH_PERIOD, stop.cancelled_owned()).await;
    }
}

fn service_name(plan: &Plan) -> String {
    format!("clairv4/{}", plan.mode)
}

fn logs(plan: &Plan) -> LogSettings {
    let colors = plan.environment.get("NO_COLOR").is_none();
    let (level, format) = match plan.config.log_level {
        LogLevel::DebugColor => (
            limpid_telemetry::LogLevel::Debug,
            LogFormat::Prose { colors },
        ),
        LogLevel::Debug => (limpid_telemetry::LogLevel::Debug, LogFormat::Json),
        LogLevel::Info => (limpid_telemetry::LogLevel::Info, LogFormat::Json),
        LogLevel::Warn => (limpid_telemetry::LogLevel::Warn, LogFormat::Json),
        LogLevel::Error => (limpid_telemetry::LogLevel::Error, LogFormat::Json),
        LogLevel::Fatal | LogLevel::Panic => (limpid_telemetry::LogLevel::Silent, LogFormat::Json),
    };
    LogSettings {
        level,
        format,
        ..LogSettings::default()
    }
}

fn traces(plan: &Plan) -> anyhow::Result<TraceSettings> {
    let trace = &plan.config.trace;
    let destination = match trace.name.as_str() {
        "otlp" => Some(
            collector(&trace.otlp, "/v1/traces")
                .context("trace.name is otlp, but trace.otlp has neither http nor grpc")?,
        ),
        "stdout" => Some(Destination::Stdout),
        "jaeger" => Some(jaeger(plan)?),
        // Clair knows sentry and does nothing with it; a lint says so.
        _ => None,
    };
    let is_debugging = matches!(
        plan.config.log_level,
        LogLevel::Debug | LogLevel::DebugColor
    );
    let sampling = match trace.probability {
        _ if is_debugging => Sampling::Always,
        Some(share) => Sampling::Share(share),
        None => Sampling::Never,
    };
    Ok(TraceSettings {
        destination,
        sampling,
    })
}

/// Jaeger is reached by OTLP, which it takes on a port of its own.
fn jaeger(plan: &Plan) -> anyhow::Result<Destination> {
    let jaeger = &plan.config.trace.jaeger;
    let settings = OtlpSettings::jaeger(&JaegerAddress {
        agent: &jaeger.agent.endpoint,
        collector: jaeger.collector.endpoint.expose(),
        username: jaeger.collector.username.as_deref().unwrap_or_default(),
        password: jaeger
            .collector
            .password
            .as_ref()
            .map_or("", Secret::expose),
    })?;
    Ok(Destination::Otlp(settings))
}

/// Returns the collector that a block names; gRPC goes before HTTP, as in Clair.
fn collector(otlp: &Otlp, path: &str) -> Option<Destination> {
    if let Some(grpc) = &otlp.grpc {
        return Some(Destination::Otlp(OtlpSettings {
            transport: OtlpTransport::Grpc,
            endpoint: grpc.endpoint.clone(),
            headers: headers(&grpc.headers),
            insecure: grpc.insecure,
            timeout: timeout(grpc.timeout),
            gzip: grpc.compression == Compression::Gzip,
            tls: tls(grpc.client_tls.as_ref()),
        }));
    }
    let http = otlp.http.as_ref()?;
    // The configuration has a default for traces, which is no path for metrics.
    let path = match http.url_path.as_str() {
        "" | "/v1/traces" | "/v1/metrics" => path,
        other => other,
    };
    Some(Destination::Otlp(OtlpSettings {
        transport: OtlpTransport::Http {
            path: path.to_owned(),
        },
        endpoint: http.endpoint.clone(),
        headers: headers(&http.headers),
        insecure: http.insecure,
        timeout: timeout(http.timeout),
        gzip: http.compression == Compression::Gzip,
        tls: tls(http.client_tls.as_ref()),
    }))
}

fn headers(headers: &BTreeMap<String, Secret>) -> BTreeMap<String, String> {
    headers
        .iter()
        .map(|(name, value)| (name.clone(), value.expose().to_owned()))
        .collect()
}

fn timeout(timeout: Option<GoDuration>) -> Duration {
    timeout
        .and_then(GoDuration::to_std)
        .unwrap_or(Duration::from_secs(10))
}

fn tls(tls: Option<&Tls>) -> OtlpTls {
    let Some(tls) = tls else {
        return OtlpTls::default();
    };
    let given = |path: &std::path::PathBuf| (!path.as_os_str().is_empty()).then(|| path.clone());
    OtlpTls {
        identity: given(&tls.cert).zip(given(&tls.key)),
        root_ca: given(&tls.root_ca),
    }
}
