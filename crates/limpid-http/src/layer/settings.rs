use std::time::Duration;

use super::policy::AddressPolicy;
use super::proxy::Proxy;
use crate::TrustRoots;
use crate::backoff::Pauses;

/// Bounds on fetching layers, and the way to them.
///
/// Times are those of waiting for the registry. What the reader takes for itself does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerSettings {
    /// Which addresses may be connected to.
    pub policy: AddressPolicy,
    /// By which proxy. Behind an airgap none is used, because its targets cannot be judged.
    pub proxy: Proxy,
    /// The certificates that registries are trusted by, if not those of the system.
    pub roots: Option<TrustRoots>,
    /// Bytes that a layer may have.
    pub max_bytes: u64,
    /// How often a layer is asked for in all, before the fetch fails.
    pub attempts: u32,
    /// How many redirections of one request are followed.
    pub redirects: usize,
    /// Bytes that the names and values of an answer's headers may have.
    pub max_header_bytes: usize,
    /// Bytes that may wait for the reader.
    pub max_waiting_bytes: u32,
    /// How long a connection may take to come about, names and encryption included.
    pub connect_timeout: Duration,
    /// How long a registry may send nothing, before its answer and within it.
    pub stall_timeout: Duration,
    /// How long a fetch may take in all, with its attempts and pauses.
    pub total_timeout: Duration,
    /// Bytes a second that have to come, in the mean of a window.
    pub least_bytes_per_second: u64,
    /// The window.
    pub rate_window: Duration,
    /// The pause after the first failed attempt, which doubles with each one.
    pub first_pause: Duration,
    /// The longest pause, also when a registry asks for a longer one.
    pub longest_pause: Duration,
}

impl Default for LayerSettings {
    fn default() -> Self {
        Self {
            policy: AddressPolicy::default(),
            proxy: Proxy::None,
            roots: None,
            max_bytes: 32 << 30,
            attempts: 8,
            redirects: 10,
            max_header_bytes: 64 << 10,
            max_waiting_bytes: 1 << 20,
            connect_timeout: Duration::from_secs(20),
            stall_timeout: Duration::from_secs(30),
            total_timeout: Duration::from_hours(1),
            least_bytes_per_second: 1 << 10,
            rate_window: Duration::from_mins(1),
            first_pause: Duration::from_millis(250),
            longest_pause: Duration::from_secs(30),
        }
    }
}

impl LayerSettings {
    pub(super) fn pauses(&self) -> Pauses {
        Pauses {
            first: self.first_pause,
            longest: self.longest_pause,
        }
    }
}
