//! Metrics on their way out.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint,
    ResourceMetrics, ScopeMetrics, Sum,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use tokio::time::MissedTickBehavior;

use super::{Destination, OtlpError, Sender, Signal};
use crate::metrics::{Kind, MetricFamily, Metrics};
use crate::trace;

/// Sends all metrics to a collector.
#[derive(Debug)]
pub struct MetricsPush {
    sender: Sender,
    metrics: Arc<Metrics>,
    resource: ResourceAttributesWithSchema,
    started: u64,
}

impl MetricsPush {
    /// Prepares sending.
    pub fn new(
        metrics: Arc<Metrics>,
        service: &str,
        destination: &Destination,
    ) -> Result<Self, OtlpError> {
        let now = nanoseconds(SystemTime::now());
        Ok(Self {
            sender: Sender::new(destination, Signal::Metrics)?,
            metrics,
            resource: (&trace::resource(service)).into(),
            started: Metrics::process_start().map_or(now, nanoseconds),
        })
    }

    /// Sends metrics every so often, and once more when `shutdown` is ready. What was not sent is
    /// logged; the next time everything is sent anyhow.
    pub async fn run(self, period: Duration, shutdown: impl Future<Output = ()>) {
        let mut ticks = tokio::time::interval(period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut shutdown = std::pin::pin!(shutdown);
        loop {
            let is_last = tokio::select! {
                _ = ticks.tick() => false,
                () = &mut shutdown => true,
            };
            if let Err(error) = self.push().await {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "metrics were not sent"
                );
            }
            if is_last {
                return;
            }
        }
    }

    /// Sends metrics now.
    pub async fn push(&self) -> Result<(), OtlpError> {
        // A registry fails to write only what a collector of its own refuses to write.
        let families = self.metrics.families().unwrap_or_default();
        let now = nanoseconds(SystemTime::now());
        self.sender.send(&self.request(&families, now)).await
    }

    fn request(&self, families: &[MetricFamily], now: u64) -> ExportMetricsServiceRequest {
        let times = Times {
            started: self.started,
            now,
        };
        let scope = InstrumentationScope {
            name: "limpid".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            ..InstrumentationScope::default()
        };
        ExportMetricsServiceRequest {
            resource_metrics: vec![ResourceMetrics {
                resource: Some(Resource {
                    attributes: self.resource.attributes.0.clone(),
                    ..Resource::default()
                }),
                scope_metrics: vec![ScopeMetrics {
                    scope: Some(scope),
                    metrics: families.iter().map(|family| times.metric(family)).collect(),
                    schema_url: String::new(),
                }],
                schema_url: String::new(),
            }],
        }
    }
}

fn nanoseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// Between when and when things were counted, in nanoseconds after the beginning of 1970.
#[derive(Clone, Copy)]
struct Times {
    started: u64,
    now: u64,
}

impl Times {
    fn metric(self, family: &MetricFamily) -> Metric {
        let cumulative = AggregationTemporality::Cumulative.into();
        let data = match family.kind {
            Kind::Counter | Kind::CounterWithoutTotal => Data::Sum(Sum {
                data_points: self.numbers(family),
                aggregation_temporality: cumulative,
                is_monotonic: true,
            }),
            Kind::Gauge | Kind::Unknown => Data::Gauge(Gauge {
                data_points: self.numbers(family),
            }),
            Kind::Histogram => Data::Histogram(Histogram {
                data_points: self.histograms(family),
                aggregation_temporality: cumulative,
            }),
        };
        Metric {
            name: family.name.clone(),
            description: family.help.clone(),
            data: Some(data),
            ..Metric::default()
        }
    }

    fn numbers(self, family: &MetricFamily) -> Vec<NumberDataPoint> {
        family
            .samples
            .iter()
            .filter_map(|sample| {
                Some(NumberDataPoint {
                    attributes: attributes(sample.labels()),
                    start_time_unix_nano: self.started,
                    time_unix_nano: self.now,
                    value: Some(number(&sample.value)?),
                    ..NumberDataPoint::default()
                })
            })
            .collect()
    }

    /// The registry writes the sum of each histogram first, then the count, then the buckets, and
    /// each bucket with all that is in those before it.
    fn histograms(self, family: &MetricFamily) -> Vec<HistogramDataPoint> {
        let mut points: Vec<HistogramDataPoint> = Vec::new();
        let mut before = 0_u64;
        for sample in &family.samples {
            let suffix = sample.name.strip_prefix(&family.name).unwrap_or_default();
            if suffix == "_sum" {
                before = 0;
                points.push(HistogramDataPoint {
                    attributes: attributes(sample.labels()),
                    start_time_unix_nano: self.started,
                    time_unix_nano: self.now,
                    sum: sample.value.parse().ok(),
                    ..HistogramDataPoint::default()
                });
                continue;
            }
            let (Some(point), Ok(count)) = (points.last_mut(), sample.value.parse::<u64>()) else {
                continue;
            };
            if suffix == "_count" {
                point.count = count;
                continue;
            }
            point.bucket_counts.push(count.saturating_sub(before));
            before = count;
            let bound = sample.labels().into_iter().find(|(name, _)| name == "le");
            // The last bucket has no bound.
            if let Some(bound) = bound.and_then(|(_, bound)| bound.parse::<f64>().ok())
                && bound.is_finite()
            {
                point.explicit_bounds.push(bound);
            }
        }
        points
    }
}

fn number(text: &str) -> Option<number_data_point::Value> {
    if let Ok(whole) = text.parse() {
        return Some(number_data_point::Value::AsInt(whole));
    }
    text.parse().ok().map(number_data_point::Value::AsDouble)
}

fn attributes(labels: Vec<(String, String)>) -> Vec<KeyValue> {
    labels
        .into_iter()
        .map(|(key, value)| KeyValue {
            key,
            value: Some(AnyValue {
                value: Some(Value::StringValue(value)),
            }),
            ..KeyValue::default()
        })
        .collect()
}
