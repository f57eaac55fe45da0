use std::io;
use std::sync::Arc;
use std::time::Duration;

use limpid_telemetry::{
    BuildInfo, Destination, Metrics, MetricsPush, OtlpError, OtlpSettings, Sampling, Telemetry,
    TelemetrySettings, TraceSettings, continue_trace,
};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use prost::Message as _;

use crate::collector::{Answer, Collector, Received, unzipped};

fn plain(mut settings: OtlpSettings) -> OtlpSettings {
    settings.insecure = true;
    settings.headers = [("x-token".to_owned(), "secret".to_owned())].into();
    settings
}

/// Lets one request be traced and everything be sent, and returns how often that failed.
async fn trace_a_request(settings: OtlpSettings) -> String {
    let settings = TelemetrySettings {
        service: "clairv4/indexer".to_owned(),
        traces: TraceSettings {
            destination: Some(Destination::Otlp(settings)),
            sampling: Sampling::Never,
        },
        ..TelemetrySettings::default()
    };
    let (telemetry, dispatch) = Telemetry::new(&settings, io::sink()).unwrap();
    tracing::dispatcher::with_default(&dispatch, || {
        let span = tracing::info_span!(
            "request",
            otel.name = "POST /indexer/api/v1/index_report",
            otel.kind = "server",
            request_id = "abc"
        );
        continue_trace(
            &span,
            [(
                "traceparent",
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            )],
        );
        span.in_scope(|| tracing::info!("inside"));
        tracing::info_span!("unsampled").in_scope(|| {});
    });
    let mut registry = Registry::default();
    telemetry.register(&mut registry);
    telemetry.shutdown().await;
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    text
}

fn text<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a str> {
    let attribute = attributes.iter().find(|attribute| attribute.key == key)?;
    match attribute.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text),
        _ => None,
    }
}

fn assert_has_the_request(body: &[u8]) {
    let request = ExportTraceServiceRequest::decode(body).unwrap();
    let [resource_spans] = request.resource_spans.as_slice() else {
        panic!("{request:?}");
    };
    let resource = resource_spans.resource.as_ref().unwrap();
    assert_eq!(
        text(&resource.attributes, "service.name"),
        Some("clairv4/indexer")
    );
    let spans = &resource_spans.scope_spans[0].spans;
    assert_eq!(spans.len(), 1, "only what was sampled outside");
    let span = &spans[0];
    assert_eq!(span.name, "POST /indexer/api/v1/index_report");
    assert_eq!(span.kind(), SpanKind::Server);
    assert_eq!(
        span.trace_id,
        0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c_u128.to_be_bytes()
    );
    assert_eq!(span.parent_span_id, 0xb7ad_6b71_6920_3331_u64.to_be_bytes());
    assert_eq!(text(&span.attributes, "request_id"), Some("abc"));
    assert_eq!(span.events[0].name, "inside");
    assert!(span.end_time_unix_nano >= span.start_time_unix_nano);
}

fn only(collector: &Collector) -> Received {
    let received = collector.received();
    assert_eq!(received.len(), 1, "{received:?}");
    received.into_iter().next().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spans_reach_a_collector_over_http() {
    for gzip in [false, true] {
        let collector = Collector::start(Answer::Http(200)).await;
        let mut settings = plain(OtlpSettings::http(&collector.endpoint, "/v1/traces"));
        settings.gzip = gzip;
        let metrics = trace_a_request(settings).await;
        assert!(metrics.contains("limpid_trace_export_failures_total 0"));
        let received = only(&collector);
        assert_eq!(received.path, "/v1/traces");
        assert_eq!(received.headers["content-type"], "application/x-protobuf");
        assert_eq!(received.headers["x-token"], "secret");
        assert_eq!(received.headers.contains_key("content-encoding"), gzip);
        let body = if gzip {
            unzipped(&received.body)
        } else {
            received.body
        };
        assert_has_the_request(&body);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spans_reach_a_collector_over_grpc() {
    for gzip in [false, true] {
        let collector = Collector::start(Answer::Grpc("0")).await;
        let mut settings = plain(OtlpSettings::grpc(&collector.endpoint));
        settings.gzip = gzip;
        let metrics = trace_a_request(settings).await;
        assert!(metrics.contains("limpid_trace_export_failures_total 0"));
        let received = only(&collector);
        assert_eq!(
            received.path,
            "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
        );
        assert_eq!(received.headers["content-type"], "application/grpc");
        assert_eq!(received.headers["te"], "trailers");
        assert_eq!(received.headers["x-token"], "secret");
        let (head, message) = received.body.split_at(5);
        assert_eq!(head[0], u8::from(gzip));
        let length = u32::from_be_bytes(head[1..].try_into().unwrap());
        assert_eq!(length as usize, message.len());
        let message = if gzip {
            unzipped(message)
        } else {
            message.to_vec()
        };
        assert_has_the_request(&message);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_refuses_is_counted_and_holds_nothing_up() {
    for (answer, settings) in [
        (Answer::Http(503), OtlpSettings::http("", "/v1/traces")),
        (Answer::Grpc("14"), OtlpSettings::grpc("")),
        (Answer::GrpcAtOnce("16"), OtlpSettings::grpc("")),
        (Answer::Http(200), OtlpSettings::grpc("")),
    ] {
        let collector = Collector::start(answer).await;
        let mut settings = plain(settings);
        settings.endpoint.clone_from(&collector.endpoint);
        let metrics = trace_a_request(settings).await;
        assert!(
            metrics.contains("limpid_trace_export_failures_total 1"),
            "{answer:?}\n{metrics}"
        );
    }
}

#[tokio::test]
async fn metrics_reach_a_collector_with_counters_gauges_and_histograms() {
    let collector = Collector::start(Answer::Http(200)).await;
    let mut metrics = Metrics::new(&BuildInfo::default());
    let counter: Counter = Counter::default();
    counter.inc_by(3);
    let histogram = Histogram::new([1.0, 2.0]);
    for seconds in [0.5, 1.5, 1.5, 9.0] {
        histogram.observe(seconds);
    }
    let registry = metrics.registry_mut();
    registry.register("a_things", "Things", counter);
    registry.register("a_seconds", "Times", histogram);
    let settings = plain(OtlpSettings::http(&collector.endpoint, "/v1/metrics"));
    let push = MetricsPush::new(
        Arc::new(metrics),
        "clairv4/matcher",
        &Destination::Otlp(settings),
    )
    .unwrap();
    push.run(Duration::from_hours(1), std::future::ready(()))
        .await;
    let received = collector.received();
    let request =
        ExportMetricsServiceRequest::decode(received.last().unwrap().body.as_slice()).unwrap();
    let metrics = &request.resource_metrics[0].scope_metrics[0].metrics;
    let data = |name: &str| {
        let metric = metrics.iter().find(|metric| metric.name == name).unwrap();
        metric.data.clone().unwrap()
    };
    let Data::Sum(sum) = data("a_things") else {
        panic!("{:?}", data("a_things"));
    };
    assert!(sum.is_monotonic);
    assert_eq!(
        sum.data_points[0].value,
        Some(number_data_point::Value::AsInt(3))
    );
    assert!(sum.data_points[0].start_time_unix_nano < sum.data_points[0].time_unix_nano);
    let Data::Histogram(histogram) = data("a_seconds") else {
        panic!("{:?}", data("a_seconds"));
    };
    let point = &histogram.data_points[0];
    assert_eq!(point.explicit_bounds, [1.0, 2.0]);
    assert_eq!(point.bucket_counts, [1, 2, 1]);
    assert_eq!((point.count, point.sum), (4, Some(12.5)));
    let Data::Gauge(gauge) = data("clair_cmd_version_info") else {
        panic!("{:?}", data("clair_cmd_version_info"));
    };
    assert_eq!(
        text(&gauge.data_points[0].attributes, "modified"),
        Some("false")
    );
}

#[tokio::test]
async fn settings_that_cannot_work_are_refused_at_once() {
    let refusal = |settings: OtlpSettings| {
        let metrics = Arc::new(Metrics::new(&BuildInfo::default()));
        MetricsPush::new(metrics, "", &Destination::Otlp(settings)).unwrap_err()
    };
    for endpoint in ["", "user:password@host:1", "host:1/path", "host:x", "a b"] {
        let error = refusal(OtlpSettings::http(endpoint, "/"));
        assert!(matches!(error, OtlpError::Endpoint { .. }), "{endpoint}");
    }
    let mut settings = OtlpSettings::grpc("localhost:4317");
    settings.headers = [("a".to_owned(), "se\ncret".to_owned())].into();
    let error = refusal(settings);
    assert_eq!(error.to_string(), "invalid header for a collector: a");
    let mut settings = OtlpSettings::grpc("localhost:4317");
    settings.tls.root_ca = Some("no/such/file.pem".into());
    let error = refusal(settings);
    assert!(matches!(error, OtlpError::File { .. }), "{error}");
}

#[test]
fn headers_are_not_shown() {
    let settings = plain(OtlpSettings::http("host:1", "/"));
    let shown = format!("{settings:?}");
    assert!(
        shown.contains("x-token") && !shown.contains("secret"),
        "{shown}"
    );
}
