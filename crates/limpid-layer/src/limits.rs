/// What one layer may cost at most.
///
/// The defaults are far above anything real and far below what would hurt: they end bombs, not
/// images.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerLimits {
    /// Bytes that may come out of decompression, holes of sparse files included. Default: 64 GiB.
    pub uncompressed_bytes: u64,
    /// How many times larger than the compressed bytes the uncompressed bytes may be, once they
    /// exceed `expansion_free_bytes`. Default: 1,100.
    ///
    /// Deflate cannot exceed 1,032, so a gzip layer with a large file of zeros passes and is
    /// bounded by `uncompressed_bytes` alone. The other formats squeeze zeros 30,000 times and
    /// more, which nobody needs beyond the free bytes.
    pub expansion: u64,
    /// Uncompressed bytes up to which any expansion is allowed. Default: 1 GiB.
    pub expansion_free_bytes: u64,
    /// Headers in the archive, and streams in a multi-stream file. Default: 20 million.
    pub entries: u64,
    /// Bytes of one path or link target. Default: 16 KiB, four times what Linux can open.
    pub path_bytes: usize,
    /// Bytes of one extended header, and of one map of a sparse file. Default: 1 MiB.
    pub metadata_bytes: usize,
    /// Memory that the decompressor may take for its window. Default: 128 MiB and a little, the
    /// window that `zstd` itself accepts without being told otherwise.
    pub window_bytes: u64,
    /// Bytes of one file that a visitor may get. Default: 4 GiB.
    pub file_bytes: u64,
    /// Bytes of one file that stay in memory; more goes to the spool. Default: 32 MiB.
    pub memory_bytes: u64,
    /// Nesting of directories in a directory source. Default: 1,000.
    pub depth: usize,
}

impl Default for LayerLimits {
    fn default() -> Self {
        Self {
            uncompressed_bytes: 64 << 30,
            expansion: 1_100,
            expansion_free_bytes: 1 << 30,
            entries: 20_000_000,
            path_bytes: 16 << 10,
            metadata_bytes: 1 << 20,
            window_bytes: 129 << 20,
            file_bytes: 4 << 30,
            memory_bytes: 32 << 20,
            depth: 1_000,
        }
    }
}

impl LayerLimits {
    /// Segments that the map of a sparse file may have, so that its memory stays below half of
    /// `metadata_bytes`.
    pub(crate) fn sparse_segments(&self) -> usize {
        self.metadata_bytes / 64
    }
}
