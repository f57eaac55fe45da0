use std::time::Duration;

use crate::TrustRoots;
use crate::backoff::Pauses;

/// What everybody is told about who is asking.
pub(crate) const USER_AGENT: &str = concat!("limpid/", env!("CARGO_PKG_VERSION"));

/// Bounds on fetching, and manners.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchSettings {
    /// Bytes that a document may have.
    pub max_bytes: u64,
    /// How often a document is asked for in all, before the fetch fails.
    pub attempts: u32,
    /// How long a connection may take to come about.
    pub connect_timeout: Duration,
    /// How long a server may send nothing, before its answer and within it.
    pub stall_timeout: Duration,
    /// How long a fetch may take in all, with its attempts and pauses.
    pub total_timeout: Duration,
    /// The pause after the first failed attempt, which doubles with each one.
    pub first_pause: Duration,
    /// The longest pause, also when a server asks for a longer one.
    pub longest_pause: Duration,
    /// How many redirections are followed.
    pub redirects: usize,
    /// The shortest time between two requests to the same host.
    pub host_interval: Duration,
    /// Whether the proxy of the system's settings is used.
    pub use_system_proxy: bool,
    /// How long a host that did not answer in all attempts of a fetch is not asked again.
    pub silence: Duration,
    /// The certificates that servers are trusted by, if not those of the system.
    pub roots: Option<TrustRoots>,
}

impl Default for FetchSettings {
    fn default() -> Self {
        Self {
            max_bytes: 4 << 30,
            attempts: 5,
            connect_timeout: Duration::from_secs(20),
            stall_timeout: Duration::from_mins(1),
            total_timeout: Duration::from_mins(30),
            first_pause: Duration::from_millis(500),
            longest_pause: Duration::from_mins(1),
            redirects: 10,
            host_interval: Duration::from_millis(50),
            use_system_proxy: true,
            silence: Duration::from_mins(10),
            roots: None,
        }
    }
}

impl FetchSettings {
    pub(crate) fn pauses(&self) -> Pauses {
        Pauses {
            first: self.first_pause,
            longest: self.longest_pause,
        }
    }
}
