use limpid_store::UpdateRun;

/// What an update did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateSummary {
    /// The generation that was served before.
    pub previous: Option<u64>,
    /// The generation that is served now.
    pub current: Option<u64>,
    /// The runs of the feeds, by name.
    pub runs: Vec<UpdateRun>,
    /// The families whose feeds could not be found out, by name.
    pub failed_families: Vec<FailedFamily>,
    /// The selections that no feed answers to.
    pub unmatched: Vec<String>,
    /// How many files of old generations were removed.
    pub removed_snapshots: usize,
}

/// A family whose feeds could not be found out. They keep what they have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedFamily {
    /// Name of the family.
    pub family: String,
    /// Why not.
    pub error: String,
}
