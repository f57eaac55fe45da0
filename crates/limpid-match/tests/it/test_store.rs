//! A store and a blob store in memory that fail when they are told to.

#![expect(
    clippy::unwrap_used,
    reason = "a lock is not poisoned before a test failed"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use limpid_store::{
    Activation, BlobStore, Build, ErrorKind, FeedSnapshot, FeedState, Generation, GenerationStore,
    Lease, PointerMove, StoreError, UpdateRun,
};
use limpid_types::Digest;

#[derive(Default)]
pub(crate) struct TestStore {
    content: Mutex<Content>,
    pub(crate) fails: AtomicBool,
    /// How often it was asked for the generation that is served.
    pub(crate) asked: AtomicUsize,
}

#[derive(Default)]
struct Content {
    generations: BTreeMap<u64, Generation>,
    current: Option<u64>,
    pins: BTreeSet<(u64, String)>,
    states: Vec<FeedState>,
}

impl TestStore {
    /// Serves a new generation.
    pub(crate) fn serve(&self, feeds: impl IntoIterator<Item = (&'static str, FeedSnapshot)>) {
        let mut content = self.content();
        let number = content
            .generations
            .last_key_value()
            .map_or(1, |(last, _)| last + 1);
        let feeds = feeds
            .into_iter()
            .map(|(name, feed)| (name.into(), feed))
            .collect();
        let generation = Generation {
            number,
            activated: Timestamp::UNIX_EPOCH,
            feeds,
        };
        content.generations.insert(number, generation);
        content.current = Some(number);
    }

    /// Serves an earlier generation.
    pub(crate) fn serve_again(&self, number: u64) {
        self.content().current = Some(number);
    }

    /// Notes when a feed was checked and found to be what a snapshot says.
    pub(crate) fn check(&self, feed: &str, snapshot: FeedSnapshot, checked: Timestamp) {
        self.content().states.push(FeedState {
            feed: feed.into(),
            last_attempt: checked,
            last_success: Some(checked),
            last_error: None,
            build: Some(Build {
                snapshot: FeedSnapshot {
                    checked,
                    ..snapshot
                },
                recipe: String::new(),
                documents: BTreeMap::new(),
                held: None,
            }),
        });
    }

    /// Returns the generations that are pinned.
    pub(crate) fn pinned(&self) -> Vec<u64> {
        self.content()
            .pins
            .iter()
            .map(|(number, _)| *number)
            .collect()
    }

    fn content(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap()
    }

    fn answer<T>(&self, operation: &'static str, answer: T) -> Result<T, StoreError> {
        if self.fails.load(Ordering::SeqCst) {
            return Err(failure(operation));
        }
        Ok(answer)
    }
}

fn failure(operation: &'static str) -> StoreError {
    StoreError {
        kind: ErrorKind::Unavailable,
        operation,
        location: "memory".into(),
        source: None,
    }
}

#[async_trait]
impl GenerationStore for TestStore {
    async fn current(&self) -> Result<Option<Generation>, StoreError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let content = self.content();
        let current = content
            .current
            .and_then(|number| content.generations.get(&number));
        self.answer("read generation", current.cloned())
    }

    async fn generation(&self, number: u64) -> Result<Option<Generation>, StoreError> {
        self.answer(
            "read generation",
            self.content().generations.get(&number).cloned(),
        )
    }

    async fn generations(&self, limit: usize) -> Result<Vec<Generation>, StoreError> {
        let content = self.content();
        let newest = content.generations.values().rev().take(limit);
        self.answer("list generations", newest.cloned().collect())
    }

    async fn pointer_moves(&self, _limit: usize) -> Result<Vec<PointerMove>, StoreError> {
        self.answer("list changes", Vec::new())
    }

    async fn activate(
        &self,
        expected: Option<u64>,
        feeds: &BTreeMap<String, FeedSnapshot>,
        _lease: Option<&Lease>,
        now: Timestamp,
    ) -> Result<Activation, StoreError> {
        let mut content = self.content();
        if content.current != expected {
            let current = content.current;
            return self.answer("activate", Activation::Conflict { current });
        }
        let number = content
            .generations
            .last_key_value()
            .map_or(1, |(last, _)| last + 1);
        let generation = Generation {
            number,
            activated: now,
            feeds: feeds.clone(),
        };
        content.generations.insert(number, generation);
        content.current = Some(number);
        self.answer("activate", Activation::Done(number))
    }

    async fn roll_back(
        &self,
        _expected: Option<u64>,
        _to: Option<u64>,
        _now: Timestamp,
    ) -> Result<Activation, StoreError> {
        self.answer("roll back", Activation::NoSuchGeneration)
    }

    async fn pin(
        &self,
        generation: u64,
        owner: &str,
        _time_to_live: Duration,
        _now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut content = self.content();
        let is_there = content.generations.contains_key(&generation);
        if is_there {
            content.pins.insert((generation, owner.into()));
        }
        self.answer("pin", is_there)
    }

    async fn unpin(&self, generation: u64, owner: &str) -> Result<(), StoreError> {
        self.content().pins.remove(&(generation, owner.into()));
        self.answer("unpin", ())
    }

    async fn retire_generations(
        &self,
        _keep: usize,
        _lease: Option<&Lease>,
        _now: Timestamp,
    ) -> Result<Option<BTreeSet<Digest>>, StoreError> {
        self.answer("retire", None)
    }

    async fn forget_snapshot(
        &self,
        feed: &str,
        snapshot: &Digest,
        _now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut content = self.content();
        let current = content.current;
        let has = |generation: &Generation| {
            let found = generation.feeds.get(feed);
            found.is_some_and(|found| found.snapshot == *snapshot)
        };
        content
            .generations
            .retain(|number, generation| Some(*number) == current || !has(generation));
        let is_gone = !content.generations.values().any(has);
        self.answer("forget", is_gone)
    }

    async fn record_run(
        &self,
        _run: &UpdateRun,
        _build: Option<&Build>,
        _lease: Option<&Lease>,
    ) -> Result<bool, StoreError> {
        self.answer("record", true)
    }

    async fn runs(&self, _feed: Option<&str>, _limit: usize) -> Result<Vec<UpdateRun>, StoreError> {
        self.answer("list runs", Vec::new())
    }

    async fn feed_states(&self) -> Result<Vec<FeedState>, StoreError> {
        self.answer("list feeds", self.content().states.clone())
    }
}

#[derive(Default)]
pub(crate) struct TestBlobs {
    pub(crate) blobs: Mutex<BTreeMap<Digest, Vec<u8>>>,
    pub(crate) fails: AtomicBool,
    pub(crate) fetched: AtomicUsize,
}

#[async_trait]
impl BlobStore for TestBlobs {
    async fn put_blob(&self, digest: &Digest, file: &Path) -> Result<(), StoreError> {
        let content = fs::read(file).unwrap();
        self.blobs.lock().unwrap().insert(digest.clone(), content);
        Ok(())
    }

    async fn get_blob(&self, digest: &Digest, destination: &Path) -> Result<bool, StoreError> {
        if self.fails.load(Ordering::SeqCst) {
            return Err(failure("read blob"));
        }
        let Some(content) = self.blobs.lock().unwrap().get(digest).cloned() else {
            return Ok(false);
        };
        self.fetched.fetch_add(1, Ordering::SeqCst);
        fs::write(destination, content).unwrap();
        Ok(true)
    }

    async fn blobs(&self) -> Result<BTreeSet<Digest>, StoreError> {
        Ok(self.blobs.lock().unwrap().keys().cloned().collect())
    }

    async fn remove_blobs(&self, digests: &BTreeSet<Digest>) -> Result<(), StoreError> {
        self.blobs
            .lock()
            .unwrap()
            .retain(|digest, _| !digests.contains(digest));
        Ok(())
    }
}
