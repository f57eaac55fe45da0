use std::time::Duration;

/// How often feeds are run in the background.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// The time from one run of a feed to the next, whichever node did the last one.
    pub period: Duration,
    /// The most by which a run comes later, so that many installations do not ask a source at the
    /// same moment.
    pub jitter: Duration,
    /// The pause after a feed failed for the first time; it doubles with each further failure, up
    /// to the period.
    pub first_retry: Duration,
}

impl Schedule {
    /// Makes a schedule with the usual jitter of up to a minute and retries from five minutes on.
    pub fn every(period: Duration) -> Self {
        Self {
            period,
            jitter: Duration::from_mins(1),
            first_retry: Duration::from_mins(5),
        }
    }
}
