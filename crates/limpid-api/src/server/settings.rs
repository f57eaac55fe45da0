use std::time::Duration;

/// How a [`Server`](crate::Server) treats its connections. The defaults suit a service behind a
/// load balancer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerSettings {
    /// How many connections may be open at a time. Beyond that the ones that have been idle for
    /// longest are closed, a few at a time; when none is idle, new ones wait in the kernel's queue.
    pub connections: usize,
    /// How many bytes the request line and headers of one request may have; at least 8 KiB.
    pub header_bytes: usize,
    /// How many headers a request may have.
    pub headers: usize,
    /// How long a client may take to send the headers of a request, or to shake hands for TLS.
    pub header_time: Duration,
    /// How long a connection without a request is kept.
    pub idle_time: Duration,
    /// How long a client may take none of a response that is waiting for it.
    pub stall_time: Duration,
    /// How many requests an HTTP/2 connection may have under way.
    pub concurrent_streams: u32,
    /// How long requests may take to end once the server was asked to stop.
    pub drain_time: Duration,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            // An idle one costs 22 KB after its first request.
            connections: 4_096,
            header_bytes: 64 << 10,
            headers: 100,
            header_time: Duration::from_secs(15),
            idle_time: Duration::from_mins(2),
            stall_time: Duration::from_mins(1),
            concurrent_streams: 128,
            drain_time: Duration::from_secs(10),
        }
    }
}
