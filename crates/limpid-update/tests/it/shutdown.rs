//! Processes that end while it is being found out which feeds there are.

use std::error::Error;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use limpid_feed::{Family, Feed, FeedError, Probe};
use limpid_http::{FetchSettings, Fetcher, Source};
use limpid_store::GenerationStore as _;
use limpid_update::{FailedFamily, Schedule, UpdateOptions, Updater};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use crate::bench::Bench;

/// Asks one question, and says why it was not answered.
struct Curious {
    url: String,
    answers: Sender<Option<String>>,
}

impl Family for Curious {
    fn name(&self) -> &'static str {
        "curious"
    }

    fn discover(&self, probe: &mut dyn Probe) -> Result<Vec<Box<dyn Feed>>, FeedError> {
        let answer = probe.exists(&self.url);
        let cause = answer.as_ref().err().and_then(Error::source);
        let _ = self.answers.send(cause.map(ToString::to_string));
        let url = self.url.clone();
        answer
            .map(|_| Vec::new())
            .map_err(|source| FeedError::Probe { url, source })
    }
}

/// A server that takes connections and never answers, and who asks it.
struct Silence {
    listener: TcpListener,
    updater: Updater,
    bench: Bench,
}

type Answers = Receiver<Option<String>>;

impl Silence {
    fn new() -> Self {
        let bench = Bench::with(|_| Source::Direct);
        // As in a service: what fails is tried again after a while.
        let settings = FetchSettings {
            use_system_proxy: false,
            ..FetchSettings::default()
        };
        let fetcher = Fetcher::new(settings, Source::Direct, bench.path()).unwrap();
        let store = || Arc::clone(&bench.store);
        let updater = Updater::new(store(), store(), fetcher, bench.snapshots());
        Self {
            listener: TcpListener::bind("127.0.0.1:0").unwrap(),
            updater,
            bench,
        }
    }

    /// Returns a way to make a family that asks, and where it says what came of it.
    fn families(&self) -> (impl Fn() -> Vec<Box<dyn Family>> + Send + 'static, Answers) {
        let url = format!("http://{}/", self.listener.local_addr().unwrap());
        let (sender, answers) = channel();
        let families = move || -> Vec<Box<dyn Family>> {
            vec![Box::new(Curious {
                url: url.clone(),
                answers: sender.clone(),
            })]
        };
        (families, answers)
    }

    /// Waits until the question was put, and does something while it is not answered.
    fn when_asked(&self, answers: &Answers, act: impl FnOnce()) {
        let (_connection, _) = self.listener.accept().unwrap();
        act();
        // Nothing is said by a thread that panicked.
        let cause = answers.recv().unwrap();
        assert_eq!(cause.as_deref(), Some("the question was broken off"));
    }

    fn assert_nothing_was_kept(&self) {
        let runtime = Runtime::new().unwrap();
        let states = runtime.block_on(self.bench.store.feed_states());
        assert_eq!(states.unwrap(), []);
    }
}

#[test]
fn an_update_that_is_stopped_breaks_its_questions_off() {
    let silence = Silence::new();
    let (families, answers) = silence.families();
    let updater = silence.updater.clone();
    let stop = CancellationToken::new();
    let options = UpdateOptions {
        stop: stop.clone(),
        ..UpdateOptions::default()
    };
    let update = thread::spawn(move || {
        let runtime = Runtime::new().unwrap();
        runtime.block_on(updater.update(families(), &options))
    });
    silence.when_asked(&answers, || stop.cancel());
    let summary = update.join().unwrap().unwrap();
    let stopped = FailedFamily {
        family: "curious",
        error: "the update was ended early".to_owned(),
    };
    assert_eq!(summary.failed_families, [stopped]);
    silence.assert_nothing_was_kept();
}

#[test]
fn updates_in_the_background_end_while_questions_are_open() {
    let silence = Silence::new();
    let (families, answers) = silence.families();
    let updater = silence.updater.clone();
    let stop = CancellationToken::new();
    let token = stop.clone();
    let background = thread::spawn(move || {
        let runtime = Runtime::new().unwrap();
        let schedule = Schedule::every(Duration::from_hours(6));
        let options = UpdateOptions::default();
        runtime.block_on(updater.run_periodically(families, &schedule, &options, token));
    });
    silence.when_asked(&answers, || stop.cancel());
    background.join().unwrap();
    silence.assert_nothing_was_kept();
}

#[test]
fn a_runtime_that_is_gone_panics_no_thread_that_asks() {
    let silence = Silence::new();
    let (families, answers) = silence.families();
    let updater = silence.updater.clone();
    let runtime = Runtime::new().unwrap();
    runtime.spawn(async move {
        let options = UpdateOptions::default();
        updater.update(families(), &options).await.map(drop)
    });
    silence.when_asked(&answers, || runtime.shutdown_background());
    silence.assert_nothing_was_kept();
}
