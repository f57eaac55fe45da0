use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::gauge::ConstGauge;

use crate::admission::Admission;

/// Shows how things stand at the moment of being asked.
pub(super) struct LoadCollector(pub(super) Arc<Admission>);

impl std::fmt::Debug for LoadCollector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LoadCollector").finish_non_exhaustive()
    }
}

impl Collector for LoadCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let load = self.0.load();
        let figures = [
            (
                "limpid_index_running",
                "Images that are being indexed",
                count(load.running),
            ),
            (
                "limpid_index_queued",
                "Images that wait in this process",
                count(load.waiting),
            ),
            (
                "limpid_index_oldest_wait_seconds",
                "How long the image has waited that waits longest in this process",
                load.oldest.as_secs_f64(),
            ),
        ];
        for (name, help, figure) in figures {
            let gauge = ConstGauge::new(figure);
            let metric = encoder.encode_descriptor(name, help, None, gauge.metric_type())?;
            gauge.encode(metric)?;
        }
        Ok(())
    }
}

fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}
