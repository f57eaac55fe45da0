//! Progress bars on standard error, for what takes longer than half a second.

use std::io::{self, IsTerminal as _};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Nothing is shown before this has passed: most commands are done by then.
const PATIENCE: Duration = Duration::from_millis(500);

/// The progress of one command.
pub(crate) struct Bar {
    line: ProgressBar,
    started: Instant,
    is_shown: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    total: u64,
    done: u64,
    is_visible: bool,
}

impl Bar {
    /// Makes a bar that stays silent when asked to, or when nobody is looking.
    pub(crate) fn new(quiet: bool, what: &'static str) -> Self {
        let line = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        let template = "{prefix} {wide_bar} {bytes}/{total_bytes} {eta}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            line.set_style(style);
        }
        line.set_prefix(what);
        Self {
            line,
            started: Instant::now(),
            is_shown: !quiet && io::stderr().is_terminal(),
            state: Mutex::default(),
        }
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        self.line.finish_and_clear();
    }

    fn advance(&self, bytes: u64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.done += bytes;
        if !self.is_shown || self.started.elapsed() < PATIENCE {
            return;
        }
        if !state.is_visible {
            state.is_visible = true;
            self.line.set_draw_target(ProgressDrawTarget::stderr());
            self.line.set_length(state.total);
        }
        self.line.set_position(state.done);
    }
}

impl limpid_index::Progress for Bar {
    fn begin(&self, _layers: usize, bytes: u64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.total = bytes;
        tracing::debug!(bytes = %HumanBytes(bytes), "reading layers");
    }

    fn read(&self, bytes: u64) {
        self.advance(bytes);
    }

    fn layer_done(&self) {
        self.advance(0);
    }
}

/// The progress of something that goes feed by feed.
pub(crate) struct Spinner {
    bar: ProgressBar,
    started: Instant,
    is_shown: bool,
}

impl Spinner {
    /// Makes a spinner that stays silent when asked to, or when nobody is looking.
    pub(crate) fn new(quiet: bool) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template("{pos}/{len} feeds {wide_msg}") {
            bar.set_style(style);
        }
        Self {
            bar,
            started: Instant::now(),
            is_shown: !quiet && io::stderr().is_terminal(),
        }
    }

    /// Says how many feeds there are.
    pub(crate) fn begin(&self, feeds: usize) {
        self.bar.set_length(feeds as u64);
    }

    /// Counts one more feed.
    pub(crate) fn advance(&self) {
        self.bar.inc(1);
    }

    /// Says what is being done.
    pub(crate) fn say(&self, what: &str) {
        if self.is_shown && self.started.elapsed() >= PATIENCE && self.bar.is_hidden() {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.bar
            .set_message(limpid_report::printable(what).into_owned());
    }

    /// Takes the spinner away.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
