use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::{HeaderMap, RETRY_AFTER};

/// How long pauses between attempts are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pauses {
    /// The pause after the first failed attempt, which doubles with each one.
    pub(crate) first: Duration,
    /// The longest pause, also when a server asks for a longer one.
    pub(crate) longest: Duration,
}

/// Returns how long to wait after an attempt failed: what the server asked for, or else a time that
/// doubles with each failure and of which up to half is left to chance, so that many clients that
/// failed together do not come back together.
pub(crate) fn pause(pauses: Pauses, failures: u32, retry_after: Option<Duration>) -> Duration {
    let doubled = 1_u32
        .checked_shl(failures.saturating_sub(1))
        .unwrap_or(u32::MAX);
    let growing = pauses.first.saturating_mul(doubled).min(pauses.longest);
    let random = growing.mul_f64(0.5 + 0.5 * chance());
    random
        .max(retry_after.unwrap_or_default())
        .min(pauses.longest)
}

/// Returns a number from 0 to 1. The keys of a hash map's hasher are the randomness that the
/// standard library has.
fn chance() -> f64 {
    let bits = RandomState::new().hash_one(0_u8);
    f64::from(u32::try_from(bits >> 32).unwrap_or_default()) / f64::from(u32::MAX)
}

/// Reads the `Retry-After` header: seconds or a date.
pub(crate) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    parse_retry_after(headers.get(RETRY_AFTER)?.to_str().ok()?.trim(), now)
}

fn parse_retry_after(text: &str, now: Timestamp) -> Option<Duration> {
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(Duration::try_from(date.duration_since(now)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSES: Pauses = Pauses {
        first: Duration::from_millis(100),
        longest: Duration::from_secs(3),
    };

    #[test]
    fn pauses_double_up_to_a_limit() {
        for (failures, longest) in [(1, 100), (2, 200), (5, 1600), (7, 3000), (u32::MAX, 3000)] {
            let longest = Duration::from_millis(longest);
            let pause = pause(PAUSES, failures, None);
            assert!(pause <= longest && pause >= longest / 2, "{pause:?}");
        }
    }

    #[test]
    fn a_server_may_ask_for_a_longer_pause_within_the_limit() {
        for (asked, given) in [(2, 2), (60, 3)] {
            let pause = pause(PAUSES, 1, Some(Duration::from_secs(asked)));
            assert_eq!(pause, Duration::from_secs(given));
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = "2026-11-21T08:00:00Z".parse().unwrap();
        let cases = [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("Sat, 21 Nov 2026 08:00:30 GMT", Some(30)),
            ("Sat, 21 Nov 2026 07:00:00 GMT", Some(0)),
            ("-1", None),
            ("soon", None),
        ];
        for (text, seconds) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, text.parse().unwrap());
            let expected = seconds.map(Duration::from_secs);
            assert_eq!(retry_after(&headers, now), expected, "{text}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }

    proptest::proptest! {
        #[test]
        fn no_retry_after_is_too_odd(text in ".{0,40}", seconds in 0_u64..) {
            let now = "2026-11-21T08:00:00Z".parse().unwrap();
            parse_retry_after(&text, now);
            let parsed = parse_retry_after(&seconds.to_string(), now);
            proptest::prop_assert_eq!(parsed, Some(Duration::from_secs(seconds)));
            let pause = pause(PAUSES, 1, parsed);
            proptest::prop_assert!(pause <= PAUSES.longest);
        }
    }
}
