use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use thiserror::Error;

/// Admission control in front of every buffer of the process.
///
/// Whoever wants to hold bytes acquires them first. The sum of all [`Lease`]s never exceeds the
/// budget. To stay free of dead-locks, wait ([`Budget::acquire`]) only while holding no lease;
/// whoever holds one asks with [`Budget::try_acquire`] or [`Lease::try_grow`] and spills or gives
/// up when refused.
#[derive(Clone, Debug)]
pub struct Budget(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    total: u64,
    state: Mutex<State>,
    released: Condvar,
}

#[derive(Debug, Default)]
struct State {
    used: u64,
    peak: u64,
}

/// Bytes that somebody may hold; given back when dropped.
#[derive(Debug)]
pub struct Lease {
    budget: Budget,
    bytes: u64,
}

/// Why bytes were refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BudgetError {
    /// More than the whole budget was asked for.
    #[error("{wanted} bytes wanted, the memory budget is {total}")]
    TooLarge {
        /// Bytes asked for.
        wanted: u64,
        /// Size of the budget.
        total: u64,
    },
    /// Others held the bytes until the time was up.
    #[error("no {wanted} bytes of the memory budget came free within {waited:?}")]
    TimedOut {
        /// Bytes asked for.
        wanted: u64,
        /// How long was waited.
        waited: Duration,
    },
}

impl Budget {
    /// Makes a budget of so many bytes.
    pub fn new(total: u64) -> Self {
        Self(Arc::new(Shared {
            total,
            state: Mutex::default(),
            released: Condvar::new(),
        }))
    }

    /// Returns the size of the budget in bytes.
    pub fn total(&self) -> u64 {
        self.0.total
    }

    /// Returns the highest number of bytes that were ever leased at once.
    pub fn peak(&self) -> u64 {
        self.lock().peak
    }

    /// Acquires bytes, waiting at most so long for others to release theirs.
    pub fn acquire(&self, bytes: u64, patience: Duration) -> Result<Lease, BudgetError> {
        if bytes > self.0.total {
            return Err(BudgetError::TooLarge {
                wanted: bytes,
                total: self.0.total,
            });
        }
        let total = self.0.total;
        let (mut state, _) = self
            .0
            .released
            .wait_timeout_while(self.lock(), patience, |state| bytes > total - state.used)
            .unwrap_or_else(PoisonError::into_inner);
        if state.take(bytes, total) {
            return Ok(self.lease(bytes));
        }
        Err(BudgetError::TimedOut {
            wanted: bytes,
            waited: patience,
        })
    }

    /// Acquires bytes if they are free now.
    pub fn try_acquire(&self, bytes: u64) -> Option<Lease> {
        self.lock()
            .take(bytes, self.0.total)
            .then(|| self.lease(bytes))
    }

    /// Returns a lease of nothing, to be grown.
    pub(crate) fn empty_lease(&self) -> Lease {
        self.lease(0)
    }

    fn lease(&self, bytes: u64) -> Lease {
        Lease {
            budget: self.clone(),
            bytes,
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        // The state is two numbers that are changed together; a panic elsewhere leaves them true.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn release(&self, bytes: u64) {
        self.lock().used -= bytes;
        self.0.released.notify_all();
    }
}

impl State {
    fn take(&mut self, bytes: u64, total: u64) -> bool {
        let fits = bytes <= total - self.used;
        if fits {
            self.used += bytes;
            self.peak = self.peak.max(self.used);
        }
        fits
    }
}

impl Lease {
    /// Returns how many bytes are held.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Adds bytes to the lease if they are free now; tells whether they were.
    #[must_use]
    pub fn try_grow(&mut self, more: u64) -> bool {
        let granted = self.budget.lock().take(more, self.budget.0.total);
        if granted {
            self.bytes += more;
        }
        granted
    }

    /// Describes why growing was refused.
    pub(crate) fn refusal(&self, more: u64) -> BudgetError {
        let wanted = self.bytes.saturating_add(more);
        let total = self.budget.total();
        if wanted > total {
            BudgetError::TooLarge { wanted, total }
        } else {
            BudgetError::TimedOut {
                wanted: more,
                waited: Duration::ZERO,
            }
        }
    }

    /// Moves bytes, or all there are, into a lease of their own.
    pub(crate) fn split_off(&mut self, bytes: u64) -> Self {
        let bytes = bytes.min(self.bytes);
        self.bytes -= bytes;
        self.budget.lease(bytes)
    }

    /// Gives bytes back, so that at most so many stay held.
    pub fn shrink_to(&mut self, bytes: u64) {
        let surplus = self.bytes.saturating_sub(bytes);
        if surplus > 0 {
            self.bytes -= surplus;
            self.budget.release(surplus);
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.budget.release(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leases_never_exceed_the_budget() {
        let budget = Budget::new(10);
        let mut first = budget.try_acquire(6).unwrap();
        assert!(budget.try_acquire(5).is_none());
        assert!(first.try_grow(4));
        assert!(!first.try_grow(1));
        drop(first);
        assert!(budget.try_acquire(10).is_some());
        assert_eq!(budget.peak(), 10);
    }

    #[test]
    fn a_shrunk_lease_frees_the_difference() {
        let budget = Budget::new(10);
        let mut lease = budget.try_acquire(10).unwrap();
        lease.shrink_to(4);
        lease.shrink_to(7);
        assert_eq!(lease.bytes(), 4);
        assert!(budget.try_acquire(7).is_none());
        assert!(budget.try_acquire(6).is_some());
    }

    #[test]
    fn more_than_the_whole_budget_is_refused_at_once() {
        let error = Budget::new(10).acquire(11, Duration::MAX).unwrap_err();
        assert_eq!(
            error.to_string(),
            "11 bytes wanted, the memory budget is 10"
        );
    }

    #[test]
    fn a_waiter_gets_what_another_releases() {
        let budget = Budget::new(10);
        let held = budget.try_acquire(10).unwrap();
        std::thread::scope(|scope| {
            let waiter = scope.spawn(|| budget.acquire(10, Duration::from_mins(1)));
            drop(held);
            assert!(waiter.join().unwrap().is_ok());
        });
    }

    #[test]
    fn waiting_ends_when_the_time_is_up() {
        let budget = Budget::new(10);
        let _held = budget.try_acquire(10).unwrap();
        assert!(matches!(
            budget.acquire(1, Duration::ZERO),
            Err(BudgetError::TimedOut { wanted: 1, .. })
        ));
    }
}
