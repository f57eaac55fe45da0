use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use limpid_store::{Lease, UpdateRun};
use limpid_vulndb::BuildLimits;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

/// How an update is to be done.
#[derive(Clone)]
pub struct UpdateOptions {
    /// Which feeds to run: a name, a family's name for all its feeds, or the beginning of names
    /// followed by `*`. Empty means all.
    pub only: Vec<String>,
    /// Whether to activate also what is not plausible and what was rolled back.
    pub force: bool,
    /// How many generations are kept to go back to, the new one included.
    pub keep_generations: usize,
    /// How many feeds run at the same time.
    pub parallel_feeds: usize,
    /// The runtime whose blocking threads parse and build; the current one when there is none.
    pub workers: Option<Handle>,
    /// What building one snapshot may use.
    pub build_limits: BuildLimits,
    /// Bytes that the documents of one feed may have together.
    pub feed_bytes: u64,
    /// How long to wait for other updates that run the same feeds.
    pub patience: Duration,
    /// Cancel it to end the update early: feeds that are not done are left as they are.
    pub stop: CancellationToken,
    /// Is told what is going on.
    pub progress: Arc<dyn Fn(Progress<'_>) + Send + Sync>,
}

impl Default for UpdateOptions {
    fn default() -> Self {
        Self {
            only: Vec::new(),
            force: false,
            keep_generations: 10,
            parallel_feeds: 2,
            workers: None,
            build_limits: BuildLimits::default(),
            feed_bytes: 4 << 30,
            patience: Duration::ZERO,
            stop: CancellationToken::new(),
            progress: Arc::new(|_| ()),
        }
    }
}

impl fmt::Debug for UpdateOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpdateOptions")
            .field("only", &self.only)
            .field("force", &self.force)
            .field("keep_generations", &self.keep_generations)
            .field("parallel_feeds", &self.parallel_feeds)
            .field("build_limits", &self.build_limits)
            .field("feed_bytes", &self.feed_bytes)
            .field("patience", &self.patience)
            .finish_non_exhaustive()
    }
}

/// A step of an update.
#[derive(Clone, Copy, Debug)]
pub enum Progress<'a> {
    /// Another update runs a feed, which is waited for.
    Waiting(&'a Lease),
    /// It is known which feeds there are.
    Found {
        /// How many feeds will run.
        feeds: usize,
    },
    /// The documents of a feed are being fetched.
    Fetching {
        /// Name of the feed.
        feed: &'a str,
    },
    /// The documents of a feed are being read.
    Parsing {
        /// Name of the feed.
        feed: &'a str,
        /// Bytes that were fetched.
        bytes: u64,
    },
    /// A feed is done. What is ready to be activated is activated at the end, with all others.
    Done {
        /// Name of the feed.
        feed: &'a str,
    },
    /// A run is over and recorded.
    Recorded(&'a UpdateRun),
}
