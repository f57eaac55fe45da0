//! Which packages of a lock are needed to run an application, where a lock says who needs whom.

use std::collections::{HashMap, HashSet};

use limpid_layer::{Content, Lease};

use super::{File, Found};

/// Who needs whom, by whatever key a lock has for a package.
#[derive(Default)]
pub(super) struct Needs {
    numbers: HashMap<String, usize>,
    /// What each package needs.
    needs: Vec<Vec<usize>>,
    roots: Vec<usize>,
}

/// How much more memory than its text a lock takes at most, about: a key has a place in a map and
/// a list.
const GROWTH: u64 = 16;

/// Locks up to this size need no memory from the budget.
const SMALL: u64 = 64 << 10;

/// Takes memory for what the packages of a lock need; what is returned is to be kept as long as
/// that is. None when there is too little, which is then said.
pub(super) fn room(file: &File<'_>, found: &mut Found<'_>) -> Option<Option<Lease>> {
    let size = match file.content {
        Content::Memory(bytes) => bytes.len() as u64,
        // A size that cannot be had is taken for a large one, for which there is no memory.
        Content::Spooled(file) => file.metadata().map_or(u64::MAX, |metadata| metadata.len()),
    };
    if size <= SMALL {
        return Some(None);
    }
    let lease = found.lease(size.saturating_mul(GROWTH));
    if lease.is_none() {
        found.unreadable("the memory budget has no room for it");
    }
    lease.map(Some)
}

impl Needs {
    /// Notes that the application needs a package.
    pub(super) fn root(&mut self, key: &str) {
        let number = self.number(key);
        self.roots.push(number);
    }

    /// Notes that a package needs another.
    pub(super) fn need(&mut self, key: &str, needed: &str) {
        let (number, needed) = (self.number(key), self.number(needed));
        if let Some(needs) = self.needs.get_mut(number) {
            needs.push(needed);
        }
    }

    /// Returns the keys of all packages that the application needs, directly or not.
    pub(super) fn all(self) -> HashSet<String> {
        let mut is_needed = vec![false; self.needs.len()];
        let mut open = self.roots;
        while let Some(number) = open.pop() {
            if let Some(is_needed) = is_needed.get_mut(number)
                && !std::mem::replace(is_needed, true)
            {
                open.extend(self.needs.get(number).into_iter().flatten());
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
        let number = self.needs.len();
        self.numbers.insert(key.to_owned(), number);
        self.needs.push(Vec::new());
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
}
