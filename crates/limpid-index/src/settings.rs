use crate::{CacheLimits, Clock};

/// How an index service works.
#[derive(Clone, Debug)]
pub struct IndexSettings {
    /// How many images are indexed at once at most; none for as many as memory allows. Default:
    /// none.
    pub request_limit: Option<usize>,
    /// Memory that an image needs to be indexed without waiting for others: so many are indexed at
    /// once as it goes into the budget. Default: 8 MiB, two layers with usual windows.
    pub bytes_per_request: u64,
    /// How many images may wait for their turn. Default: 256.
    pub queue: usize,
    /// How many submitted images this process has in hand at once. Default: 4.
    pub workers: usize,
    /// How often a submitted image is begun before it is given up. Default: 8, which is about
    /// twenty minutes.
    pub attempts: u32,
    /// Memory that is taken to answer sooner.
    pub caches: CacheLimits,
    /// What time it is.
    pub clock: Clock,
}

impl Default for IndexSettings {
    fn default() -> Self {
        Self {
            request_limit: None,
            bytes_per_request: 8 << 20,
            queue: 256,
            workers: 4,
            attempts: 8,
            caches: CacheLimits::default(),
            clock: Clock::default(),
        }
    }
}
