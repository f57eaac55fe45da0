use crate::budget::{Budget, Lease};

/// Bytes in memory that were taken from the budget before they were allocated.
#[derive(Debug)]
pub(crate) struct HeldBytes {
    bytes: Vec<u8>,
    lease: Lease,
}

/// Steps in which memory is taken.
const STEP: usize = 256 << 10;
/// Memory that is kept from one file to the next.
const KEPT: usize = 1 << 20;

impl HeldBytes {
    /// Starts empty; nothing is held yet.
    pub(crate) fn new(budget: &Budget) -> Self {
        Self {
            bytes: Vec::new(),
            lease: budget.empty_lease(),
        }
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Appends bytes; tells whether the budget allowed it.
    #[must_use]
    pub(crate) fn extend(&mut self, more: &[u8]) -> bool {
        let room = self.make_room(more.len());
        if room {
            self.bytes.extend_from_slice(more);
        }
        room
    }

    /// Appends zeros; tells whether the budget allowed it.
    #[must_use]
    pub(crate) fn extend_zeros(&mut self, count: usize) -> bool {
        let room = self.make_room(count);
        if room {
            self.bytes.resize(self.bytes.len() + count, 0);
        }
        room
    }

    /// Empties the buffer, and gives its memory back unless it is small enough to be kept.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        if self.bytes.capacity() > KEPT {
            self.bytes = Vec::new();
            self.lease.shrink_to(0);
        }
    }

    fn make_room(&mut self, more: usize) -> bool {
        let needed = self.bytes.len().saturating_add(more);
        if needed <= self.bytes.capacity() {
            return true;
        }
        // Doubling keeps copying linear. The lease covers the old and the new memory while one
        // is copied into the other.
        let old = self.bytes.capacity() as u64;
        let generous = needed.max(self.bytes.capacity() * 2).next_multiple_of(STEP);
        for capacity in [generous, needed] {
            if self.lease.try_grow(capacity as u64) {
                self.bytes.reserve_exact(capacity - self.bytes.len());
                self.lease.shrink_to(self.lease.bytes().saturating_sub(old));
                return true;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_leased_before_it_is_used_and_given_back() {
        let budget = Budget::new(10 << 20);
        let mut held = HeldBytes::new(&budget);
        assert!(held.extend_zeros(3 << 20));
        assert!(budget.try_acquire(8 << 20).is_none());
        held.clear();
        assert!(budget.try_acquire(10 << 20).is_some());
    }

    #[test]
    fn growth_beyond_the_budget_is_refused_and_keeps_what_is_there() {
        let budget = Budget::new(1 << 20);
        let mut held = HeldBytes::new(&budget);
        assert!(held.extend(b"kept"));
        assert!(!held.extend_zeros(1 << 20));
        assert_eq!(held.as_slice(), b"kept");
    }

    #[test]
    fn a_small_buffer_is_kept_for_the_next_file() {
        let budget = Budget::new(1 << 20);
        let mut held = HeldBytes::new(&budget);
        assert!(held.extend(b"x"));
        held.clear();
        assert!(budget.try_acquire(1 << 20).is_none());
        assert_eq!(held.len(), 0);
    }
}
