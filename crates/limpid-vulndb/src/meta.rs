use serde::{Deserialize, Serialize};

/// What a snapshot says of itself. Nothing in it depends on when the snapshot was made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SnapshotMeta {
    /// Name of the feed.
    pub feed: String,
    /// Version of the rules by which the feed's documents became advisories, as the feed counts.
    pub schema: u32,
    /// How many records each namespace has, by name. The builder counts them.
    pub namespaces: Vec<(String, u64)>,
    /// How many records there are. The builder counts them.
    pub records: u64,
    /// How many packages have records, the same name in two namespaces counted twice. The
    /// builder counts them.
    pub packages: u64,
    /// How many distinct texts there are. The builder counts them.
    pub details: u64,
    /// How many notes there are. The builder counts them.
    pub notes: u64,
}

impl SnapshotMeta {
    /// Makes the meta data that a builder needs; it adds the counts.
    pub fn new(feed: impl Into<String>, schema: u32) -> Self {
        Self {
            feed: feed.into(),
            schema,
            ..Self::default()
        }
    }
}
