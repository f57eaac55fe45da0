/// How much memory is taken to answer sooner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheLimits {
    /// Bytes of evidence of layers, which images share. Default: 16 MiB, some fifty bases of 500
    /// packages.
    pub evidence_bytes: usize,
    /// Bytes of index reports. Default: 32 MiB, some fifty images of 500 packages.
    pub report_bytes: usize,
}

impl Default for CacheLimits {
    fn default() -> Self {
        Self {
            evidence_bytes: 16 << 20,
            report_bytes: 32 << 20,
        }
    }
}
