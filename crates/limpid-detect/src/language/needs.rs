//! Which packages of a lock are needed to run an application, where a lock says who needs whom.

use std::collections::{HashMap, HashSet};

use limpid_layer::Lease;

use super::Found;

/// Who needs whom, by whatever key a lock has for a package.
#[derive(Default)]
pub(super) struct Needs {
    numbers: HashMap<String, usize>,
    /// For each package, by its number, those that it needs.
    lists: Vec<Vec<usize>>,
    roots: Vec<usize>,
    bytes: u64,
}

/// What a key takes beside its text: a place in a map and a list, with room to grow.
const KEY_BYTES: u64 = 192;

/// What one entry of a list takes, with room to grow.
const ENTRY_BYTES: u64 = 16;

/// Memory for what is known of a lock while it is read.
pub(super) struct Room {
    bytes: u64,
    leases: Vec<Lease>,
}

/// This much needs no memory from the budget, and more of it is taken in such steps.
const STEP: u64 = 1 << 20;

impl Default for Room {
    fn default() -> Self {
        Self {
            bytes: STEP,
            leases: Vec::new(),
        }
    }
}

impl Room {
    /// Returns whether there is room for so many bytes in all.
    pub(super) fn has(&mut self, bytes: u64, found: &mut Found<'_>) -> bool {
        while self.bytes < bytes {
            let Some(lease) = found.lease(STEP) else {
                return false;
            };
            self.leases.push(lease);
            self.bytes = self.bytes.saturating_add(STEP);
        }
        true
    }
}

impl Needs {
    /// Returns how much memory it takes, about.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Notes that the application needs a package.
    pub(super) fn root(&mut self, key: &str) {
        let number = self.number(key);
        self.roots.push(number);
        self.bytes += ENTRY_BYTES;
    }

    /// Notes that a package needs another.
    pub(super) fn need(&mut self, key: &str, needed: &str) {
        let (number, needed) = (self.number(key), self.number(needed));
        if let Some(needs) = self.lists.get_mut(number) {
            needs.push(needed);
            self.bytes += ENTRY_BYTES;
        }
    }

    /// Returns the keys of all packages that the application needs, directly or not.
    pub(super) fn all(self) -> HashSet<String> {
        let mut is_needed = vec![false; self.lists.len()];
        let mut open = self.roots;
        while let Some(number) = open.pop() {
            if let Some(is_needed) = is_needed.get_mut(number)
                && !std::mem::replace(is_needed, true)
            {
                open.extend(self.lists.get(number).into_iter().flatten());
            }
        }
        let keys = self.numbers.into_iter();
        let needed = keys.filter(|&(_, number)| is_needed.get(number) == Some(&true));
        needed.map(|(key, _)| key).collect()
    }

    fn number(&mut self, key: &str) -> usize {
        if let Some(&number) = self.numbers.get(key) {
            return number;
        }
        let number = self.lists.len();
        self.bytes += KEY_BYTES + key.len() as u64;
        self.numbers.insert(key.to_owned(), number);
        self.lists.push(Vec::new());
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_application_needs_is_found_through_others_and_in_circles() {
        let mut needs = Needs::default();
        needs.root("app");
        for (key, needed) in [
            ("app", "a"),
            ("a", "b"),
            ("b", "a"),
            ("test", "c"),
            ("c", "a"),
        ] {
            needs.need(key, needed);
        }
        let mut all: Vec<String> = needs.all().into_iter().collect();
        all.sort();
        assert_eq!(all, ["a", "app", "b"]);
    }

    #[test]
    fn room_is_taken_as_it_is_needed() {
        let mut sink = crate::detector::Sink::new(limpid_layer::Budget::new(2 * STEP));
        let mut found = Found {
            path: "a",
            sink: &mut sink,
            packages: Vec::new(),
            is_whole: true,
        };
        let mut room = Room::default();
        assert!(room.has(STEP, &mut found));
        assert!(room.leases.is_empty());
        assert!(room.has(3 * STEP, &mut found));
        assert!(!room.has(3 * STEP + 1, &mut found));
    }
}
