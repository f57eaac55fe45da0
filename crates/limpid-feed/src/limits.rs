/// Bounds on what a document may contain, so that no document decides how much memory is used.
///
/// How long a document may be is for the caller to say, who downloads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one record: an Alpine package, a Debian (source, id) pair, an OSV entry. A larger
    /// one is quarantined without being held.
    pub record_bytes: usize,
    /// Entries of an archive. The central directory is the one thing that is held whole.
    pub archive_entries: usize,
    /// Bytes that an archive may unpack to in all.
    pub unpacked_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            record_bytes: 16 << 20,
            archive_entries: 2_000_000,
            unpacked_bytes: 32 << 30,
        }
    }
}
