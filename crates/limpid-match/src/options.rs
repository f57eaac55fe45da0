use jiff::SignedDuration;
use limpid_types::Severity;

/// What a report shows, and when its data counts as old.
///
/// Findings that the first two fields keep out of the report are counted in
/// [`limpid_types::Report::hidden`], so a filtered report never looks like a clean one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Findings below this severity are hidden. The lowest, `Unknown`, hides none.
    pub minimum_severity: Severity,
    /// Hides every finding that no released version fixes, and with them what a source is still
    /// investigating.
    pub ignore_unfixed: bool,
    /// A feed that was not known to be current within this time is stale.
    pub max_feed_age: SignedDuration,
    /// How many findings a report may hold. What an image contains decides how many there are, so
    /// this bounds the memory that an image can claim.
    pub max_findings: usize,
    /// Makes one finding of those in one package that are about the same vulnerability under
    /// several names. Clair's reports have one for each name.
    pub merge_aliases: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            minimum_severity: Severity::Unknown,
            ignore_unfixed: false,
            max_feed_age: SignedDuration::from_hours(7 * 24),
            max_findings: 100_000,
            merge_aliases: true,
        }
    }
}
