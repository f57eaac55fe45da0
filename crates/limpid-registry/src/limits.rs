/// What an image source may at most hold. An image beyond a limit is refused with an error that
/// names the limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceLimits {
    /// Bytes of one JSON document: an index, a manifest, a config.
    pub document_bytes: u64,
    /// JSON documents read to choose one image from an index.
    pub documents: usize,
    /// Images among which one is chosen.
    pub candidates: usize,
    /// Indexes inside indexes.
    pub index_depth: usize,
    /// Layers of one image.
    pub layers: usize,
    /// Members of an outer archive.
    pub archive_members: usize,
    /// Bytes that a compressed outer archive may inflate to; they are spooled to disk.
    pub archive_bytes: u64,
}

impl Default for SourceLimits {
    fn default() -> Self {
        Self {
            document_bytes: 4 << 20,
            documents: 1000,
            candidates: 10_000,
            index_depth: 4,
            layers: 1000,
            archive_members: 100_000,
            archive_bytes: 32 << 30,
        }
    }
}
