//! When a feed is to be run again.

use std::time::Duration;

use jiff::Timestamp;
use limpid_store::{FeedState, Outcome, UpdateRun};
use xxhash_rust::xxh3::xxh3_64;

use crate::Schedule;

/// A feed is run this part of its waiting time early when others are run anyway, so that feeds that
/// took differently long do not drift apart into generations of their own.
const SLACK: u32 = 8;

/// Returns how long to wait after the last run of a feed: the period, or less after failures, which
/// are tried again after a pause that doubles with each one in a row.
pub(crate) fn interval(schedule: &Schedule, latest_runs: &[UpdateRun]) -> Duration {
    let failures = latest_runs
        .iter()
        .take_while(|run| matches!(run.outcome, Outcome::Failed { .. }))
        .count();
    after_failures(schedule, failures)
}

/// Returns how long to wait after so many failures in a row.
pub(crate) fn after_failures(schedule: &Schedule, failures: usize) -> Duration {
    if failures == 0 {
        return schedule.period;
    }
    let doublings = u32::try_from(failures - 1).unwrap_or(u32::MAX).min(30);
    schedule
        .first_retry
        .saturating_mul(1 << doublings)
        .min(schedule.period)
}

/// Returns how long to wait until a feed is due; nothing for one that is.
pub(crate) fn wait(
    state: Option<&FeedState>,
    interval: Duration,
    jitter: Duration,
    now: Timestamp,
) -> Duration {
    let Some(state) = state else {
        return Duration::ZERO;
    };
    let since = now.duration_since(state.last_attempt);
    match Duration::try_from(since) {
        Ok(since) => (interval + jitter).saturating_sub(since),
        // Another node's clock is ahead of this one's. More than an interval ahead it is wrong, or
        // this one is: then running once too often is better than not for a long time.
        Err(_) if since.unsigned_abs() > interval => Duration::ZERO,
        Err(_) => interval + jitter,
    }
}

/// Tells whether a feed that is to be waited for may be run with others.
pub(crate) fn is_near(wait: Duration, interval: Duration) -> bool {
    wait <= interval / SLACK
}

/// Returns the part of a node in the time that all nodes together are to be spread over. It is
/// another one in each round.
pub(crate) fn jitter(schedule: &Schedule, owner: &str, round: u64) -> Duration {
    let hash = xxh3_64(format!("{owner} {round}").as_bytes());
    let most = u64::try_from(schedule.jitter.as_millis()).unwrap_or(u64::MAX);
    Duration::from_millis(hash.checked_rem(most).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    fn schedule() -> Schedule {
        Schedule::every(6 * HOUR)
    }

    fn run(outcome: Outcome) -> UpdateRun {
        UpdateRun {
            feed: "toy".into(),
            started: Timestamp::UNIX_EPOCH,
            finished: Timestamp::UNIX_EPOCH,
            outcome,
            fetched_bytes: 0,
            records: 0,
            quarantined: 0,
            samples: Vec::new(),
        }
    }

    fn attempted(hours_ago: i64) -> (FeedState, Timestamp) {
        let now = Timestamp::from_second(1_000_000_000).unwrap();
        let state = FeedState {
            feed: "toy".into(),
            last_attempt: now - jiff::SignedDuration::from_hours(hours_ago),
            last_success: None,
            last_error: None,
            build: None,
        };
        (state, now)
    }

    #[test]
    fn failures_are_tried_again_soon_and_then_ever_later() {
        let failed = || run(Outcome::Failed { error: "no".into() });
        let mut runs = vec![run(Outcome::Unchanged), failed()];
        assert_eq!(interval(&schedule(), &runs), 6 * HOUR);
        assert_eq!(interval(&schedule(), &[]), 6 * HOUR);
        let mut intervals = Vec::new();
        for _ in 0..9 {
            runs.insert(0, failed());
            intervals.push(interval(&schedule(), &runs).as_secs() / 60);
        }
        assert_eq!(intervals, [5, 10, 20, 40, 80, 160, 320, 360, 360]);
        assert_eq!(after_failures(&schedule(), usize::MAX), 6 * HOUR);
    }

    #[test]
    fn a_feed_is_due_an_interval_after_its_last_attempt() {
        let cases = [(0, 6), (2, 4), (6, 0), (100, 0), (-1, 6), (-6, 6), (-7, 0)];
        for (hours_ago, expected) in cases {
            let (state, now) = attempted(hours_ago);
            let wait = wait(Some(&state), 6 * HOUR, Duration::ZERO, now);
            assert_eq!(wait, expected * HOUR, "{hours_ago}");
        }
        assert_eq!(
            wait(None, HOUR, HOUR, Timestamp::UNIX_EPOCH),
            Duration::ZERO
        );
    }

    #[test]
    fn nodes_and_rounds_are_spread() {
        let schedule = schedule();
        let mut seen: Vec<Duration> = (0..50)
            .flat_map(|round| ["a", "b"].map(|node| jitter(&schedule, node, round)))
            .collect();
        assert!(seen.iter().all(|jitter| *jitter < schedule.jitter));
        seen.sort();
        seen.dedup();
        assert!(seen.len() > 90, "{}", seen.len());
        let none = Schedule {
            jitter: Duration::ZERO,
            ..schedule
        };
        assert_eq!(jitter(&none, "a", 1), Duration::ZERO);
    }
}
