//! What Go's runtime is to Clair: tasks and memory.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::gauge::ConstGauge;
use tokio::runtime::Handle;

use crate::allocator;

/// Asks tokio and the allocator whenever it is asked.
#[derive(Debug)]
pub(super) struct RuntimeMetrics {
    runtime: Option<Handle>,
}

impl RuntimeMetrics {
    /// Takes the runtime that this is called in.
    pub(super) fn new() -> Self {
        Self {
            runtime: Handle::try_current().ok(),
        }
    }
}

impl Collector for RuntimeMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let tokio = self.runtime.as_ref().map(Handle::metrics);
        let heap = allocator::heap();
        let gauges = [
            (
                "go_goroutines",
                "Tasks of the async runtime, under the name that Clair's dashboards show",
                tokio
                    .as_ref()
                    .map(tokio::runtime::RuntimeMetrics::num_alive_tasks),
            ),
            (
                "limpid_runtime_workers",
                "Threads that run tasks",
                tokio
                    .as_ref()
                    .map(tokio::runtime::RuntimeMetrics::num_workers),
            ),
            (
                "limpid_runtime_queued_tasks",
                "Tasks that wait for any thread",
                tokio
                    .as_ref()
                    .map(tokio::runtime::RuntimeMetrics::global_queue_depth),
            ),
            (
                "go_memstats_heap_inuse_bytes",
                "Pages of the allocator that hold something, under the name that Clair's \
                 dashboards show",
                heap.as_ref().map(|heap| heap.active),
            ),
            (
                "limpid_heap_allocated_bytes",
                "Memory that the program asked for and has not given back",
                heap.as_ref().map(|heap| heap.allocated),
            ),
            (
                "limpid_heap_resident_bytes",
                "Memory that the allocator has from the kernel",
                heap.as_ref().map(|heap| heap.resident),
            ),
        ];
        for (name, help, value) in gauges {
            let Some(value) = value.and_then(|value| i64::try_from(value).ok()) else {
                continue;
            };
            let gauge = ConstGauge::new(value);
            gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)?;
        }
        Ok(())
    }
}
