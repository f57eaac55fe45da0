//! One run of one feed, up to the point where its result is ready to be activated.

use std::sync::Arc;

use jiff::Timestamp;
use limpid_feed::Feed;
use limpid_store::{Build, FeedSnapshot, Outcome, QuarantinedRecord, UpdateRun};
use tokio_util::sync::CancellationToken;

use crate::documents::Fingerprints;
use crate::parse::{Parsed, Place, Shape, recipe};
use crate::plausibility::objection;
use crate::reading::{self, News, Quarantine, Read};
use crate::workshop::Workshop;
use crate::{Progress, UpdateOptions, collection};

/// A feed that is to be run, and what is known of it.
pub(crate) struct Job {
    pub(crate) feed: Arc<dyn Feed>,
    /// What its documents became last time, if that can be built upon.
    pub(crate) last: Option<Build>,
    /// What of it is served.
    pub(crate) served: Option<FeedSnapshot>,
    /// What is served, or else what its documents became last by whatever rules.
    pub(crate) earlier: Option<FeedSnapshot>,
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
    let mut fetched_bytes = 0;
    let read = match job.feed.collection() {
        Some(_) => collection::read(&workshop, &job, &mut fetched_bytes).await,
        None => reading::read(&workshop, &job, &mut fetched_bytes).await,
    };
    let finished = match read {
        Ok(read) => conclude(&job, read, fetched_bytes, started, workshop.clock.now()),
        Err(error) => {
            let mut failed = Finished::failed(feed, started, error);
            failed.counts.fetched_bytes = fetched_bytes;
            failed
        }
    };
    progress(Progress::Done {
        feed: &finished.feed,
    });
    finished
}

impl Job {
    /// Tells that documents are being read.
    pub(crate) fn say_parsing(&self, bytes: u64) {
        let feed = self.feed.name();
        (self.options.progress)(Progress::Parsing { feed, bytes });
    }

    /// Returns where and how the snapshot is built.
    pub(crate) fn place(&self, workshop: &Workshop) -> Place {
        Place {
            spool: workshop.fetcher.spool().to_owned(),
            snapshots: workshop.snapshots.clone(),
            limits: self.options.build_limits,
            halt: self.halt.clone(),
        }
    }
}

/// Decides what becomes of what was read.
fn conclude(
    job: &Job,
    read: Read,
    fetched_bytes: u64,
    started: Timestamp,
    now: Timestamp,
) -> Finished {
    let fingerprints = read.fingerprints;
    let mut finished = match (read.news, &job.last) {
        (News::Parsed(parsed), _) => changed(job, fingerprints, *parsed, started, now),
        (News::None(quarantine), Some(last)) => {
            unchanged(job, last, fingerprints, quarantine, started)
        }
        (News::None(_), None) => {
            let error = "nothing is new, though nothing was known";
            Finished::failed(job.feed.name().to_owned(), started, error.to_owned())
        }
    };
    finished.counts.fetched_bytes = fetched_bytes;
    finished
}

fn unchanged(
    job: &Job,
    last: &Build,
    fingerprints: Fingerprints,
    quarantine: Quarantine,
    started: Timestamp,
) -> Finished {
    let mut snapshot = last.snapshot.clone();
    snapshot.checked = started;
    let counts = Counts {
        fetched_bytes: 0,
        records: snapshot.records,
        quarantined: quarantine.records,
        samples: quarantine.samples,
    };
    let ending = decide(job, &snapshot, None);
    let build = Build {
        snapshot,
        recipe: last.recipe.clone(),
        documents: fingerprints,
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
    fingerprints: Fingerprints,
    parsed: Parsed,
    started: Timestamp,
    now: Timestamp,
) -> Finished {
    let served = job.served.as_ref().map(|served| served.records);
    // A feed may bring facts alone, such as which products repositories belong to.
    let records = match (parsed.snapshot.records, &parsed.shape) {
        (0, Shape::Read { records, .. }) => *records,
        (records, _) => records,
    };
    let objection = match parsed.shape {
        Shape::Read {
            records,
            quarantined,
            expected,
        } => {
            // Nothing is compared where nothing is served.
            let expected = served.map(|served| expected.unwrap_or(served));
            objection(records, quarantined, expected)
        }
        Shape::Vanished => None,
    };
    let snapshot = FeedSnapshot {
        snapshot: parsed.snapshot.digest,
        records,
        quarantined: parsed.quarantined,
        bytes: parsed.snapshot.bytes,
        built: now,
        checked: started,
    };
    let ending = decide(job, &snapshot, objection);
    let build = Build {
        snapshot,
        recipe: recipe(),
        documents: fingerprints,
        held: reason(&ending),
    };
    Finished {
        feed: job.feed.name().to_owned(),
        started,
        ending,
        build: Some(build),
        counts: Counts {
            fetched_bytes: 0,
            records: parsed.records,
            quarantined: parsed.quarantined,
            samples: parsed.samples,
        },
    }
}

fn reason(ending: &Ending) -> Option<String> {
    match ending {
        Ending::Held(reason) => Some(reason.clone()),
        _ => None,
    }
}

/// Decides what to do with a snapshot that there may be an objection to.
fn decide(job: &Job, snapshot: &FeedSnapshot, objection: Option<String>) -> Ending {
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
        _ => match objection {
            Some(reason) => Ending::Held(reason),
            None => Ending::Ready(snapshot.clone()),
        },
    }
}
