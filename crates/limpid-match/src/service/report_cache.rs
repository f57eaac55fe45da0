use std::hash::Hash as _;

use jiff::Timestamp;
use limpid_types::{Digest, IndexReport};
use lru::LruCache;
use xxhash_rust::xxh3::Xxh3;

use super::PackedReport;
use crate::IndexVersion;

/// What an entry takes beside the report itself, about.
const ENTRY_BYTES: usize = 512;

/// A checksum of everything that an index report says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fingerprint(u128);

impl Fingerprint {
    /// Computes the checksum.
    pub(super) fn of(index: &IndexReport) -> Self {
        let mut hasher = Xxh3::new();
        index.hash(&mut hasher);
        Self(hasher.digest128())
    }
}

/// When a report is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    /// The number of the data that is served; rises.
    pub(super) edition: u64,
    /// The time by which reports are judged.
    pub(super) now: Timestamp,
}

/// A report that was made.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) report: PackedReport,
    /// The version of the index report that it was made of, if versions are known.
    pub(super) version: Option<IndexVersion>,
    pub(super) fingerprint: Fingerprint,
    /// The last time at which the same report would be made.
    pub(super) valid_until: Timestamp,
}

/// The reports of one edition that were used last, bounded in bytes; and those of the next one
/// that were made before it is served.
pub(super) struct ReportCache {
    capacity: usize,
    present: Kept,
    next: Option<Kept>,
}

struct Kept {
    edition: u64,
    entries: LruCache<Digest, Entry>,
    bytes: usize,
}

impl ReportCache {
    /// Makes a cache that holds some bytes, and three quarters more while the next edition is
    /// prepared.
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            present: Kept::new(0),
            next: None,
        }
    }

    /// Returns the report of a manifest that was made of a version of the index report.
    pub(super) fn get(
        &mut self,
        manifest: &Digest,
        at: Moment,
        version: &IndexVersion,
    ) -> Option<PackedReport> {
        self.find(manifest, at, |entry| {
            entry.version.as_ref() == Some(version)
        })
    }

    /// Returns the report of a manifest that was made of an equal index report, and remembers its
    /// version.
    pub(super) fn get_equal(
        &mut self,
        manifest: &Digest,
        at: Moment,
        fingerprint: Fingerprint,
        version: Option<&IndexVersion>,
    ) -> Option<PackedReport> {
        self.find(manifest, at, |entry| {
            let is_equal = entry.fingerprint == fingerprint;
            if is_equal {
                entry.version = version.cloned();
            }
            is_equal
        })
    }

    /// Keeps a report of the present edition, or of the one after it. One of an edition that is
    /// over is not kept, nor is one that is too large. Tells whether it was kept.
    pub(super) fn insert(&mut self, manifest: &Digest, edition: u64, entry: Entry) -> bool {
        if edition < self.present.edition {
            return false;
        }
        if edition == self.present.edition {
            return self.present.insert(manifest, entry, self.capacity);
        }
        // Preparations that were broken off may end later than those for what came instead.
        let capacity = self.capacity / 4 * 3;
        let next = self.next.get_or_insert_with(|| Kept::new(edition));
        if next.edition < edition {
            *next = Kept::new(edition);
        }
        next.edition == edition
            && next.fits(&entry, capacity)
            && next.insert(manifest, entry, capacity)
    }

    /// Returns the manifests whose reports are kept, the last one used first.
    pub(super) fn recent(&self) -> Vec<Digest> {
        let entries = self.present.entries.iter();
        entries.map(|(manifest, _)| manifest.clone()).collect()
    }

    /// Returns how much memory the reports take.
    pub(super) fn bytes(&self) -> usize {
        let next = self.next.as_ref().map_or(0, |next| next.bytes);
        self.present.bytes + next
    }

    fn find(
        &mut self,
        manifest: &Digest,
        at: Moment,
        is_right: impl FnOnce(&mut Entry) -> bool,
    ) -> Option<PackedReport> {
        self.enter(at.edition);
        if self.present.edition != at.edition {
            return None;
        }
        let entry = self.present.entries.get_mut(manifest)?;
        (at.now <= entry.valid_until && is_right(entry)).then(|| entry.report.clone())
    }

    /// Drops what was made before an edition, if that has begun.
    fn enter(&mut self, edition: u64) {
        if edition <= self.present.edition {
            return;
        }
        let prepared = self.next.take().filter(|next| next.edition == edition);
        self.present = prepared.unwrap_or_else(|| Kept::new(edition));
    }
}

impl Kept {
    fn new(edition: u64) -> Self {
        Self {
            edition,
            entries: LruCache::unbounded(),
            bytes: 0,
        }
    }

    fn fits(&self, entry: &Entry, capacity: usize) -> bool {
        self.bytes.saturating_add(size(entry)) <= capacity
    }

    fn insert(&mut self, manifest: &Digest, entry: Entry, capacity: usize) -> bool {
        if size(&entry) > capacity {
            return false;
        }
        self.bytes += size(&entry);
        if let Some((_, replaced)) = self.entries.push(manifest.clone(), entry) {
            self.bytes -= size(&replaced);
        }
        while self.bytes > capacity
            && let Some((_, oldest)) = self.entries.pop_lru()
        {
            self.bytes -= size(&oldest);
        }
        true
    }
}

fn size(entry: &Entry) -> usize {
    entry.report.len().saturating_add(ENTRY_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Moment = Moment {
        edition: 1,
        now: Timestamp::UNIX_EPOCH,
    };
    const NEXT: Moment = Moment { edition: 2, ..AT };

    fn digest(name: &str) -> Digest {
        Digest::sha256(name.as_bytes())
    }

    fn version(name: &str) -> IndexVersion {
        IndexVersion::of(&digest(name))
    }

    fn fingerprint(name: &str) -> Fingerprint {
        let json = format!(r#"{{"manifest_hash":"{name}"}}"#);
        Fingerprint::of(&serde_json::from_str(&json).unwrap())
    }

    fn entry(name: &str, bytes: usize) -> Entry {
        Entry {
            report: PackedReport::of_bytes(vec![b'x'; bytes]),
            version: Some(version(name)),
            fingerprint: fingerprint(name),
            valid_until: AT.now,
        }
    }

    fn cache(capacity: usize) -> ReportCache {
        let mut cache = ReportCache::new(capacity);
        cache.enter(1);
        cache
    }

    fn put(cache: &mut ReportCache, name: &str, edition: u64, bytes: usize) -> bool {
        cache.insert(&digest(name), edition, entry(name, bytes))
    }

    fn has(cache: &mut ReportCache, name: &str, at: Moment) -> bool {
        cache.get(&digest(name), at, &version(name)).is_some()
    }

    #[test]
    fn the_report_that_was_used_longest_ago_makes_room() {
        let mut cache = cache(2 * (100 + ENTRY_BYTES));
        for name in ["a", "b", "b"] {
            assert!(put(&mut cache, name, 1, 100));
        }
        assert!(has(&mut cache, "a", AT));
        assert!(put(&mut cache, "c", 1, 100));
        assert!(has(&mut cache, "a", AT));
        assert!(!has(&mut cache, "b", AT));
        assert_eq!(cache.bytes(), 2 * (100 + ENTRY_BYTES));
        assert!(!put(&mut cache, "large", 1, 10_000));
        assert!(has(&mut cache, "c", AT));
        assert_eq!(cache.recent(), [digest("c"), digest("a")]);
    }

    #[test]
    fn another_version_of_an_equal_index_report_serves_and_another_report_does_not() {
        let mut cache = cache(10_000);
        put(&mut cache, "a", 1, 100);
        let (key, again) = (digest("a"), version("again"));
        assert!(cache.get(&key, AT, &again).is_none());
        let other = fingerprint("b");
        assert!(cache.get_equal(&key, AT, other, Some(&again)).is_none());
        assert!(cache.get(&key, AT, &again).is_none());
        let equal = fingerprint("a");
        assert!(cache.get_equal(&key, AT, equal, Some(&again)).is_some());
        assert!(cache.get(&key, AT, &again).is_some());
        assert!(cache.get_equal(&key, AT, equal, None).is_some());
        assert!(cache.get(&key, AT, &again).is_none());
    }

    #[test]
    fn a_report_serves_as_long_as_it_is_valid() {
        let mut cache = cache(10_000);
        put(&mut cache, "a", 1, 100);
        let now = AT.now + jiff::SignedDuration::from_secs(1);
        assert!(!has(&mut cache, "a", Moment { now, ..AT }));
        assert!(has(&mut cache, "a", AT));
    }

    #[test]
    fn a_new_edition_drops_all_and_takes_nothing_from_the_old() {
        let mut cache = cache(10_000);
        put(&mut cache, "a", 1, 100);
        assert!(!has(&mut cache, "a", NEXT));
        assert_eq!(cache.bytes(), 0);
        assert!(!put(&mut cache, "b", 1, 100));
        assert!(!has(&mut cache, "b", AT));
    }

    #[test]
    fn what_was_prepared_serves_from_the_switch_on() {
        let mut cache = cache(2 * (100 + ENTRY_BYTES));
        put(&mut cache, "a", 1, 100);
        assert!(put(&mut cache, "a", 2, 200));
        assert!(!put(&mut cache, "b", 2, 900), "there is no room for it");
        let old = cache.get(&digest("a"), AT, &version("a")).unwrap();
        assert_eq!(old.len(), 100);
        let new = cache.get(&digest("a"), NEXT, &version("a")).unwrap();
        assert_eq!(new.len(), 200);
        assert_eq!(cache.bytes(), 200 + ENTRY_BYTES);
    }

    #[test]
    fn what_was_prepared_for_data_that_was_not_served_is_forgotten() {
        let mut cache = cache(10_000);
        put(&mut cache, "a", 2, 100);
        assert!(put(&mut cache, "b", 3, 100));
        assert!(!put(&mut cache, "late", 2, 100));
        let third = Moment { edition: 3, ..AT };
        assert!(has(&mut cache, "b", third));
        assert!(!has(&mut cache, "a", third));
        put(&mut cache, "c", 4, 100);
        assert!(!has(&mut cache, "c", Moment { edition: 5, ..AT }));
    }
}
