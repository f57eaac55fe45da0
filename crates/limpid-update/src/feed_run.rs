//! One run of one feed, up to the point where its result is ready to be activated.

use std::error::Error;
use std::sync::Arc;

use jiff::Timestamp;
use limpid_feed::Feed;
use limpid_store::{Build, FeedSnapshot, Outcome, QuarantinedRecord, UpdateRun};
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use crate::discovery::defect;
use crate::documents::{Content, Gathered, gather};
use crate::error::in_one_line;
use crate::parse::{Parsed, Place, parse, recipe};
use crate::plausibility::objection;
use crate::workshop::Workshop;
use crate::{Progress, UpdateOptions};

/// A feed that is to be run, and what is known of it.
pub(crate) struct Job {
    pub(crate) feed: Arc<dyn Feed>,
    /// What its documents became last time, if that can be built upon.
    pub(crate) last: Option<Build>,
    /// What of it is served.
    pub(crate) served: Option<FeedSnapshot>,
    pub(crate) options: UpdateOptions,
    /// Is cancelled when the run is to end, whatever becomes of it.
    pub(crate) halt: CancellationToken,
}

/// What came of a run.
pub(crate) struct Finished {
    pub(crate) feed: String,
    pub(crate) started: Timestamp,
    pub(crate) ending: Ending,
    /// What there is to remember, if that changed.
    pub(crate) build: Option<Build>,
    pub(crate) counts: Counts,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Unchanged,
    Ready(FeedSnapshot),
    Held(String),
    Failed(String),
}

/// What a run saw.
#[derive(Default)]
pub(crate) struct Counts {
    pub(crate) fetched_bytes: u64,
    pub(crate) records: u64,
    pub(crate) quarantined: u64,
    pub(crate) samples: Vec<QuarantinedRecord>,
}

impl Finished {
    /// Makes the result of a run that failed.
    pub(crate) fn failed(feed: String, started: Timestamp, error: String) -> Self {
        Self {
            feed,
            started,
            ending: Ending::Failed(error),
            build: None,
            counts: Counts::default(),
        }
    }

    /// Returns the run as it is recorded. What was ready was activated in a generation, or else was
    /// there already.
    pub(crate) fn to_run(&self, generation: Option<u64>, now: Timestamp) -> UpdateRun {
        let outcome = match (&self.ending, generation) {
            (Ending::Ready(_), Some(generation)) => Outcome::Activated { generation },
            (Ending::Ready(_), None) | (Ending::Unchanged, _) => Outcome::Unchanged,
            (Ending::Held(reason), _) => Outcome::Held {
                reason: reason.clone(),
            },
            (Ending::Failed(error), _) => Outcome::Failed {
                error: error.clone(),
            },
        };
        UpdateRun {
            feed: self.feed.clone(),
            started: self.started,
            finished: now,
            outcome,
            fetched_bytes: self.counts.fetched_bytes,
            records: self.counts.records,
            quarantined: self.counts.quarantined,
            samples: self.counts.samples.clone(),
        }
    }
}

/// Runs a feed. Whatever goes wrong is the feed's own failure.
pub(crate) async fn run(workshop: Workshop, job: Job) -> Finished {
    let started = workshop.clock.now();
    let feed = job.feed.name().to_owned();
    let progress = Arc::clone(&job.options.progress);
    progress(Progress::Fetching { feed: &feed });
    let finished = match gather_for(&workshop, &job).await {
        Err(error) => Finished::failed(feed, started, error),
        Ok(mut gathered) => match (gathered.content.take(), &job.last) {
            (None, Some(last)) => unchanged(&job, last, gathered, started),
            (content, _) => {
                let bytes = gathered.fetched_bytes;
                progress(Progress::Parsing { feed: &feed, bytes });
                let content = content.unwrap_or_default();
                match parse_on_thread(&workshop, &job, content).await {
                    Err(error) => {
                        let mut failed = Finished::failed(feed, started, error);
                        failed.counts.fetched_bytes = bytes;
                        failed
                    }
                    Ok(parsed) => changed(&job, gathered, parsed, started, workshop.clock.now()),
                }
            }
        },
    };
    progress(Progress::Done {
        feed: &finished.feed,
    });
    finished
}

async fn gather_for(workshop: &Workshop, job: &Job) -> Result<Gathered, String> {
    let addresses = job.feed.documents();
    let nothing = crate::documents::Fingerprints::new();
    let known = job.last.as_ref().map_or(&nothing, |last| &last.documents);
    gather(&workshop.fetcher, &addresses, known, job.options.feed_bytes)
        .await
        .map_err(|error| in_one_line(&error))
}

/// Parses where the program can wait, and where a panic is an error like another.
async fn parse_on_thread(
    workshop: &Workshop,
    job: &Job,
    content: Content,
) -> Result<Parsed, String> {
    let feed = Arc::clone(&job.feed);
    let spool = workshop.fetcher.spool().to_owned();
    let snapshots = workshop.snapshots.clone();
    let limits = job.options.build_limits;
    let halt = job.halt.clone();
    let workers = job.options.workers.clone();
    let workers = workers.unwrap_or_else(Handle::current);
    let work = move || {
        let place = Place {
            spool: &spool,
            snapshots: &snapshots,
            limits,
            halt: &halt,
        };
        parse(&*feed, content, &place)
    };
    match workers.spawn_blocking(work).await {
        Ok(Ok(parsed)) => Ok(parsed),
        Ok(Err(error)) => Err(in_one_line(&error as &(dyn Error + 'static))),
        Err(error) => Err(defect(error)),
    }
}

fn unchanged(job: &Job, last: &Build, gathered: Gathered, started: Timestamp) -> Finished {
    let mut snapshot = last.snapshot.clone();
    snapshot.checked = started;
    let counts = Counts {
        fetched_bytes: gathered.fetched_bytes,
        records: snapshot.records,
        quarantined: snapshot.quarantined,
        samples: Vec::new(),
    };
    let ending = decide(job, &snapshot, &counts);
    let build = Build {
        snapshot,
        recipe: last.recipe.clone(),
        documents: gathered.fingerprints,
        held: reason(&ending),
    };
    // A server may name the same content anew; that is worth remembering, the time alone is not.
    let is_news = build.documents != last.documents || build.held != last.held;
    Finished {
        feed: job.feed.name().to_owned(),
        started,
        ending,
        build: is_news.then_some(build),
        counts,
    }
}

fn changed(
    job: &Job,
    gathered: Gathered,
    parsed: Parsed,
    started: Timestamp,
    now: Timestamp,
) -> Finished {
    let snapshot = FeedSnapshot {
        snapshot: parsed.snapshot.digest,
        records: parsed.snapshot.records,
        quarantined: parsed.quarantined,
        bytes: parsed.snapshot.bytes,
        built: now,
        checked: started,
    };
    let counts = Counts {
        fetched_bytes: gathered.fetched_bytes,
        records: parsed.records,
        quarantined: parsed.quarantined,
        samples: parsed.samples,
    };
    let ending = decide(job, &snapshot, &counts);
    let build = Build {
        snapshot,
        recipe: recipe(),
        documents: gathered.fingerprints,
        held: reason(&ending),
    };
    Finished {
        feed: job.feed.name().to_owned(),
        started,
        ending,
        build: Some(build),
        counts,
    }
}

fn reason(ending: &Ending) -> Option<String> {
    match ending {
        Ending::Held(reason) => Some(reason.clone()),
        _ => None,
    }
}

/// Decides what to do with a snapshot.
fn decide(job: &Job, snapshot: &FeedSnapshot, counts: &Counts) -> Ending {
    let served = job.served.as_ref();
    if served.is_some_and(|served| served.snapshot == snapshot.snapshot) {
        return Ending::Unchanged;
    }
    if job.options.force {
        return Ending::Ready(snapshot.clone());
    }
    match &job.last {
        // It was held, or it was served once and rolled back. Either way that was meant to stay.
        Some(last) if last.snapshot.snapshot == snapshot.snapshot => match &last.held {
            Some(reason) => Ending::Held(reason.clone()),
            None => Ending::Unchanged,
        },
        _ => {
            let before = served.map(|served| served.records);
            match objection(snapshot.records, counts.quarantined, before) {
                Some(reason) => Ending::Held(reason),
                None => Ending::Ready(snapshot.clone()),
            }
        }
    }
}
