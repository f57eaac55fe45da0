//! Spans on their way out.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use prometheus_client::metrics::counter::Counter;
use tokio::runtime::Handle;

use super::Sender;

/// Sends batches of spans.
///
/// The thread that collects the batches knows nothing of tokio, so each is sent by a task.
#[derive(Debug)]
pub(crate) struct OtlpSpans {
    sender: Sender,
    runtime: Handle,
    resource: ResourceAttributesWithSchema,
    failures: Counter,
}

impl OtlpSpans {
    pub(crate) fn new(sender: Sender, runtime: Handle, failures: Counter) -> Self {
        Self {
            sender,
            runtime,
            resource: ResourceAttributesWithSchema::default(),
            failures,
        }
    }
}

impl SpanExporter for OtlpSpans {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let request = ExportTraceServiceRequest {
            resource_spans: group_spans_by_resource_and_scope(batch, &self.resource),
        };
        let sender = self.sender.clone();
        let sent = self
            .runtime
            .spawn(async move { sender.send(&request).await })
            .await;
        let failure = match sent {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "spans were not sent"
                );
                error.to_string()
            }
            Err(error) => error.to_string(),
        };
        self.failures.inc();
        Err(OTelSdkError::InternalFailure(failure))
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.resource = resource.into();
    }
}
