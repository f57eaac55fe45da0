//! Chance, so that many that wait for the same thing do not ask for it at the same time.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::time::Duration;

/// Returns a time between half of the given one and all of it.
pub(crate) fn jittered(time: Duration) -> Duration {
    let share = f64::from((number() >> 32) as u32) / f64::from(u32::MAX);
    time.mul_f64(0.5 + 0.5 * share)
}

/// Returns a random number. The keys of a hash map's hasher are the randomness that the standard
/// library has.
pub(crate) fn number() -> u64 {
    RandomState::new().hash_one(0_u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jittered_time_is_at_least_half_of_what_was_asked_for_and_at_most_all() {
        let time = Duration::from_secs(10);
        for _ in 0..1000 {
            let found = jittered(time);
            assert!(found >= time / 2 && found <= time, "{found:?}");
        }
    }
}
