use std::borrow::Borrow;
use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Keeps what was used last, in at most so many bytes.
pub(crate) struct Cache<K, V> {
    limit: usize,
    state: Mutex<State<K, V>>,
}

struct State<K, V> {
    entries: HashMap<K, Entry<V>>,
    /// The keys by when they were last used.
    order: BTreeMap<u64, K>,
    bytes: usize,
    next: u64,
}

struct Entry<V> {
    value: V,
    bytes: usize,
    used: u64,
}

impl<K: Clone + Eq + Hash, V: Clone> Cache<K, V> {
    /// Makes an empty cache.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            state: Mutex::new(State {
                entries: HashMap::new(),
                order: BTreeMap::new(),
                bytes: 0,
                next: 0,
            }),
        }
    }

    /// Returns a value, which counts as used now.
    pub(crate) fn get<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let mut state = self.lock();
        let now = state.next;
        let State { entries, order, .. } = &mut *state;
        let entry = entries.get_mut(key)?;
        if let Some(key) = order.remove(&entry.used) {
            order.insert(now, key);
        }
        entry.used = now;
        let value = entry.value.clone();
        state.next += 1;
        Some(value)
    }

    /// Keeps a value that takes so many bytes, at the cost of those that were used least recently.
    /// One that is larger than the whole cache is not kept.
    pub(crate) fn insert(&self, key: K, value: V, bytes: usize) {
        let mut state = self.lock();
        state.remove(&key);
        if bytes > self.limit {
            return;
        }
        while state.bytes > self.limit - bytes
            && let Some((_, oldest)) = state.order.pop_first()
        {
            state.remove(&oldest);
        }
        let used = state.next;
        state.next += 1;
        state.bytes += bytes;
        state.order.insert(used, key.clone());
        state.entries.insert(key, Entry { value, bytes, used });
    }

    /// Forgets a value.
    pub(crate) fn remove<Q>(&self, key: &Q)
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.lock().remove(key);
    }

    fn lock(&self) -> MutexGuard<'_, State<K, V>> {
        // Nothing in here panics half-way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Eq + Hash, V> State<K, V> {
    fn remove<Q>(&mut self, key: &Q)
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        if let Some(entry) = self.entries.remove(key) {
            self.order.remove(&entry.used);
            self.bytes -= entry.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_used_least_recently_makes_room() {
        let cache = Cache::new(10);
        cache.insert("a", 1, 4);
        cache.insert("b", 2, 4);
        assert_eq!(cache.get("a"), Some(1));
        cache.insert("c", 3, 4);
        assert_eq!(cache.get("b"), None);
        assert_eq!(cache.get("a"), Some(1));
        assert_eq!(cache.get("c"), Some(3));
    }

    #[test]
    fn a_value_that_is_larger_than_the_cache_is_not_kept_and_disturbs_nothing() {
        let cache = Cache::new(10);
        cache.insert("a", 1, 10);
        cache.insert("b", 2, 11);
        assert_eq!(cache.get("b"), None);
        assert_eq!(cache.get("a"), Some(1));
    }

    #[test]
    fn a_value_that_was_replaced_or_removed_no_longer_counts() {
        let cache = Cache::new(10);
        cache.insert("a", 1, 10);
        cache.insert("a", 2, 2);
        cache.insert("b", 3, 8);
        assert_eq!(cache.get("a"), Some(2));
        cache.remove("b");
        cache.insert("c", 4, 8);
        assert_eq!(cache.get("a"), Some(2));
        assert_eq!(cache.get("c"), Some(4));
    }
}
