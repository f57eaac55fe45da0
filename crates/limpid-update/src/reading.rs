//! What the documents of a feed say: whether it is new, and the snapshot that it becomes.

use std::error::Error;
use std::sync::Arc;

use limpid_feed::DocumentAddress;
use limpid_store::QuarantinedRecord;
use limpid_vulndb::Snapshot;
use tokio::runtime::Handle;

use crate::cleaning::path;
use crate::discovery::defect;
use crate::documents::{Fingerprints, Gathered, gather};
use crate::error::in_one_line;
use crate::feed_run::Job;
use crate::frozen::Earlier;
use crate::parse::{Parsed, parse};
use crate::workshop::Workshop;
use crate::{UpdateOptions, local};

/// What a feed's documents say.
pub(crate) struct Read {
    /// What the documents looked like.
    pub(crate) fingerprints: Fingerprints,
    pub(crate) news: News,
}

/// Whether the documents say anything new.
pub(crate) enum News {
    /// They say what they said last time.
    None(Quarantine),
    /// They became a snapshot.
    Parsed(Box<Parsed>),
}

/// Records that could not be read.
#[derive(Default)]
pub(crate) struct Quarantine {
    pub(crate) records: u64,
    /// The first of them.
    pub(crate) samples: Vec<QuarantinedRecord>,
}

/// Reads a feed that is read and replaced as a whole.
pub(crate) async fn read(
    workshop: &Workshop,
    job: &Job,
    fetched_bytes: &mut u64,
) -> Result<Read, String> {
    let gathered = gather_known(workshop, job, &job.feed.documents()).await?;
    *fetched_bytes = gathered.fetched_bytes;
    let content = match (gathered.content, &job.last) {
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
    job.say_parsing(*fetched_bytes);
    let earlier = earlier(workshop, job).await;
    let (feed, place) = (Arc::clone(&job.feed), job.place(workshop));
    let parsed = on_thread(&job.options, move || {
        parse(&*feed, content, earlier.as_ref(), &place)
    });
    Ok(Read {
        fingerprints: gathered.fingerprints,
        news: News::Parsed(Box::new(parsed.await?)),
    })
}

/// Gets documents, if they are not what the last build was made of.
pub(crate) async fn gather_known(
    workshop: &Workshop,
    job: &Job,
    addresses: &[DocumentAddress],
) -> Result<Gathered, String> {
    let nothing = Fingerprints::new();
    let known = job.last.as_ref().map_or(&nothing, |last| &last.documents);
    gather(&workshop.fetcher, addresses, known, job.options.feed_bytes)
        .await
        .map_err(|error| in_one_line(&error))
}

/// Opens what is served of a feed, or what its documents became last.
async fn earlier(workshop: &Workshop, job: &Job) -> Option<Earlier> {
    let known = job.earlier.as_ref()?;
    let opened = match local::have(workshop, known).await {
        Ok(true) => Snapshot::open(&path(&workshop.snapshots, &known.snapshot)).map_err(Into::into),
        Ok(false) => Err("it is gone".into()),
        Err(error) => Err(error),
    };
    match opened {
        Ok(snapshot) => Some(Earlier {
            snapshot,
            checked: known.checked,
        }),
        Err(error) => {
            let feed = job.feed.name();
            tracing::warn!(
                feed,
                error,
                "releases that the source dropped cannot be kept"
            );
            None
        }
    }
}

/// Works where the program can wait, and where a panic is an error like another.
pub(crate) async fn on_thread<T: Send + 'static, E: Error + Send + 'static>(
    options: &UpdateOptions,
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, String> {
    let workers = options.workers.clone().unwrap_or_else(Handle::current);
    match workers.spawn_blocking(work).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(in_one_line(&error)),
        Err(error) => Err(defect(error)),
    }
}
