//! Reading a feed document by document: what changed is fetched, the rest is taken over from the
//! last snapshot.
//!
//! The snapshot says of each member which change of it was read, in the source's own words
//! ([`DOCUMENT_NOTES`](crate::builder_sink::DOCUMENT_NOTES)). A member is fetched when the listing
//! says something else, whatever the clocks say. One that cannot be fetched or read keeps its
//! records and its old time, so that the next run tries again.

mod assembly;
mod fetch;
mod plan;

use std::collections::BTreeSet;
use std::fs::File;
use std::sync::Arc;

use limpid_feed::{Collection, Feed};
use limpid_vulndb::Snapshot;

use crate::cleaning::path;
use crate::documents::Fingerprints;
use crate::feed_run::Job;
use crate::parse::{ParseError, Place};
use crate::reading::{News, Quarantine, Read, gather_known, on_thread};
use crate::workshop::Workshop;
use assembly::{Assembled, Assembly};
use fetch::{MEMBERS_AT_ONCE, fetch_document, fetch_members};
use plan::{Known, Plan};

/// After so many members in a row that could not be fetched, the source is left alone.
const MOST_LOST_IN_A_ROW: usize = 3 * MEMBERS_AT_ONCE;

/// What is read, and what is known of it.
struct Task {
    feed: Arc<dyn Feed>,
    place: Place,
    plan: Plan,
    known: Known,
    /// What the last run made of the source.
    last: Option<Snapshot>,
}

/// Reads what changed.
pub(crate) async fn read(
    workshop: &Workshop,
    job: &Job,
    fetched_bytes: &mut u64,
) -> Result<Read, String> {
    let listings = job.feed.collection().map(Collection::listings);
    let gathered = gather_known(workshop, job, &listings.unwrap_or_default()).await?;
    *fetched_bytes = gathered.fetched_bytes;
    let mut content = match (gathered.content, &job.last) {
        (None, Some(last)) => {
            return Ok(Read {
                fingerprints: gathered.fingerprints,
                news: News::None(Quarantine {
                    records: last.snapshot.quarantined,
                    samples: Vec::new(),
                }),
            });
        }
        (content, _) => content.unwrap_or_default(),
    };
    let (feed, place) = (Arc::clone(&job.feed), job.place(workshop));
    let last = job.last.as_ref();
    let last = last.map(|last| path(&workshop.snapshots, &last.snapshot.snapshot));
    let task = on_thread(&job.options, move || -> Result<_, ParseError> {
        let contents = collection(&*feed)?.contents(&mut content)?;
        let last = last.map(|last| Snapshot::open(&last)).transpose();
        let last = last.map_err(ParseError::Snapshot)?;
        let known = Known::of(last.as_ref()).map_err(ParseError::Snapshot)?;
        Ok(Task {
            plan: Plan::make(collection(&*feed)?, contents, &known),
            last: last.filter(|_| !known.documents.is_empty()),
            known,
            place,
            feed,
        })
    });
    let task = Arc::new(task.await?);
    let assembled = match &task.last {
        Some(_) if task.plan.is_empty() => Assembled::default(),
        _ => {
            job.say_parsing(*fetched_bytes);
            assemble(workshop, job, &task, fetched_bytes).await?
        }
    };
    Ok(Read {
        fingerprints: if assembled.has_failures {
            as_unknown(gathered.fingerprints)
        } else {
            gathered.fingerprints
        },
        news: assembled.news(task.known.quarantined()),
    })
}

/// Reads what is to be read and finishes the snapshot.
async fn assemble(
    workshop: &Workshop,
    job: &Job,
    task: &Arc<Task>,
    fetched_bytes: &mut u64,
) -> Result<Assembled, String> {
    let mut assembly = Assembly::new(job.feed.name(), &task.place)?;
    let mut singly = task.plan.singly.clone();
    if let Some(archive) = &task.plan.archive {
        let left = job.options.feed_bytes.saturating_sub(*fetched_bytes);
        let document = fetch_document(&workshop.fetcher, &archive.url, left).await?;
        *fetched_bytes += document.bytes;
        let missing;
        let shared = Arc::clone(task);
        (assembly, missing) = on_thread(&job.options, move || {
            read_archive(&shared, assembly, document.file)
        })
        .await?;
        singly.extend(missing);
    }
    let singly: Vec<String> = singly.into_iter().collect();
    let mut lost_in_a_row = 0;
    for members in singly.chunks(MEMBERS_AT_ONCE) {
        if job.halt.is_cancelled() {
            return Err(ParseError::Halted.to_string());
        }
        let fetched = if lost_in_a_row < MOST_LOST_IN_A_ROW {
            fetch_members(workshop, job, members, fetched_bytes).await
        } else {
            fetch::left_alone(members)
        };
        lost_in_a_row = if fetched.iter().any(|fetched| fetched.content.is_ok()) {
            0
        } else {
            lost_in_a_row + members.len()
        };
        let shared = Arc::clone(task);
        assembly = on_thread(&job.options, move || {
            assembly.read_members(collection(&*shared.feed)?, fetched)
        })
        .await?;
    }
    let shared = Arc::clone(task);
    on_thread(&job.options, move || assembly.finish(&shared)).await
}

/// Reads the archive; returns also which members are to be fetched singly because it lacks them or
/// what it has cannot be read.
fn read_archive(
    task: &Task,
    assembly: Assembly,
    archive: File,
) -> Result<(Assembly, BTreeSet<String>), ParseError> {
    assembly.read_archive(collection(&*task.feed)?, &task.plan, archive)
}

fn collection(feed: &dyn Feed) -> Result<&dyn Collection, ParseError> {
    feed.collection().ok_or(ParseError::NoCollection)
}

/// Returns fingerprints that nothing is like, so that the listings are read again next time.
fn as_unknown(mut fingerprints: Fingerprints) -> Fingerprints {
    for fingerprint in fingerprints.values_mut() {
        *fingerprint = None;
    }
    fingerprints
}
