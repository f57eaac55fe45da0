use std::collections::{BTreeMap, HashMap};
use std::hash::Hash as _;
use std::sync::{Arc, Weak};

use limpid_types::{Digest, IndexReport};
use xxhash_rust::xxh3::Xxh3;

use super::PackedReport;

/// What an entry takes beside the report itself, about.
const ENTRY_BYTES: usize = 512;

/// The time for which a report is right: as long as the data and the hour are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Epoch {
    /// Counts what was served; rises.
    pub(super) edition: u64,
    /// The hour in which the report was asked for.
    pub(super) hour: i64,
}

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

/// The reports of one epoch that were used last, bounded in bytes.
pub(super) struct ReportCache {
    capacity: usize,
    bytes: usize,
    epoch: Option<Epoch>,
    entries: HashMap<Digest, Entry>,
    /// Manifests by when they were last used.
    uses: BTreeMap<u64, Digest>,
    clock: u64,
}

struct Entry {
    report: PackedReport,
    /// The index report that the report was made of. It is not kept in memory by that, but its
    /// address is not used again.
    index: Weak<IndexReport>,
    fingerprint: Fingerprint,
    used: u64,
}

impl ReportCache {
    /// Makes a cache that holds some bytes.
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            bytes: 0,
            epoch: None,
            entries: HashMap::new(),
            uses: BTreeMap::new(),
            clock: 0,
        }
    }

    /// Returns the report of a manifest that was made of the same object.
    pub(super) fn get(
        &mut self,
        manifest: &Digest,
        epoch: Epoch,
        index: &Arc<IndexReport>,
    ) -> Option<PackedReport> {
        self.find(manifest, epoch, |entry| {
            std::ptr::eq(entry.index.as_ptr(), Arc::as_ptr(index))
        })
    }

    /// Returns the report of a manifest that was made of an equal index report, and remembers the
    /// present object.
    pub(super) fn get_equal(
        &mut self,
        manifest: &Digest,
        epoch: Epoch,
        fingerprint: Fingerprint,
        index: &Arc<IndexReport>,
    ) -> Option<PackedReport> {
        self.find(manifest, epoch, |entry| {
            let is_equal = entry.fingerprint == fingerprint;
            if is_equal {
                entry.index = Arc::downgrade(index);
            }
            is_equal
        })
    }

    /// Keeps a report. One of an epoch that is over is not kept, nor is one that is too large.
    pub(super) fn insert(
        &mut self,
        manifest: &Digest,
        epoch: Epoch,
        fingerprint: Fingerprint,
        index: &Arc<IndexReport>,
        report: &PackedReport,
    ) {
        let size = size(report);
        if !self.enter(epoch) || size > self.capacity {
            return;
        }
        self.remove(manifest);
        while self.bytes + size > self.capacity {
            let Some((_, oldest)) = self.uses.pop_first() else {
                break;
            };
            self.remove(&oldest);
        }
        self.clock += 1;
        self.bytes += size;
        self.uses.insert(self.clock, manifest.clone());
        self.entries.insert(
            manifest.clone(),
            Entry {
                report: report.clone(),
                index: Arc::downgrade(index),
                fingerprint,
                used: self.clock,
            },
        );
    }

    /// Returns how much memory the reports take.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    fn find(
        &mut self,
        manifest: &Digest,
        epoch: Epoch,
        is_right: impl FnOnce(&mut Entry) -> bool,
    ) -> Option<PackedReport> {
        if !self.enter(epoch) {
            return None;
        }
        let entry = self.entries.get_mut(manifest)?;
        if !is_right(entry) {
            return None;
        }
        self.clock += 1;
        self.uses.remove(&entry.used);
        entry.used = self.clock;
        self.uses.insert(self.clock, manifest.clone());
        Some(entry.report.clone())
    }

    /// Drops everything when another epoch has begun. Tells whether the epoch is not over.
    fn enter(&mut self, epoch: Epoch) -> bool {
        match self.epoch {
            Some(present) if present == epoch => true,
            Some(present) if present.edition > epoch.edition => false,
            _ => {
                self.epoch = Some(epoch);
                self.bytes = 0;
                self.entries = HashMap::new();
                self.uses = BTreeMap::new();
                true
            }
        }
    }

    fn remove(&mut self, manifest: &Digest) {
        if let Some(entry) = self.entries.remove(manifest) {
            self.uses.remove(&entry.used);
            self.bytes = self.bytes.saturating_sub(size(&entry.report));
        }
    }
}

fn size(report: &PackedReport) -> usize {
    report.len().saturating_add(ENTRY_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EPOCH: Epoch = Epoch {
        edition: 1,
        hour: 0,
    };

    fn index(name: &str) -> Arc<IndexReport> {
        let json = format!(r#"{{"manifest_hash":"{name}"}}"#);
        Arc::new(serde_json::from_str(&json).unwrap())
    }

    fn put(cache: &mut ReportCache, name: &str, epoch: Epoch, bytes: usize) -> Arc<IndexReport> {
        let index = index(name);
        let fingerprint = Fingerprint::of(&index);
        let report = PackedReport::of_bytes(vec![b'x'; bytes]);
        cache.insert(&digest(name), epoch, fingerprint, &index, &report);
        index
    }

    fn digest(name: &str) -> Digest {
        Digest::sha256(name.as_bytes())
    }

    #[test]
    fn the_report_that_was_used_longest_ago_makes_room() {
        let mut cache = ReportCache::new(2 * (100 + ENTRY_BYTES));
        let a = put(&mut cache, "a", EPOCH, 100);
        let b = put(&mut cache, "b", EPOCH, 100);
        assert!(cache.get(&digest("a"), EPOCH, &a).is_some());
        let c = put(&mut cache, "c", EPOCH, 100);
        assert!(cache.get(&digest("a"), EPOCH, &a).is_some());
        assert!(cache.get(&digest("b"), EPOCH, &b).is_none());
        assert!(cache.get(&digest("c"), EPOCH, &c).is_some());
        assert_eq!(cache.bytes(), 2 * (100 + ENTRY_BYTES));
        put(&mut cache, "large", EPOCH, 10_000);
        assert!(cache.get(&digest("a"), EPOCH, &a).is_some());
        assert_eq!(cache.entries.len(), cache.uses.len());
    }

    #[test]
    fn an_equal_index_report_serves_and_another_does_not() {
        let mut cache = ReportCache::new(10_000);
        let a = put(&mut cache, "a", EPOCH, 100);
        let (equal, other) = (index("a"), index("b"));
        let key = digest("a");
        assert!(cache.get(&key, EPOCH, &equal).is_none());
        let mut get_equal = |index: &Arc<IndexReport>| {
            let fingerprint = Fingerprint::of(index);
            cache.get_equal(&key, EPOCH, fingerprint, index).is_some()
        };
        assert!(!get_equal(&other));
        assert!(get_equal(&equal));
        assert!(cache.get(&key, EPOCH, &equal).is_some());
        assert!(cache.get(&key, EPOCH, &a).is_none());
    }

    #[test]
    fn a_new_epoch_drops_all_and_takes_nothing_from_the_old() {
        let mut cache = ReportCache::new(10_000);
        let a = put(&mut cache, "a", EPOCH, 100);
        let next = Epoch {
            edition: 2,
            ..EPOCH
        };
        assert!(cache.get(&digest("a"), next, &a).is_none());
        assert_eq!(cache.bytes(), 0);
        let b = put(&mut cache, "b", EPOCH, 100);
        assert!(cache.get(&digest("b"), EPOCH, &b).is_none());
        assert!(cache.get(&digest("b"), next, &b).is_none());
        let next_hour = Epoch { hour: 1, ..next };
        let c = put(&mut cache, "c", next_hour, 100);
        assert!(cache.get(&digest("c"), next_hour, &c).is_some());
    }
}
