/// Learns how far an indexing is.
pub trait Progress: Send + Sync {
    /// So many layers with so many stored bytes are to be read.
    fn begin(&self, layers: usize, bytes: u64);
    /// So many more stored bytes were read.
    fn read(&self, bytes: u64);
    /// A layer was read to its end.
    fn layer_done(&self);
}

/// Tells nobody.
#[derive(Clone, Copy, Debug)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn begin(&self, _layers: usize, _bytes: u64) {}
    fn read(&self, _bytes: u64) {}
    fn layer_done(&self) {}
}
