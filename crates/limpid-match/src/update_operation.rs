use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use limpid_store::{FeedSnapshot, StoreError};
use limpid_types::Digest;
use serde::Serialize;
use uuid::{Builder, Uuid};

use crate::diff::Side;
use crate::updater_name::{self, Updater};
use crate::{Diff, MatchFault, MatchService};

/// The most generations that a store is asked for. It keeps fewer.
pub(crate) const KEPT_GENERATIONS: usize = 1000;

/// A snapshot of a feed as Clair's clients know it: one run of one of Clair's updaters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UpdateOperation {
    /// Its name: a UUID of version 8 (RFC 9562) that is made of the first half of the SHA-256 of
    /// updater and snapshot, so every node gives the same.
    #[serde(rename = "ref")]
    pub reference: Uuid,
    /// Which updater it was, by Clair's names.
    pub updater: String,
    /// What tells it from others of the same updater: the digest of the snapshot.
    pub fingerprint: String,
    /// When the snapshot was built.
    pub date: Timestamp,
    /// What it brought.
    pub kind: OperationKind,
}

/// What an [`UpdateOperation`] brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OperationKind {
    /// Vulnerabilities.
    Vulnerability,
    /// Data about vulnerabilities, of which limpid has none of its own: there is no such operation.
    Enrichment,
}

/// An operation, and what it stands for.
struct Known {
    operation: UpdateOperation,
    /// The newest generation that has the snapshot.
    generation: u64,
    feed: String,
    updater: Updater,
    snapshot: FeedSnapshot,
}

impl Known {
    fn new(generation: u64, feed: &str, updater: Updater, snapshot: &FeedSnapshot) -> Self {
        Self {
            operation: UpdateOperation {
                reference: reference(&updater.name, &snapshot.snapshot),
                updater: updater.name.clone(),
                fingerprint: snapshot.snapshot.to_string(),
                date: snapshot.built,
                kind: OperationKind::Vulnerability,
            },
            generation,
            feed: feed.to_owned(),
            updater,
            snapshot: snapshot.clone(),
        }
    }
}

/// The generations as Clair's update operations.
///
/// Each snapshot that a kept generation has is one operation, or two for a release of Alpine, whose
/// repositories are two updaters in Clair. Generations that are newer than the one that is served
/// were called back and do not count, so the newest operation of an updater is the one by which
/// reports are made.
impl MatchService {
    /// Returns the operations by updater, newest first; only the newest of each when `latest`.
    pub async fn operations(
        &self,
        kind: OperationKind,
        latest: bool,
    ) -> Result<BTreeMap<String, Vec<UpdateOperation>>, MatchFault> {
        let mut operations: BTreeMap<String, Vec<UpdateOperation>> = BTreeMap::new();
        for Known { operation, .. } in self.known(kind).await? {
            let of_updater = operations.entry(operation.updater.clone()).or_default();
            if !latest || of_updater.is_empty() {
                of_updater.push(operation);
            }
        }
        Ok(operations)
    }

    /// Returns the newest operation of all updaters.
    pub async fn latest_operation(
        &self,
        kind: OperationKind,
    ) -> Result<Option<UpdateOperation>, MatchFault> {
        let newest = self.known(kind).await?.into_iter().next();
        Ok(newest.map(|known| known.operation))
    }

    /// Forgets an operation: all generations that have its snapshot. Tells whether it is gone now
    /// and was there before. What is served stays, so that no findings vanish.
    pub async fn delete_operation(&self, reference: Uuid) -> Result<bool, MatchFault> {
        let Some(known) = self.find(reference).await? else {
            return Ok(false);
        };
        let digest = &known.snapshot.snapshot;
        let store = self.data().store();
        Ok(store
            .forget_snapshot(&known.feed, digest, Timestamp::now())
            .await?)
    }

    /// Compares two operations; without `prev` everything in `cur` is new.
    pub async fn diff(&self, cur: Uuid, prev: Option<Uuid>) -> Result<Diff, MatchFault> {
        let cur = self.side(cur).await?;
        let prev = match prev {
            Some(prev) => Some(self.side(prev).await?),
            None => None,
        };
        Ok(Diff::new(cur, prev))
    }

    async fn side(&self, reference: Uuid) -> Result<Side, MatchFault> {
        let known = self
            .find(reference)
            .await?
            .ok_or(MatchFault::UnknownOperation { reference })?;
        let snapshot = self
            .data()
            .folder()
            .open(&known.snapshot)
            .await
            .map_err(|source| MatchFault::Operation {
                reference,
                feed: known.feed.clone(),
                source,
            })?;
        Ok(Side {
            operation: known.operation,
            feed: known.feed,
            updater: known.updater,
            snapshot,
        })
    }

    async fn find(&self, reference: Uuid) -> Result<Option<Known>, MatchFault> {
        let known = self.known(OperationKind::Vulnerability).await?;
        Ok(known
            .into_iter()
            .find(|known| known.operation.reference == reference))
    }

    /// Returns all operations, newest first.
    async fn known(&self, kind: OperationKind) -> Result<Vec<Known>, StoreError> {
        if kind == OperationKind::Enrichment {
            return Ok(Vec::new());
        }
        let store = self.data().store();
        let Some(current) = store.current().await? else {
            return Ok(Vec::new());
        };
        let mut generations = store.generations(KEPT_GENERATIONS).await?;
        generations.retain(|generation| generation.number < current.number);
        generations.push(current);
        generations.sort_by_key(|generation| std::cmp::Reverse(generation.number));
        let mut seen = BTreeSet::new();
        let mut all = Vec::new();
        for generation in generations {
            for (feed, snapshot) in &generation.feeds {
                if !seen.insert((feed.clone(), snapshot.snapshot.clone())) {
                    continue;
                }
                for updater in updater_name::of_feed(feed) {
                    all.push(Known::new(generation.number, feed, updater, snapshot));
                }
            }
        }
        all.sort_by(|left, right| {
            let newness = |known: &Known| (known.generation, known.operation.date);
            newness(right)
                .cmp(&newness(left))
                .then_with(|| left.operation.updater.cmp(&right.operation.updater))
        });
        Ok(all)
    }
}

fn reference(updater: &str, snapshot: &Digest) -> Uuid {
    let digest = Digest::sha256(format!("update operation\n{updater}\n{snapshot}").as_bytes());
    let half = digest.hex().get(..32).unwrap_or_default();
    let bits = u128::from_str_radix(half, 16).unwrap_or_default();
    Builder::from_custom_bytes(bits.to_be_bytes()).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_a_uuid_that_depends_on_updater_and_snapshot() {
        let (one, other) = (Digest::sha256(b"1"), Digest::sha256(b"2"));
        let debian = reference("debian/updater", &one);
        assert_eq!(debian.get_version_num(), 8);
        assert_eq!(debian, reference("debian/updater", &one));
        assert_ne!(debian, reference("debian/updater", &other));
        assert_ne!(debian, reference("osv/pypi", &one));
    }
}
