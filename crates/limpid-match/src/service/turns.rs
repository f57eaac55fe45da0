use std::collections::HashMap;
use std::sync::{Arc, PoisonError, Weak};

use limpid_types::Digest;
use tokio::sync::{Mutex, OwnedMutexGuard};

type Waiting = HashMap<Digest, Weak<Mutex<()>>>;

/// Lets one request for a manifest go at a time; the others wait. Nothing is kept of a manifest
/// that nobody asks for.
#[derive(Default)]
pub(super) struct Turns(std::sync::Mutex<Waiting>);

/// The turn of one request. It ends when this is dropped.
pub(super) struct Turn<'a> {
    turns: &'a Turns,
    manifest: Digest,
    guard: Option<OwnedMutexGuard<()>>,
}

impl Turns {
    /// Waits until no other request for the manifest has its turn.
    pub(super) async fn take(&self, manifest: &Digest) -> Turn<'_> {
        let lock = self.lock_of(manifest);
        // Made before waiting, so that it cleans up when the wait is given up.
        let mut turn = Turn {
            turns: self,
            manifest: manifest.clone(),
            guard: None,
        };
        turn.guard = Some(lock.lock_owned().await);
        turn
    }

    fn lock_of(&self, manifest: &Digest) -> Arc<Mutex<()>> {
        let mut waiting = self.waiting();
        if let Some(lock) = waiting.get(manifest).and_then(Weak::upgrade) {
            return lock;
        }
        let lock = Arc::new(Mutex::new(()));
        waiting.insert(manifest.clone(), Arc::downgrade(&lock));
        lock
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.guard = None;
        let mut waiting = self.turns.waiting();
        let is_left = waiting
            .get(&self.manifest)
            .is_some_and(|lock| lock.strong_count() == 0);
        if is_left {
            waiting.remove(&self.manifest);
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::task::yield_now;

    use super::*;

    #[tokio::test]
    async fn one_manifest_is_one_turn_and_leaves_nothing() {
        let turns = Turns::default();
        let (one, other) = (Digest::sha256(b"1"), Digest::sha256(b"2"));
        let first = turns.take(&one).await;
        let _other = turns.take(&other).await;
        let second = turns.take(&one);
        tokio::pin!(second);
        tokio::select! {
            biased;
            _ = &mut second => panic!("two have the same turn"),
            () = yield_now() => {}
        }
        drop(first);
        drop(second.await);
        let left: Vec<Digest> = turns.waiting().keys().cloned().collect();
        assert_eq!(left, [other]);
    }

    #[tokio::test]
    async fn who_gives_up_waiting_leaves_nothing() {
        let turns = Turns::default();
        let manifest = Digest::sha256(b"1");
        let first = turns.take(&manifest).await;
        {
            let second = turns.take(&manifest);
            tokio::pin!(second);
            tokio::select! {
                biased;
                _ = &mut second => panic!("two have the same turn"),
                () = yield_now() => {}
            }
        }
        drop(first);
        assert!(turns.waiting().is_empty());
    }
}
