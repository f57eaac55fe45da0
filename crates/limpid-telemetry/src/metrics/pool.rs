//! Pools of connections to PostgreSQL, under the names of Clair's.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

/// What a pool is doing and has done.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PoolSnapshot {
    /// Connections that somebody uses.
    pub acquired: u32,
    /// Connections that are being made.
    pub constructing: u32,
    /// Connections that nobody uses.
    pub idle: u32,
    /// Connections that there may be.
    pub max: u32,
    /// How often somebody got a connection.
    pub acquisitions: u64,
    /// How long all of them waited for it, in seconds.
    pub acquisition_seconds: f64,
    /// How often somebody gave up waiting.
    pub cancelled: u64,
    /// How often somebody had to wait, because no connection was idle.
    pub waited: u64,
}

type Snapshot = Box<dyn Fn() -> PoolSnapshot + Send + Sync>;

/// The metrics of all pools.
#[derive(Default)]
pub struct PoolMetrics {
    pools: Vec<(String, Snapshot)>,
}

impl PoolMetrics {
    /// Adds a pool. Clair's dashboards select the names `libindex` and `libvuln`.
    #[must_use]
    pub fn with_pool(
        mut self,
        application_name: impl Into<String>,
        snapshot: impl Fn() -> PoolSnapshot + Send + Sync + 'static,
    ) -> Self {
        self.pools
            .push((application_name.into(), Box::new(snapshot)));
        self
    }

    /// Adds `pgxpool_*` to a registry.
    pub fn register(self, registry: &mut Registry) {
        registry.register_collector(Box::new(self));
    }
}

impl fmt::Debug for PoolMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.pools.iter().map(|(name, _)| name);
        f.debug_list().entries(names).finish()
    }
}

type Gauges = [(&'static str, &'static str, fn(&PoolSnapshot) -> u32); 5];
type Counters = [(&'static str, &'static str, fn(&PoolSnapshot) -> u64); 3];

const GAUGES: Gauges = [
    ("pgxpool_acquired_conns", "Connections in use", |pool| {
        pool.acquired
    }),
    (
        "pgxpool_constructing_conns",
        "Connections that are being made",
        |pool| pool.constructing,
    ),
    ("pgxpool_idle_conns", "Connections not in use", |pool| {
        pool.idle
    }),
    (
        "pgxpool_max_conns",
        "Connections that there may be",
        |pool| pool.max,
    ),
    ("pgxpool_total_conns", "Connections", |pool| {
        pool.acquired + pool.constructing + pool.idle
    }),
];

const COUNTERS: Counters = [
    (
        "pgxpool_acquire_count",
        "How often a connection was got",
        |pool| pool.acquisitions,
    ),
    (
        "pgxpool_canceled_acquire_count",
        "How often waiting for a connection was given up",
        |pool| pool.cancelled,
    ),
    (
        "pgxpool_empty_acquire",
        "How often none was idle when a connection was wanted",
        |pool| pool.waited,
    ),
];

impl Collector for PoolMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        // One look at each pool, so that the numbers fit each other.
        let pools: Vec<_> = self
            .pools
            .iter()
            .map(|(name, snapshot)| ([("application_name", name.as_str())], snapshot()))
            .collect();
        for (name, help, read) in GAUGES {
            let gauge = ConstGauge::new(0_i64);
            let mut family = encoder.encode_descriptor(name, help, None, gauge.metric_type())?;
            for (labels, pool) in &pools {
                let gauge = ConstGauge::new(i64::from(read(pool)));
                gauge.encode(family.encode_family(labels)?)?;
            }
        }
        for (name, help, read) in COUNTERS {
            let counter = ConstCounter::new(0_u64);
            let mut family = encoder.encode_descriptor(name, help, None, counter.metric_type())?;
            for (labels, pool) in &pools {
                let counter = ConstCounter::new(read(pool));
                counter.encode(family.encode_family(labels)?)?;
            }
        }
        let mut family = encoder.encode_descriptor(
            "pgxpool_acquire_duration_seconds",
            "How long all have waited for connections",
            None,
            ConstCounter::new(0.0).metric_type(),
        )?;
        for (labels, pool) in &pools {
            let counter = ConstCounter::new(pool.acquisition_seconds);
            counter.encode(family.encode_family(labels)?)?;
        }
        Ok(())
    }
}
